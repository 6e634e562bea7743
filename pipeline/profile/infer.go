package profile

import (
	"fmt"
	"slices"
	"strings"

	"clearwell/pipeline/kernel"
)

// A tallyPair counts different values and the cells that have them.
type tallyPair struct{ values, cells int64 }

func (p *tallyPair) add(n int64) {
	p.values++
	p.cells += n
}

// fits says whether p is so much of all that a column may be called by it: nine in ten
// cells, or nine in ten values where one frequent word stands for what is missing.
func (p tallyPair) fits(all tallyPair) bool {
	if all.cells == 0 {
		return false
	}
	byCells, byValues := share(p.cells, all.cells), share(p.values, all.values)
	return byCells >= 0.9 && byValues >= 0.5 || byValues >= 0.9 && byCells >= 0.5
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Words for what is missing. The strong ones are never anything else; the weak ones are values
// in some text columns (无, None), and null only where the column is of another type.
var (
	strongNulls = []string{"null", "(null)", "<null>", "[null]", "n/a", "#n/a", "#null!", "nan", "nil", `\n`, "-", "--", "---", "—", "——", "/", "//", ".", "?", "??", "*", "空", "暂无", "待补", "待补充", "不适用"}
	weakNulls   = []string{"none", "无", "没有", "未知", "不详", "未填", "未填写", "待定", "unknown", "missing", "tbd", "undefined", "not available", "not applicable", "na", "0000-00-00", "1900-01-01", "9999-12-31"}
)

// maxNullWord is the bytes of the longest of them.
const maxNullWord = 16

type nullKind int

const (
	noNull nullKind = iota
	weakNull
	strongNull
)

// nullWord says whether v, which is plain, may stand for a missing value.
func nullWord(v []byte) nullKind {
	if len(v) == 0 {
		return strongNull
	}
	if len(v) > maxNullWord {
		return noNull
	}
	var lower [maxNullWord]byte
	for i, c := range v {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return nullWords[string(lower[:len(v)])]
}

// nullWords are the words of both lists; their kinds.
var nullWords = func() map[string]nullKind {
	m := map[string]nullKind{}
	for _, w := range weakNulls {
		m[w] = weakNull
	}
	for _, w := range strongNulls {
		m[w] = strongNull
	}
	return m
}()

// seen is what the values of a column are, all together.
type seen struct {
	all      tallyPair // but null words
	weak     tallyPair // of all: words that may be null
	numbers  tallyPair
	times    [2]tallyPair // dates, timestamps
	formats  []tallyPair  // by timeFormats
	only     []int64      // values that only one of the formats reads, by timeFormats
	zeros    tallyPair    // numbers with zeros in front
	whole    int          // most digits before the point
	decimals int
	exponent int64
	grouped  int64
	symbols  []string
	units    []string
	long     int64 // numbers of more than 18 digits
	booleans map[string]bool
	plain    tallyPair // numbers as fields of a number type read them
}

// see looks at all values that are held.
func see(t *table) *seen {
	s := &seen{formats: make([]tallyPair, len(timeFormats)), only: make([]int64, len(timeFormats)), booleans: map[string]bool{}}
	scratch := newScratch()
	for i := range t.entries {
		e := &t.entries[i]
		v := kernel.Plain(scratch, t.value(e))
		kind := nullWord(v)
		if kind == strongNull {
			continue
		}
		if len(s.booleans) < 8 && len(v) <= 8 {
			s.booleans[string(v)] = true
		} else if len(v) > 8 {
			s.booleans["?"] = true
		}
		s.all.add(e.count)
		if kind == weakNull {
			s.weak.add(e.count)
		}
		if n := readNumber(v); n.ok {
			s.number(n, e.count)
		}
		if mayBeTime(v) {
			s.time(v, e.count)
		}
	}
	return s
}

func (s *seen) number(n numeric, count int64) {
	s.numbers.add(count)
	if !n.written {
		s.plain.add(count)
	}
	if n.zero {
		s.zeros.add(count)
	}
	if n.exponent {
		s.exponent++
	}
	if n.whole > 18 {
		s.long++
	}
	if n.grouped {
		s.grouped++
	}
	s.whole, s.decimals = max(s.whole, n.whole), max(s.decimals, n.decimals)
	if n.symbol != "" && !slices.Contains(s.symbols, n.symbol) {
		s.symbols = append(s.symbols, n.symbol)
	}
	if n.unit != "" && !slices.Contains(s.units, n.unit) {
		s.units = append(s.units, n.unit)
	}
}

func (s *seen) time(v []byte, count int64) {
	hits, last := 0, 0
	var kinds [2]bool
	for i, f := range timeFormats {
		if _, ok := f.parse(v); ok {
			s.formats[i].add(count)
			hits, last = hits+1, i
			kinds[stampIndex(f.stamp)] = true
		}
	}
	if hits == 1 {
		s.only[last]++
	}
	for k, hit := range kinds {
		if hit {
			s.times[k].add(count)
		}
	}
}

func stampIndex(stamp bool) int {
	if stamp {
		return 1
	}
	return 0
}

// booleanPairs are the words that booleans are written with: true, false.
var booleanPairs = [][2]string{{"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"是", "否"}, {"有", "无"}, {"真", "假"}, {"对", "错"}, {"on", "off"}, {"sì", "no"}, {"si", "no"}}

// booleanNames are column names under which 1 and 0 are booleans.
var booleanNames = []string{"是否", "is", "has", "flag", "标志", "标识"}

// boolean says whether the values are the two words of a boolean, and which.
func (s *seen) boolean(name string) (trues, falses []string, ok bool) {
	if len(s.booleans) < 2 || len(s.booleans) > 6 || s.all.values > 6 {
		return nil, nil, false
	}
	pairs := booleanPairs
	if named(name, booleanNames) > 0 {
		pairs = append(slices.Clone(pairs), [2]string{"1", "0"})
	}
	for _, p := range pairs {
		trues, falses = nil, nil
		rest := false
		for w := range s.booleans {
			switch strings.ToLower(w) {
			case p[0]:
				trues = append(trues, w)
			case p[1]:
				falses = append(falses, w)
			default:
				rest = true
			}
		}
		if !rest && len(trues) > 0 && len(falses) > 0 {
			slices.Sort(trues)
			slices.Sort(falses)
			return trues, falses, true
		}
	}
	return nil, nil, false
}

// typeOf decides on the type of a column; counts are filled in by the tally.
func (s *seen) typeOf(name string) Type {
	if s.all.cells == 0 {
		return Type{Name: "string", Note: "no value at all"}
	}
	if trues, falses, ok := s.boolean(name); ok {
		return Type{Name: "boolean", True: trues, False: falses}
	}
	known := s.all
	known.values -= s.weak.values
	known.cells -= s.weak.cells
	for k, name := range []string{"date", "timestamp"} {
		if s.times[k].fits(known) && s.times[k].cells*20 >= s.numbers.cells*19 {
			return Type{Name: name, Formats: s.formatsOf(k == 1), Note: s.ambiguity(k == 1)}
		}
	}
	if !s.numbers.fits(known) {
		return Type{Name: "string", Note: s.mixed(known)}
	}
	return s.numberType(name)
}

func (s *seen) numberType(name string) Type {
	t := Type{Grouping: s.grouped > 0, Symbols: s.symbols, Units: s.units}
	slices.Sort(t.Symbols)
	slices.Sort(t.Units)
	written := s.plain.cells != s.numbers.cells
	switch {
	case s.zeros.values > 0 && s.zeros.values*100 >= s.numbers.values:
		return Type{Name: "string", Note: "digits with zeros in front: a code, not a number"}
	case s.long > 0:
		return Type{Name: "string", Note: "more than 18 digits: a number that names something"}
	case isCodeName(name) && s.decimals == 0 && !written:
		return Type{Name: "string", Note: "digits, but the name says that it is a code"}
	case s.decimals == 0 && s.exponent == 0:
		t.Name = "integer"
	case s.exponent > 0 || s.decimals > 10 || s.whole+s.decimals > 30:
		t.Name = "number"
	default:
		t.Name, t.Scale = "decimal", s.decimals
		t.Precision = precisionFor(s.whole, s.decimals)
	}
	return t
}

// precisionFor leaves room for amounts a hundred times as large, in the sizes that people write.
func precisionFor(whole, decimals int) int {
	need := whole + 2 + decimals
	for _, p := range []int{10, 14, 18, 24, 30, 38} {
		if need <= p {
			return p
		}
	}
	return 38
}

// formatsOf are the formats that are needed to read the values, with their cells.
func (s *seen) formatsOf(stamp bool) []Count {
	var out []Count
	for i, f := range timeFormats {
		if f.stamp != stamp || s.formats[i].cells == 0 {
			continue
		}
		if j := rival(i); j >= 0 && (s.only[j] > s.only[i] || s.only[j] == s.only[i] && j < i) {
			continue // the values say that the other order is meant, or leave it open
		}
		out = append(out, Count{Value{Text: f.pattern}, s.formats[i].cells})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return int(min(1, max(-1, b.Count-a.Count))) })
	return out
}

// rival is the format with day and month the other way round; -1 if there is none.
func rival(i int) int {
	p := timeFormats[i].pattern
	var other string
	switch {
	case strings.HasPrefix(p, "M/d/"):
		other = "d/M/" + p[4:]
	case strings.HasPrefix(p, "d/M/"):
		other = "M/d/" + p[4:]
	case strings.HasPrefix(p, "M-d-"):
		other = "d-M-" + p[4:]
	case strings.HasPrefix(p, "d-M-"):
		other = "M-d-" + p[4:]
	default:
		return -1
	}
	return slices.IndexFunc(timeFormats, func(f timeFormat) bool { return f.pattern == other })
}

// ambiguity is the note on dates whose day and month cannot be told apart.
func (s *seen) ambiguity(stamp bool) string {
	for i, f := range timeFormats {
		j := rival(i)
		if f.stamp != stamp || j < i || s.formats[i].cells == 0 || s.formats[j].cells == 0 {
			continue
		}
		switch {
		case s.only[i] == 0 && s.only[j] == 0:
			return fmt.Sprintf("no value tells %s from %s; ask the department", f.pattern, timeFormats[j].pattern)
		case s.only[i] > 0 && s.only[j] > 0:
			return fmt.Sprintf("some values are only %s, some only %s; ask the department", f.pattern, timeFormats[j].pattern)
		}
	}
	return ""
}

// mixed is the note on a text column half of which is something else.
func (s *seen) mixed(known tallyPair) string {
	switch {
	case share(s.numbers.cells, known.cells) >= 0.5:
		return fmt.Sprintf("%.1f %% of the cells are numbers, too few to call it one", 100*share(s.numbers.cells, known.cells))
	case share(s.times[0].cells+s.times[1].cells, known.cells) >= 0.5:
		return fmt.Sprintf("%.1f %% of the cells are dates, too few to call it one", 100*share(s.times[0].cells+s.times[1].cells, known.cells))
	}
	return ""
}

// A reader reads plain values as a type and orders them: as numbers, or as microseconds since 1970.
type reader struct {
	kind    string
	formats []int
	words   []string
	scale   int
	whole   int // digits before the point that fit
}

func newReader(t Type) reader {
	r := reader{kind: t.Name, scale: t.Scale, whole: t.Precision - t.Scale, words: append(slices.Clone(t.True), t.False...)}
	for _, f := range t.Formats {
		r.formats = append(r.formats, slices.IndexFunc(timeFormats, func(k timeFormat) bool { return k.pattern == f.Text }))
	}
	return r
}

// ordered says that values of the type have a place on a line.
func (r *reader) ordered() bool { return r.kind != "string" && r.kind != "boolean" }

// numeric says that values of the type have a mean.
func (r *reader) numeric() bool {
	return r.kind == "integer" || r.kind == "decimal" || r.kind == "number"
}

// read gives a value's place; format is the format that a time was read by, -1 for others.
func (r *reader) read(v []byte) (place float64, format int, ok bool) {
	switch r.kind {
	case "string":
		return 0, -1, true
	case "boolean":
		return 0, -1, slices.Contains(r.words, string(v))
	case "date", "timestamp":
		if mayBeTime(v) {
			for i, f := range r.formats {
				if micros, ok := timeFormats[f].parse(v); ok {
					return float64(micros), i, true
				}
			}
		}
		return 0, -1, false
	}
	n := readNumber(v)
	switch {
	case !n.ok, r.kind == "integer" && (n.decimals > 0 || n.exponent), r.kind == "decimal" && (n.exponent || n.decimals > r.scale || n.whole > r.whole):
		return 0, -1, false
	}
	return n.value, -1, true
}
