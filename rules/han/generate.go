//go:build ignore

// generate makes the embedded tables out of the dictionaries of OpenCC:
//
//	go run generate.go DIR
//
// DIR has TSCharacters.txt, TSPhrases.txt, STCharacters.txt, STPhrases.txt and
// STPhrases_GeneratedFromRegionalPhrases.txt. Of several readings the first is taken.
package main

import (
	"bytes"
	"compress/gzip"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go DIR; DIR has OpenCC's dictionaries (data/dictionary of its source)")
	}
	dir := os.Args[1]
	write("tables/simplify.tsv.gz", read(dir, "TSCharacters.txt", "TSPhrases.txt"))
	write("tables/traditionalize.tsv.gz", read(dir, "STCharacters.txt", "STPhrases_GeneratedFromRegionalPhrases.txt", "STPhrases.txt"))
}

// read merges dictionaries; a later one wins.
func read(dir string, names ...string) map[string]string {
	all := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			log.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\r\n")
			from, to, ok := strings.Cut(line, "\t")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			to, _, _ = strings.Cut(to, " ")
			if from == to && len([]rune(from)) == 1 {
				continue // the character stays
			}
			all[from] = to
		}
	}
	return all
}

func write(name string, table map[string]string) {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	for _, from := range slices.Sorted(maps.Keys(table)) {
		z.Write([]byte(from + "\t" + table[from] + "\n"))
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
