package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Figures are named counts, and named texts such as sums: what the reference
// job prints.
type Figures map[string]string

// JSON gives the figures as one object, keys sorted.
func (f Figures) JSON() string {
	keys := slices.Sorted(maps.Keys(f))
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", k, quoteUnlessInteger(f[k]))
	}
	b.WriteByte('}')
	return b.String()
}

func quoteUnlessInteger(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return s
	}
	return fmt.Sprintf("%q", s)
}

// qualityFile is the part of quality.json that the reference job has words for.
type qualityFile struct {
	Rows struct {
		Read        int64 `json:"read"`
		Published   int64 `json:"published"`
		Quarantined int64 `json:"quarantined"`
		Duplicates  int64 `json:"duplicates"`
	} `json:"rows"`
	Fields []struct {
		Name    string `json:"name"`
		Changed []struct {
			Step  string `json:"step"`
			Cells int64  `json:"cells"`
		} `json:"changed"`
	} `json:"fields"`
	Rules []struct {
		ID        string `json:"id"`
		Delivered struct {
			Failed int64 `json:"failed"`
		} `json:"delivered"`
	} `json:"rules"`
}

// upgradeStep is the id of the cleaning step that a standard brings; for an
// identity number it is the change from 15 to 18 characters.
const upgradeStep = "cn.id_card"

// CountsOf translates a quality.json into the words of the reference job. The
// rules of the contract carry the job's own ids (E1 … E8, W1 … W5); a rule id
// may go on after a hyphen or an underscore (E1-id-required).
func CountsOf(data []byte) (Figures, error) {
	var q qualityFile
	if err := json.Unmarshal(data, &q); err != nil {
		return nil, err
	}
	if q.Rows.Read == 0 {
		return nil, fmt.Errorf("no rows.read: not a quality result, or an empty run")
	}
	f := Figures{}
	put := func(name string, n int64) { f[name] = fmt.Sprint(n) }
	put("rows_read", q.Rows.Read)
	put("quarantined", q.Rows.Quarantined)
	put("valid", q.Rows.Read-q.Rows.Quarantined)
	put("duplicates", q.Rows.Duplicates)
	put("written", q.Rows.Published)
	for _, r := range q.Rules {
		id, _, _ := strings.Cut(strings.ReplaceAll(r.ID, "_", "-"), "-")
		if !jobRule(id) {
			continue
		}
		if _, twice := f[id]; twice {
			return nil, fmt.Errorf("two rules stand for %s", id)
		}
		put(id, r.Delivered.Failed)
	}
	for _, field := range q.Fields {
		if field.Name != "id_card" {
			continue
		}
		for _, c := range field.Changed {
			if c.Step == upgradeStep {
				put("id15_upgraded", c.Cells)
			}
		}
	}
	return f, nil
}

// jobRule tells the ids of the reference job from other rules of the contract.
func jobRule(id string) bool {
	return len(id) == 2 && (id[0] == 'E' && id[1] >= '1' && id[1] <= '8' || id[0] == 'W' && id[1] >= '1' && id[1] <= '5')
}

// readFigures merges the objects that stand in the files, one on a line: JSON,
// or the form in which Go prints a map (the DuckDB peer's driver hands JSON
// over as one).
func readFigures(paths []string) (Figures, error) {
	all := Figures{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for n, line := range strings.Split(string(data), "\n") {
			object, err := parseObject(strings.TrimSpace(line))
			if err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, n+1, err)
			}
			for k, v := range object {
				if _, twice := all[k]; twice {
					return nil, fmt.Errorf("%s: line %d: figure %q is given twice", path, n+1, k)
				}
				all[k] = v
			}
		}
	}
	return all, nil
}

// parseObject reads one line; an empty one holds nothing.
func parseObject(line string) (Figures, error) {
	f := Figures{}
	if inner, ok := strings.CutPrefix(line, "map["); ok && strings.HasSuffix(inner, "]") {
		for _, pair := range strings.Fields(strings.TrimSuffix(inner, "]")) {
			k, v, ok := strings.Cut(pair, ":")
			if !ok {
				return nil, fmt.Errorf("%q is not of the form name:value", pair)
			}
			f[k] = wholeNumber(v)
		}
		return f, nil
	}
	if line == "" {
		return f, nil
	}
	in := json.NewDecoder(strings.NewReader(line))
	in.UseNumber()
	var object map[string]any
	if err := in.Decode(&object); err != nil {
		return nil, err
	}
	for k, v := range object {
		f[k] = wholeNumber(fmt.Sprint(v))
	}
	return f, nil
}

// exponent is how Go prints a large float64: 1e+06 stands for the count 1000000.
var exponent = regexp.MustCompile(`^[0-9](\.[0-9]+)?e\+[0-9]+$`)

func wholeNumber(s string) string {
	if !exponent.MatchString(s) {
		return s
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != math.Trunc(n) || n > 1<<53 {
		return s
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

// Compare names every figure of the peer that is missing or different on our
// side. Figures that only we have are no difference.
func Compare(ours, theirs Figures) []string {
	var problems []string
	for _, k := range slices.Sorted(maps.Keys(theirs)) {
		switch v, ok := ours[k]; {
		case !ok:
			problems = append(problems, fmt.Sprintf("%s: the peer says %s, we say nothing", k, theirs[k]))
		case v != theirs[k]:
			problems = append(problems, fmt.Sprintf("%s: the peer says %s, we say %s", k, theirs[k], v))
		}
	}
	return problems
}

// Differences judges what a row by row comparison printed: the numbers of rows
// must be equal to each other, every other number counts differing cells and
// must be 0. The names are those of compare.sql and types.sql.
func Differences(d Figures) []string {
	if len(d) == 0 {
		return nil
	}
	problems := rowDifferences(d, "quarantine_joined")
	for _, k := range []string{"amount", "types", "reasons_differ"} {
		if _, ok := d[k]; !ok {
			problems = append(problems, fmt.Sprintf("%s was not compared", k))
		}
	}
	return problems
}

// rowDifferences wants the numbers of rows to be equal on both sides and in what was joined, quarantine
// included, and every other number to be 0.
func rowDifferences(d Figures, more ...string) []string {
	var problems []string
	rows := map[string]bool{}
	for _, group := range [][]string{{"rows_here", "rows_there", "joined"}, append([]string{"quarantine_here", "quarantine_there"}, more...)} {
		for _, k := range group {
			rows[k] = true
			if d[k] != d[group[0]] || d[k] == "" {
				problems = append(problems, fmt.Sprintf("%s is %q, %s is %q: not the same rows", k, d[k], group[0], d[group[0]]))
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if !rows[k] && d[k] != "0" {
			problems = append(problems, fmt.Sprintf("%s differs in %s rows", k, d[k]))
		}
	}
	return problems
}
