package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// duck is a DuckDB in a process of its own, on one thread, that takes a statement on a line and
// answers with what it cost and what it gave.
type duck struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startDuck(python, server string) (*duck, error) {
	cmd := exec.Command(python, server)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	d := &duck{cmd, in, bufio.NewScanner(out)}
	d.out.Buffer(nil, 1<<20)
	return d, nil
}

// ask runs a statement: the nanoseconds of CPU time that it took, and the first value of the first row.
func (d *duck) ask(sql string) (nanoseconds float64, first string, err error) {
	line, err := json.Marshal(sql)
	if err != nil {
		return 0, "", err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return 0, "", fmt.Errorf("DuckDB: %w", err)
	}
	if !d.out.Scan() {
		return 0, "", fmt.Errorf("DuckDB ended: %v", d.out.Err())
	}
	var answer struct {
		NS    float64 `json:"ns"`
		First string  `json:"first"`
		Error string  `json:"error"`
	}
	if err := json.Unmarshal(d.out.Bytes(), &answer); err != nil {
		return 0, "", err
	}
	if answer.Error != "" {
		return 0, "", fmt.Errorf("DuckDB: %s\n%s", answer.Error, sql)
	}
	return answer.NS, answer.First, nil
}

func (d *duck) version() (string, error) {
	_, v, err := d.ask("SELECT version()")
	return v, err
}

// Close ends the process.
func (d *duck) Close() error {
	if err := d.in.Close(); err != nil {
		return err
	}
	return d.cmd.Wait()
}

// sameFigure compares what both found: text, or numbers that agree to nearly six digits, the precision in which ours are printed.
func sameFigure(ours, theirs string) bool {
	if ours == theirs || strings.HasPrefix(ours, theirs+" (") { // the most common value with its rows
		return true
	}
	number := func(s string) (float64, bool) {
		percent := strings.HasSuffix(s, "%")
		x, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
		if percent {
			x /= 100
		}
		return x, err == nil
	}
	x, ok := number(ours)
	y, also := number(theirs)
	return ok && also && math.Abs(x-y) <= 1e-5*math.Max(math.Abs(x), math.Abs(y))+1e-6
}
