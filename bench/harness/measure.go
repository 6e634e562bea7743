package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Run is what one run of one program cost.
type Run struct {
	Label       string  `json:"label"`
	WallSeconds float64 `json:"wall_s"` // from fork to reaped
	CPUSeconds  float64 `json:"cpu_s"`  // user and system, of the process and of every child that it waited for
	PeakBytes   int64   `json:"peak_b"` // largest resident set of the process, as the kernel remembers it
	Exit        int     `json:"exit"`   // 0, or the program failed
}

// measure runs a command to its end. The figures come from the kernel's own
// account of the process (wait4), so that nothing has to be sampled.
//
// Trap: on Linux a child's peak begins at the resident set of the process that
// forked it. This program therefore stays small (a few MiB) and reads nothing
// big before it forks.
func measure(label string, stdout io.Writer, args []string) (Run, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return Run{}, fmt.Errorf("%s: %w", label, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return Run{}, fmt.Errorf("%s: this system gives no account of a process's resources", label)
	}
	return Run{
		Label:       label,
		WallSeconds: wall.Seconds(),
		CPUSeconds:  (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		PeakBytes:   maxrssBytes(int64(usage.Maxrss), runtime.GOOS),
		Exit:        cmd.ProcessState.ExitCode(),
	}, nil
}

// maxrssBytes turns ru_maxrss into bytes: KiB everywhere but on macOS, where it is bytes already.
func maxrssBytes(maxrss int64, goos string) int64 {
	if goos == "darwin" {
		return maxrss
	}
	return maxrss << 10
}

// measureInto runs the command, keeps its standard output in the file out (if
// named) and appends the figures to the file log. A command that fails is an
// error and leaves no line: a table of failed runs would mislead.
func measureInto(log, label, out string, args []string) error {
	var stdout io.Writer = os.Stderr
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		defer f.Close()
		stdout = f
	}
	run, err := measure(label, stdout, args)
	if err != nil {
		return err
	}
	if run.Exit != 0 {
		return fmt.Errorf("%s ended with exit code %d; its messages stand above, its output in %s", label, run.Exit, out)
	}
	line, err := json.Marshal(run)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	fmt.Fprintf(os.Stderr, "%-12s %8.2f s wall %8.2f s cpu %8.0f MiB\n", run.Label, run.WallSeconds, run.CPUSeconds, mib(run.PeakBytes))
	return errors.Join(err, f.Close())
}

func readRuns(log string) ([]Run, error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var runs []Run
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		var r Run
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", log, n, err)
		}
		runs = append(runs, r)
	}
	return runs, in.Err()
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
