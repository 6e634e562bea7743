// Command harness is the measuring part of bench/run.sh: it runs one process
// and notes what it cost, lays two counts of the reference job side by side,
// and prints the table.
//
//	harness measure -label duckdb -log runs.jsonl -out counts.json -- ./duck -in …
//	harness counts  -quality quality.json               counts of clearwell, under the names of the reference job
//	harness agree   -ours FILE… -theirs FILE… -diffs FILE…
//	harness same    -diffs FILE                         the same judgement without figures, for other shapes of input
//	harness report  -log runs.jsonl -of clearwell -to duckdb -rows N -bytes N
//	harness facts   -out NAME.facts.json -command … -rows N -bytes N …   what the page says of a suite beside its runs
//	harness page    -results FOLDER -page docs/benchmarks.md             writes the generated part of the page
//
// It knows nothing of how any of the programs does the job. Start at measure.go
// for what is measured, at counts.go for what must be equal.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("say what to do: measure, counts, agree, same, report, facts or page"))
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
	case "same":
		err = sameCommand(args)
	case "report":
		err = reportCommand(args)
	case "facts":
		err = factsCommand(args)
	case "page":
		err = pageCommand(args)
	default:
		err = fmt.Errorf("unknown word %q: measure, counts, agree, same, report, facts or page", os.Args[1])
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

func sameCommand(args []string) error {
	fs := flag.NewFlagSet("same", flag.ExitOnError)
	var diffs files
	fs.Var(&diffs, "diffs", "JSON objects of a row by row comparison (may be repeated)")
	fs.Parse(args)
	d, err := readFigures(diffs)
	if err != nil {
		return err
	}
	if problems := rowDifferences(d); len(problems) > 0 {
		return fmt.Errorf("not the same result:\n  %s", strings.Join(problems, "\n  "))
	}
	fmt.Printf("equal: %s rows\n", d["joined"])
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

func factsCommand(args []string) error {
	fs := flag.NewFlagSet("facts", flag.ExitOnError)
	var f Facts
	out := fs.String("out", "", "file to write")
	run := fs.String("seconds", "", "what clearwell run --json printed; its stages are taken over")
	fs.StringVar(&f.Command, "command", "", "command that measures this again")
	fs.StringVar(&f.Machine, "machine", "", "what it was measured on")
	fs.StringVar(&f.Peers, "peers", "", "versions of the peers")
	fs.StringVar(&f.Equal, "equal", "not compared", "whether the results were the same")
	fs.Int64Var(&f.Rows, "rows", 0, "rows of the input")
	fs.Int64Var(&f.Bytes, "bytes", 0, "bytes of the input")
	fs.Int64Var(&f.Fsyncs, "fsyncs", 0, "fsyncs of one run, if counted")
	fs.Float64Var(&f.Waited, "fsync-seconds", 0, "seconds that they took")
	fs.Parse(args)
	if err := readJSON(*run, &struct {
		Seconds *map[string]float64 `json:"seconds"`
	}{&f.Seconds}); err != nil {
		return err
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(data, '\n'), 0o644)
}

func pageCommand(args []string) error {
	fs := flag.NewFlagSet("page", flag.ExitOnError)
	dir := fs.String("results", "", "folder of the results")
	page := fs.String("page", "", "page whose generated part is replaced; without it the part is printed")
	fs.Parse(args)
	r, err := loadResults(*dir)
	if err != nil {
		return err
	}
	if *page == "" {
		fmt.Print(r.Page())
		return nil
	}
	return writePage(*page, r.Page())
}
