// Command harness is the measuring part of bench/run.sh: it runs one process
// and notes what it cost, lays two counts of the reference job side by side,
// and prints the table.
//
//	harness measure -label duckdb -log runs.jsonl -out counts.json -- ./duck -in …
//	harness counts  -quality quality.json               counts of clearwell, under the names of the reference job
//	harness agree   -ours FILE… -theirs FILE… -diffs FILE…
//	harness report  -log runs.jsonl -of clearwell -to duckdb -rows N -bytes N
//
// It knows nothing of how any of the programs does the job. Start at measure.go
// for what is measured, at counts.go for what must be equal.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("say what to do: measure, counts, agree or report"))
	}
	var err error
	args := os.Args[2:]
	switch os.Args[1] {
	case "measure":
		err = measureCommand(args)
	case "counts":
		err = countsCommand(args)
	case "agree":
		err = agreeCommand(args)
	case "report":
		err = reportCommand(args)
	default:
		err = fmt.Errorf("unknown word %q: measure, counts, agree or report", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "harness:", err)
	os.Exit(1)
}

// files is a flag that may be given several times.
type files []string

func (f *files) String() string     { return strings.Join(*f, " ") }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func measureCommand(args []string) error {
	fs := flag.NewFlagSet("measure", flag.ExitOnError)
	label := fs.String("label", "", "name of the program in the table")
	log := fs.String("log", "", "file to which one JSON line is appended")
	out := fs.String("out", "", "file for the program's standard output")
	fs.Parse(args)
	if *label == "" || *log == "" || fs.NArg() == 0 {
		return fmt.Errorf("measure needs -label, -log and a command after --")
	}
	return measureInto(*log, *label, *out, fs.Args())
}

func countsCommand(args []string) error {
	fs := flag.NewFlagSet("counts", flag.ExitOnError)
	quality := fs.String("quality", "", "quality.json of the published version")
	fs.Parse(args)
	data, err := os.ReadFile(*quality)
	if err != nil {
		return err
	}
	counts, err := CountsOf(data)
	if err != nil {
		return fmt.Errorf("%s: %w", *quality, err)
	}
	fmt.Println(counts.JSON())
	return nil
}

func agreeCommand(args []string) error {
	fs := flag.NewFlagSet("agree", flag.ExitOnError)
	var ours, theirs, diffs files
	fs.Var(&ours, "ours", "JSON objects with our figures (may be repeated)")
	fs.Var(&theirs, "theirs", "JSON objects with the peer's figures (may be repeated)")
	fs.Var(&diffs, "diffs", "JSON objects of a row by row comparison (may be repeated)")
	fs.Parse(args)
	a, err := readFigures(ours)
	if err != nil {
		return err
	}
	b, err := readFigures(theirs)
	if err != nil {
		return err
	}
	d, err := readFigures(diffs)
	if err != nil {
		return err
	}
	problems := append(Compare(a, b), Differences(d)...)
	if len(problems) > 0 {
		return fmt.Errorf("not the same result:\n  %s", strings.Join(problems, "\n  "))
	}
	fmt.Printf("equal: %d figures, and %d comparisons row by row\n", len(b), len(d))
	return nil
}

func reportCommand(args []string) error {
	fs := flag.NewFlagSet("report", flag.ExitOnError)
	log := fs.String("log", "", "the lines that measure wrote")
	of := fs.String("of", "clearwell", "program whose ratio the last line gives")
	to := fs.String("to", "duckdb", "program that it is related to")
	rows := fs.Int64("rows", 0, "rows of the input")
	bytes := fs.Int64("bytes", 0, "bytes of the input")
	fs.Parse(args)
	runs, err := readRuns(*log)
	if err != nil {
		return err
	}
	fmt.Print(Report(runs, *of, *to, *rows, *bytes))
	return nil
}
