package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCountsOfAQualityResultGoUnderTheNamesOfTheJob(t *testing.T) {
	quality := `{
	 "rows": {"read": 100, "published": 80, "quarantined": 12, "duplicates": 8},
	 "fields": [{"name": "id_card", "changed": [{"step": "upper", "cells": 3}, {"step": "cn.id_card", "cells": 2}]},
	            {"name": "uscc", "changed": [{"step": "cn.id_card", "cells": 9}]}],
	 "rules": [{"id": "E1", "delivered": {"checked": 100, "failed": 5}},
	           {"id": "W5-register-date", "delivered": {"failed": 0}},
	           {"id": "E9", "delivered": {"failed": 77}}, {"id": "name.required", "delivered": {"failed": 4}}]}`
	got, err := CountsOf([]byte(quality))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"E1":5,"W5":0,"duplicates":8,"id15_upgraded":2,"quarantined":12,"rows_read":100,"valid":88,"written":80}`
	if got.JSON() != want {
		t.Errorf("got  %s\nwant %s", got.JSON(), want)
	}
}

func TestTwoRulesForOneNameAreRefused(t *testing.T) {
	_, err := CountsOf([]byte(`{"rows": {"read": 1}, "rules": [{"id": "E1"}, {"id": "E1_again"}]}`))
	if err == nil || !strings.Contains(err.Error(), "E1") {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyQualityResultIsRefused(t *testing.T) {
	if _, err := CountsOf([]byte(`{}`)); err == nil {
		t.Error("no error")
	}
}

func TestFiguresAreReadFromJSONAndFromPrintedMaps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	lines := "map[E1:3053 rows_read:1e+06 written:1.720062e+06]\n{\"sum_amount\": \"2199215356792.61\", \"phones\": 809429}\nmap[max_token:0e1f]\n"
	if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := readFigures([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"E1":3053,"max_token":"0e1f","phones":809429,"rows_read":1000000,"sum_amount":"2199215356792.61","written":1720062}`
	if got.JSON() != want {
		t.Errorf("got  %s\nwant %s", got.JSON(), want)
	}
	if _, err := readFigures([]string{path, path}); err == nil {
		t.Error("a figure given twice is taken")
	}
}

func TestCompareNamesWhatIsMissingAndWhatDiffers(t *testing.T) {
	got := Compare(Figures{"a": "1", "b": "2", "more": "9"}, Figures{"a": "1", "b": "3", "c": "4"})
	want := []string{"b: the peer says 3, we say 2", "c: the peer says 4, we say nothing"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
}

func TestDifferencesWantTheSameRowsAndNoDifferingCell(t *testing.T) {
	equal := Figures{"rows_here": "5", "rows_there": "5", "joined": "5", "name": "0",
		"quarantine_here": "2", "quarantine_there": "2", "quarantine_joined": "2", "reasons_differ": "0", "amount": "0", "types": "0"}
	if p := Differences(equal); len(p) != 0 {
		t.Errorf("equal results are called different: %q", p)
	}
	for key, value := range map[string]string{"amount": "1", "rows_there": "6", "joined": "4", "name": "1", "quarantine_joined": "1", "reasons_differ": "3"} {
		d := Figures{}
		for k, v := range equal {
			d[k] = v
		}
		d[key] = value
		if p := Differences(d); len(p) != 1 || !strings.Contains(p[0], key) {
			t.Errorf("%s = %s: got %q", key, value, p)
		}
	}
	if p := Differences(Figures{"name": "0"}); len(p) == 0 {
		t.Error("a comparison that joined nothing passes")
	}
}

func TestTheLastLineIsTheRatioOfTheMedians(t *testing.T) {
	runs := []Run{
		{Label: "clearwell", WallSeconds: 4, CPUSeconds: 6, PeakBytes: 300 << 20},
		{Label: "duckdb", WallSeconds: 8, CPUSeconds: 10, PeakBytes: 1000 << 20},
		{Label: "clearwell", WallSeconds: 2, CPUSeconds: 5, PeakBytes: 200 << 20},
		{Label: "duckdb", WallSeconds: 10, CPUSeconds: 20, PeakBytes: 1200 << 20},
		{Label: "clearwell", WallSeconds: 9, CPUSeconds: 7, PeakBytes: 100 << 20},
	}
	got := strings.Split(strings.TrimSpace(Report(runs, "clearwell", "duckdb", 1000, 250000)), "\n")
	if last := got[len(got)-1]; last != "ratio wall 0.44 cpu 0.40 peak_mib 200" {
		t.Errorf("last line %q", last)
	}
	if !strings.Contains(got[1], "4.00 (2.00–9.00)") {
		t.Errorf("line of clearwell: %q", got[1])
	}
	got = strings.Split(strings.TrimSpace(Report(runs[:1], "clearwell", "duckdb", 1000, 1)), "\n")
	if last := got[len(got)-1]; last != "ratio wall - cpu - peak_mib 300" {
		t.Errorf("last line without a peer %q", last)
	}
}

func TestAProcessIsMeasuredByTheKernelsAccount(t *testing.T) {
	if os.Getenv("HARNESS_TEST_CHILD") == "1" {
		block := bytes.Repeat([]byte{1}, 64<<20)
		os.Stdout.Write(block[:2])
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HARNESS_TEST_CHILD", "1")
	var out bytes.Buffer
	run, err := measure("child", &out, []string{self, "-test.run=^TestAProcessIsMeasuredByTheKernelsAccount$"})
	if err != nil {
		t.Fatal(err)
	}
	if run.PeakBytes < 64<<20 || run.WallSeconds <= 0 || run.CPUSeconds <= 0 || run.Exit != 0 {
		t.Errorf("got %+v", run)
	}
	if !bytes.HasPrefix(out.Bytes(), []byte{1, 1}) {
		t.Error("the output of the child is lost")
	}
}

func TestAFailedRunLeavesNoLine(t *testing.T) {
	log := filepath.Join(t.TempDir(), "runs.jsonl")
	err := measureInto(log, "false", filepath.Join(t.TempDir(), "out"), []string{"false"})
	if err == nil || !strings.Contains(err.Error(), "exit code 1") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(log); !os.IsNotExist(err) {
		t.Errorf("a line was written: %v", err)
	}
}

func TestPeakMemoryIsInBytesOnEverySystem(t *testing.T) {
	if got := maxrssBytes(2048, "linux"); got != 2<<20 {
		t.Errorf("linux: %d", got)
	}
	if got := maxrssBytes(2<<20, "darwin"); got != 2<<20 {
		t.Errorf("darwin: %d", got)
	}
}
