package measure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"clearwell/rules"
)

// delivery judges what needs no rows: columns and files.
func (j *judge) delivery(m *rules.Measure, r *Result) (answer, error) {
	if m.Kind == rules.Columns {
		return j.columns(m), nil
	}
	if len(j.facts.Objects) == 0 {
		return nothing("there are no files"), nil
	}
	switch m.Kind {
	case rules.FileSize:
		return j.eachFile("bytes", func(o Object) (string, bool) {
			return strconv.FormatInt(o.Size, 10), within(new(big.Rat).SetInt64(o.Size), m.Bounds)
		}), nil
	case rules.FileAge:
		for _, o := range j.facts.Objects {
			if o.Modified.IsZero() {
				return nothing("the source does not say when " + o.Name + " was changed"), nil
			}
		}
		return j.eachFile("", func(o Object) (string, bool) {
			age := j.facts.AsOf.Sub(o.Modified)
			return "changed " + o.Modified.UTC().Format("2006-01-02 15:04:05") + " UTC", age <= time.Duration(m.Within)*time.Second
		}), nil
	case rules.FileHash:
		return j.hashes(m, r)
	case rules.FileRows:
		return j.records(m, r)
	}
	return answer{}, fmt.Errorf("this program cannot measure %q", m.Kind)
}

// eachFile holds every file to the same; it names the first ones that break it.
func (j *judge) eachFile(unit string, judge func(Object) (observed string, ok bool)) answer {
	var wrong []string
	first := ""
	for _, o := range j.facts.Objects {
		observed, ok := judge(o)
		if unit != "" {
			observed += " " + unit
		}
		if first == "" {
			first = observed
		}
		if !ok {
			wrong = append(wrong, path.Base(o.Name)+": "+observed)
		}
	}
	switch {
	case len(wrong) > 0:
		return verdict(false, some(wrong))
	case len(j.facts.Objects) == 1:
		return verdict(true, first)
	}
	return verdict(true, fmt.Sprintf("all %d files", len(j.facts.Objects)))
}

// columns holds the headers of the sources, or the published columns, against names.
func (j *judge) columns(m *rules.Measure) answer {
	type header struct {
		of    string
		names []string
	}
	var headers []header
	if m.Over == rules.OverPublished {
		headers = []header{{"", j.facts.Published}}
	} else {
		for _, o := range j.facts.Objects {
			headers = append(headers, header{path.Base(o.Name), o.Header})
		}
	}
	if len(headers) == 0 {
		return nothing("there is no header")
	}
	var wrong []string
	for _, h := range headers {
		if text := columnsWrong(m, h.names); text != "" {
			if len(headers) > 1 {
				text = h.of + ": " + text
			}
			wrong = append(wrong, text)
		}
	}
	if len(wrong) > 0 {
		return verdict(false, some(wrong))
	}
	return verdict(true, fmt.Sprintf("%d columns", len(headers[0].names)))
}

func columnsWrong(m *rules.Measure, names []string) string {
	if m.Relation == "count" {
		if within(new(big.Rat).SetInt64(int64(len(names))), m.Bounds) {
			return ""
		}
		return fmt.Sprintf("%d columns", len(names))
	}
	var parts []string
	without := func(list, from []string) (out []string) {
		for _, n := range list {
			if !slices.Contains(from, n) {
				out = append(out, n)
			}
		}
		return out
	}
	if missing := without(m.Values, names); len(missing) > 0 {
		parts = append(parts, "missing "+some(missing))
	}
	if extra := without(names, m.Values); len(extra) > 0 && m.Relation != "contains" {
		parts = append(parts, "not listed "+some(extra))
	}
	if len(parts) == 0 && m.Relation != "contains" && len(names) != len(m.Values) {
		parts = append(parts, "a column stands twice")
	}
	if len(parts) == 0 && m.Relation == "ordered" && !slices.Equal(m.Values, names) {
		parts = append(parts, "the order is "+strings.Join(names, ", "))
	}
	return strings.Join(parts, "; ")
}

// fresh says how old the latest value is. A date counts from its beginning.
func (j *judge) fresh(m *rules.Measure, latest *value) answer {
	now := j.facts.AsOf
	wall := time.Date(now.Year(), now.Month(), now.Day(), now.Hour(), now.Minute(), now.Second(), 0, time.UTC) // as the clock on the wall says, which is what departments write
	at := time.UnixMicro(latest.int).UTC()
	if latest.kind == rules.Date {
		at = time.Unix(latest.int*86400, 0).UTC()
		wall = wall.Truncate(24 * time.Hour)
	}
	return verdict(wall.Sub(at) <= time.Duration(m.Within)*time.Second, latest.String())
}

func (j *judge) hashes(m *rules.Measure, r *Result) (answer, error) {
	if m.Control == nil {
		return j.eachFile("", func(o Object) (string, bool) { return o.SHA256, o.SHA256 == m.SHA256 }), nil
	}
	c, err := j.control(m.Control, r)
	if err != nil {
		return answer{}, err
	}
	var failure error
	a := j.eachFile("", func(o Object) (string, bool) {
		if m.Control.File == "" && len(j.facts.Objects) > 1 {
			failure = fmt.Errorf("%s must say which file each hash is of: add file: with the column of names", m.Control.Manifest)
			return "", false
		}
		said := c.of(o.Name)
		if len(said) == 0 {
			return "not in " + m.Control.Manifest, false
		}
		return o.SHA256, slices.ContainsFunc(said, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), o.SHA256) })
	})
	return a, failure
}

// records compares the records read with the sender's control total.
func (j *judge) records(m *rules.Measure, r *Result) (answer, error) {
	var all int64
	for _, o := range j.facts.Objects {
		all += o.Records
	}
	r.Rows = all
	if m.Control == nil {
		return count(all), nil
	}
	c, err := j.control(m.Control, r)
	if err != nil {
		return answer{}, err
	}
	total := func(said []string) (int64, error) {
		var n int64
		for _, s := range said {
			k, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), ",", ""), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %q in column %s is not a number of rows", m.Control.Manifest, s, m.Control.Column)
			}
			n += k
		}
		return n, nil
	}
	if m.Control.File == "" {
		n, err := total(c.figures)
		return verdict(n == all, fmt.Sprintf("%d records, %s says %d", all, m.Control.Manifest, n)), err
	}
	var failure error
	a := j.eachFile("", func(o Object) (string, bool) {
		said := c.of(o.Name)
		if len(said) == 0 {
			return fmt.Sprintf("%d records, not in %s", o.Records, m.Control.Manifest), false
		}
		n, err := total(said)
		failure = errors.Join(failure, err)
		return fmt.Sprintf("%d records, %s says %d", o.Records, m.Control.Manifest, n), n == o.Records
	})
	return a, failure
}

// controlTable is what the sender says of what was sent.
type controlTable struct{ names, figures []string }

// of are the figures of a file, by its name with or without its folder.
func (c *controlTable) of(name string) (out []string) {
	for i, n := range c.names {
		if n = filepath.ToSlash(strings.TrimSpace(n)); n == name || n == path.Base(name) {
			out = append(out, c.figures[i])
		}
	}
	return out
}

// maxManifest bounds the sender's table, in bytes: it lists files, not rows.
const maxManifest = 64 << 20

func (j *judge) control(c *rules.Control, r *Result) (*controlTable, error) {
	f, err := os.Open(filepath.Join(j.facts.Root, filepath.FromSlash(c.Manifest)))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", c.Manifest, withoutPath(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Manifest, err)
	}
	if len(data) > maxManifest {
		return nil, fmt.Errorf("%s has more than %d bytes; a manifest lists files", c.Manifest, maxManifest)
	}
	sum := sha256.Sum256(data)
	r.Sources = append(r.Sources, Source{Name: c.Manifest, SHA256: hex.EncodeToString(sum[:])})
	next := tableRows(bytes.NewReader(data), c.Manifest)
	header, err := next()
	if err != nil {
		return nil, fmt.Errorf("%s: its header: %w", c.Manifest, err)
	}
	find := func(column string) (int, error) {
		at := slices.Index(header, column)
		if at < 0 {
			return 0, fmt.Errorf("%s: its header has no column %q; it has %s", c.Manifest, column, strings.Join(header, ", "))
		}
		return at, nil
	}
	figure, err := find(c.Column)
	if err != nil {
		return nil, err
	}
	name := -1
	if c.File != "" {
		if name, err = find(c.File); err != nil {
			return nil, err
		}
	}
	t := &controlTable{}
	for line := 2; ; line++ {
		row, err := next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Manifest, err)
		}
		if max(name, figure) >= len(row) {
			return nil, fmt.Errorf("%s: line %d has %d columns, the header has %d", c.Manifest, line, len(row), len(header))
		}
		t.figures = append(t.figures, row[figure])
		if name >= 0 {
			t.names = append(t.names, row[name])
		} else {
			t.names = append(t.names, "")
		}
	}
}
