// Command generate writes the source file of the residents example. The same
// rows and seed give the same bytes on every machine.
//
//	go run ./examples/residents/generate -o examples/residents/inbox/residents.csv
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"clearwell/durable"
	"clearwell/examples/residents/generator"
)

func main() {
	rows := flag.Int("rows", generator.DefaultRows, "number of records")
	seed := flag.Uint64("seed", generator.DefaultSeed, "seed of the numbers that are drawn")
	out := flag.String("o", "", "file to write (default: standard output)")
	flag.Parse()
	if err := generate(*out, *rows, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(path string, rows int, seed uint64) error {
	if path == "" {
		return generator.Write(os.Stdout, rows, seed)
	}
	return durable.Write(path, 0o644, func(w io.Writer) error { return generator.Write(w, rows, seed) })
}
