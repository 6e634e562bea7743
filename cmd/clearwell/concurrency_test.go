//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestASecondRunIsToldWhoHoldsTheWorkspaceAndReadersAreNot(t *testing.T) {
	ws := residents(t, 12_000)
	clearwell(t, ws, "run")
	first, said := start(t, nil, ws, "run")
	ended := make(chan error, 1)
	go func() { ended <- first.Wait() }()
	// Stopped in the middle of its run it holds the workspace for as long as we look.
	work := filepath.Join(ws, ".clearwell", "work")
	for {
		if runs, err := os.ReadDir(work); err == nil && len(runs) > 0 {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the run was never seen: %v %s", err, said.String())
		default:
		}
	}
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	second, answer := start(t, nil, ws, "run")
	err := second.Wait()
	if err == nil || second.ProcessState.ExitCode() != 1 {
		t.Errorf("the second run: %v", err)
	}
	for _, want := range []string{"in use by process " + strconv.Itoa(first.Process.Pid), "clearwell", "wait until it ends or stop it"} {
		if !strings.Contains(answer.String(), want) {
			t.Errorf("%q is not in: %s", want, answer.String())
		}
	}
	for _, args := range [][]string{{"status"}, {"status", "--runs", "5"}, {"verify"}, {"quality"}, {"quarantine"}, {"lineage"}, {"ledger"}, {"check"}, {"preview"},
		{"verify", filepath.Join(ws, "published/residents/v=000001/part-00000-of-00001.parquet")}} {
		clearwell(t, ws, args...)
	}
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatalf("the first run: %v\n%s", err, said.String())
	}
	if got := wholeWorkspace(t, ws); got != 2 {
		t.Errorf("%d versions", got)
	}
}

func TestVerificationHoldsAtEveryMomentOfARun(t *testing.T) {
	ws := residents(t, 12_000)
	clearwell(t, ws, "run")
	runs := 5
	if testing.Short() {
		runs = 1
	}
	checks := 0
	for range runs {
		cmd, said := start(t, nil, ws, "run")
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for going := true; going; checks++ {
			select {
			case err := <-ended:
				if err != nil {
					t.Fatalf("%v\n%s", err, said.String())
				}
				going = false
			default:
			}
			clearwell(t, ws, "verify")
		}
	}
	if got := wholeWorkspace(t, ws); got != runs+1 {
		t.Errorf("%d versions", got)
	}
	t.Logf("verified %d times in %d runs", checks, runs)
}
