package interchange

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// importSoda carries over the checks of one dataset of a SodaCL file.
func importSoda(d *draft) error {
	root := d.tree.root
	var all []node
	names := map[string]string{}
	for _, e := range root.entries() {
		name, ok := strings.CutPrefix(e.key, "checks for ")
		if !ok {
			d.lose(e.value, e.key, "filters, variables and configurations have no counterpart")
			continue
		}
		if table, filter, filtered := strings.Cut(name, " ["); filtered {
			d.lose(e.value, e.key, "the checks are for a part of %s that the filter %s says; import them by themselves and write when: into the rules", table, strings.TrimSuffix(filter, "]"))
			continue
		}
		names[e.value.pointer] = name
		all = append(all, e.value)
	}
	var table node
	switch {
	case len(all) == 0:
		return fmt.Errorf("%s: there is no block %q in it", d.tree.file, "checks for ...")
	case len(all) > 1 && d.opts.Object == "":
		var list []string
		for _, n := range all {
			list = append(list, names[n.pointer])
		}
		return fmt.Errorf("%s: it has checks for %s; choose one with --object NAME", d.tree.file, strings.Join(list, ", "))
	}
	for _, n := range all {
		if d.opts.Object == "" || names[n.pointer] == d.opts.Object {
			table = n
		} else {
			d.lose(n, "checks for "+names[n.pointer], "another dataset; import it by itself with --object")
		}
	}
	if table.Node == nil {
		return fmt.Errorf("%s: there are no checks for %q in it", d.tree.file, d.opts.Object)
	}
	d.out.Dataset = names[table.pointer]
	d.title = d.out.Dataset
	for _, item := range table.items() {
		text, settings := item.text(), node{}
		if item.isMap() {
			if entries := item.entries(); len(entries) > 0 {
				text, settings = entries[0].key, entries[0].value
			}
		}
		if text == "" {
			d.lose(item, "check", "it is empty")
			continue
		}
		d.attempt(settings.orItem(item), text, func() error { return d.sodaCheck(item, settings, strings.TrimSpace(text)) })
	}
	return nil
}

// soda is one check being carried over.
type soda struct {
	*draft
	n, settings node
	metric      string
	column0     string
	argument    string // second argument, of percentile
	limits      block  // what must hold of the metric
	share       bool   // limits are percentages
	found       found
}

var (
	sodaMetric   = regexp.MustCompile(`^([a-z_ ]+?)\s*(?:\(([^()]*)\))?\s*(?:(<=|>=|!=|=|<|>|between|not between)\s*(.+))?$`)
	sodaRefer    = regexp.MustCompile(`^values in \(?([^()]+?)\)? must exist in (\S+)\s*\(?([^()]*?)\)?$`)
	sodaFresh    = regexp.MustCompile(`^freshness\s*\(([^(),]+)\)\s*<=?\s*([0-9]+)(m|h|d|w)$`)
	sodaBetween  = regexp.MustCompile(`^(\(?)\s*(-?[0-9.]+)\s*%?\s*and\s*(-?[0-9.]+)\s*(%?)\s*(\)?)$`)
	sodaDatasets = regexp.MustCompile(`^row_count same as (\S+)$`)
)

func (d *draft) sodaCheck(n, settings node, text string) error {
	s := &soda{draft: d, n: n, settings: settings, found: found{from: text + " " + n.pointer}}
	s.found.title = strings.TrimSpace(settings.get("name").text())
	for _, key := range []string{"attributes", "identity", "samples limit", "samples columns", "title"} {
		settings.get(key).finish()
	}
	if filter := settings.get("filter"); filter.there() {
		when, err := d.condition(filter, true)
		if err != nil {
			return err
		}
		s.found.when = when
	}
	if text == "schema" {
		return s.schema()
	}
	if m := sodaFresh.FindStringSubmatch(text); m != nil {
		unit := map[string]string{"m": "min", "h": "h", "d": "d", "w": "w"}[m[3]]
		d.put(d.dateRef(m[1], typed{kind: timestamp, years: true}), "freshness", block{{"freshness", plain(m[2] + unit)}}, true, s.found)
		return nil
	}
	if m := sodaDatasets.FindStringSubmatch(text); m != nil {
		id, err := d.known(m[1])
		if err != nil {
			return err
		}
		d.putRule("row-count-same", rule{conditions: block{{"row_count", block{{"equals", block{{"dataset", id}}}}}}, measure: true}, s.found)
		return nil
	}
	if m := sodaRefer.FindStringSubmatch(text); m != nil {
		id, err := d.known(m[2])
		if err != nil {
			return err
		}
		own, there := splitList(m[1]), splitList(m[3])
		if len(own) != 1 || len(there) != 1 {
			if len(own) != len(there) {
				return errors.New("it names more columns on one side than on the other")
			}
			d.putRule("reference", rule{conditions: block{{"pair_in", block{{"fields", refList(d.refs(own, anyKind))}, {"dataset", id}, {"as", texts(there)}}}}}, s.found)
			return nil
		}
		d.put(d.ref(own[0], anyKind), "reference", block{{"exists_in", block{{"dataset", id}, {"field", there[0]}}}}, false, s.found)
		return nil
	}
	m := sodaMetric.FindStringSubmatch(text)
	if m == nil {
		return errors.New("this check has no counterpart; write the rule by hand")
	}
	s.metric = m[1]
	arguments := splitList(m[2])
	if len(arguments) > 0 {
		s.column0 = arguments[0]
	}
	if len(arguments) == 2 && s.metric == "percentile" {
		s.argument = arguments[1]
	}
	if err := s.threshold(m[3], strings.TrimSpace(m[4])); err != nil {
		return err
	}
	return s.carry(arguments)
}

func splitList(s string) (out []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.Trim(strings.TrimSpace(part), `"'`+"`"); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// threshold reads what must hold of the metric: behind it, or as the opposite of fail or warn.
func (s *soda) threshold(sign, value string) error {
	if sign != "" {
		return s.limit(sign, value)
	}
	fail, warn := s.settings.get("fail"), s.settings.get("warn")
	if !fail.there() && !warn.there() {
		return errors.New("it has no threshold")
	}
	chosen := fail
	if !fail.there() {
		chosen, s.found.severity = warn, "warn"
	} else if warn.there() {
		s.partly(warn, "warn", "the bound of warnings is not carried over; write allow: {warn: ..., fail: ...}")
		warn.finish()
	}
	text := strings.TrimSpace(strings.TrimPrefix(chosen.text(), "when "))
	if chosen.isMap() {
		text = strings.TrimSpace(chosen.get("when").text())
	}
	for _, sign := range []string{"<=", ">=", "!=", "=", "<", ">"} {
		if rest, ok := strings.CutPrefix(text, sign); ok {
			return s.limit(map[string]string{"<=": ">", ">=": "<", "!=": "=", "<": ">=", ">": "<="}[sign], strings.TrimSpace(rest))
		}
	}
	return fmt.Errorf("its threshold %q is not understood", text)
}

func (s *soda) limit(sign, value string) error {
	if sign == "between" {
		m := sodaBetween.FindStringSubmatch(value)
		if m == nil {
			return fmt.Errorf("its threshold %q is not understood", value)
		}
		least, most := "min", "max"
		if m[1] != "" {
			least = "above"
		}
		if m[5] != "" {
			most = "below"
		}
		s.limits, s.share = block{{least, m[2]}, {most, m[3]}}, m[4] != ""
		return nil
	}
	value, s.share = strings.CutSuffix(value, "%")
	value = strings.TrimSpace(value)
	if _, _, ok := plainDecimal(value); !ok || !plainNumber(value) {
		return fmt.Errorf("its threshold %q is no number", value)
	}
	switch sign {
	case "=":
		s.limits = block{{"min", value}, {"max", value}}
	case "<":
		s.limits = block{{"below", value}}
	case "<=":
		s.limits = block{{"max", value}}
	case ">":
		s.limits = block{{"above", value}}
	case ">=":
		s.limits = block{{"min", value}}
	default:
		return errors.New("its threshold leaves one number out, which has no counterpart")
	}
	return nil
}

// sodaStatistics are metrics of a column and the measures that they are here.
var sodaStatistics = map[string]string{"avg": "mean", "min": "min", "max": "max", "sum": "sum", "stddev": "stddev", "avg_length": "mean", "min_length": "min", "max_length": "max", "percentile": "quantile"}

func (s *soda) carry(arguments []string) error {
	if s.metric == "row_count" && len(arguments) == 0 {
		s.putRule("row-count", rule{conditions: block{{"row_count", s.limits}}, measure: true, when: s.found.when}, s.found)
		return nil
	}
	if s.column0 == "" {
		return errors.New("this check has no counterpart; write the rule by hand")
	}
	short := strings.ReplaceAll(strings.TrimSpace(s.metric), "_", "-")
	percent := strings.HasSuffix(s.metric, "_percent") || s.share
	switch {
	case s.metric == "missing_count" || s.metric == "missing_percent":
		return s.missing(short, percent)
	case s.metric == "duplicate_count" || s.metric == "duplicate_percent":
		if err := s.failures(percent, "counts each value that stands twice once, here every row of it fails"); err != nil {
			return err
		}
		if len(arguments) > 1 {
			s.putRule(short, rule{conditions: block{{"unique", refList(s.refs(arguments, anyKind))}}}, s.found)
			return nil
		}
		s.put(s.ref(s.column0, anyKind), short, block{{"unique", plain("true")}}, false, s.found)
		return nil
	case s.metric == "invalid_count" || s.metric == "invalid_percent":
		return s.invalid(short, percent)
	}
	word, known := sodaStatistics[s.metric]
	if !known {
		return errors.New("this metric has no counterpart; write the rule by hand")
	}
	switch {
	case strings.HasSuffix(s.metric, "_length"):
		s.put(s.ref(s.column0, text), short, block{{"length_of", block{{word, s.limits}}}}, true, s.found)
	case word == "quantile":
		if !plainNumber(s.argument) {
			return errors.New("percentile needs a number from 0 to 1")
		}
		s.put(s.ref(s.column0, s.kind()), short, block{{word, block{{s.argument, s.limits}}}}, true, s.found)
	default:
		s.put(s.ref(s.column0, s.kind()), short, block{{word, s.limits}}, true, s.found)
	}
	return nil
}

// kind is what the limits need of a field.
func (s *soda) kind() need {
	for _, e := range s.limits {
		if strings.Contains(e.value.(string), ".") {
			return fraction
		}
	}
	return number
}

// missing carries over a bound of nulls: as a check of every row where none may be, else as a measure or with allow.
func (s *soda) missing(short string, percent bool) error {
	on := s.ref(s.column0, anyKind)
	on.column.nulls = append(on.column.nulls, words(s.settings.get("missing values"))...)
	if v := s.settings.get("missing format", "missing regex"); v.there() {
		return errors.New("missing regex and missing format have no counterpart; list the words under nulls")
	}
	if percent {
		limits := block{}
		for _, e := range s.limits {
			limits = append(limits, entry{e.key, e.value.(string) + "%"})
		}
		s.put(on, short, block{{"null_share", limits}}, true, s.found)
		return nil
	}
	if err := s.failures(false, ""); err != nil {
		return err
	}
	s.put(on, short, block{{"required", plain("true")}}, false, s.found)
	return nil
}

// failures turns limits of a number of failures into allow.
func (s *soda) failures(percent bool, note string) error {
	if len(s.limits) == 2 && s.limits[0].value == "0" && s.limits[1].value == "0" {
		return nil
	}
	last := s.limits[len(s.limits)-1]
	if last.key != "max" && last.key != "below" || len(s.limits) > 1 && s.limits[0].value != "0" {
		return errors.New("a least number of failures has no counterpart")
	}
	most := last.value.(string)
	switch {
	case percent:
		s.found.allow = plain(most + "%")
		s.partly(s.n, s.metric, "the share is of the rows with a value here, there of all rows")
		if last.key == "below" {
			s.partly(s.n, s.metric, "exactly %s%% is allowed here", most)
		}
	case strings.Contains(most, ".") || strings.HasPrefix(most, "-"):
		return errors.New("a number of rows is whole")
	case last.key == "below" && most == "0":
		return errors.New("fewer than no failures cannot be")
	case last.key == "below":
		s.found.allow = plain(lessOne(most))
	default:
		s.found.allow = plain(most)
	}
	if note != "" {
		s.partly(s.n, s.metric, "it %s", note)
	}
	return nil
}

// sodaFormats are valid formats and what they are here.
var sodaFormats = map[string]block{
	"email": {{"validate", "email"}}, "uuid": {{"validate", "uuid"}}, "ip address": {{"validate", "ip"}}, "ipv4 address": {{"validate", "ipv4"}}, "ipv6 address": {{"validate", "ipv6"}},
	"integer": {{"pattern", `[+-]?\d+`}}, "positive integer": {{"pattern", `\+?\d+`}}, "negative integer": {{"pattern", `-\d+`}},
	"decimal": {{"pattern", `[+-]?(\d+([.,]\d*)?|[.,]\d+)`}}, "decimal point": {{"pattern", `[+-]?(\d+(\.\d*)?|\.\d+)`}},
	"date iso 8601": {{"pattern", `\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`}}, "date us": {{"pattern", `(0?[1-9]|1[0-2])[-./](0?[1-9]|[12]\d|3[01])[-./](\d{2}|\d{4})`}},
	"date eu":  {{"pattern", `(0?[1-9]|[12]\d|3[01])[-./](0?[1-9]|1[0-2])[-./](\d{2}|\d{4})`}},
	"time 24h": {{"pattern", `([01]?\d|2[0-3]):[0-5]\d`}}, "time 24h with seconds": {{"pattern", `([01]?\d|2[0-3]):[0-5]\d:[0-5]\d`}},
	"phone number": {{"pattern", `\+?[\d\s().-]{3,20}`}}, "credit card number": {{"validate", "credit_card"}},
}

func (s *soda) invalid(short string, percent bool) error {
	var conditions, length, bounds block
	need := text
	kind := anyKind
	for _, e := range s.settings.entries() {
		switch e.key {
		case "valid values", "invalid values":
			values, k, err := valueSet(e.value)
			if err != nil || len(values) == 0 {
				return errors.New("its list of values is empty or no list")
			}
			kind = widest(kind, k)
			conditions = append(conditions, entry{map[string]string{"valid values": "set", "invalid values": "not_set"}[e.key], setOf(values)})
		case "valid regex", "invalid regex":
			p, err := matched(e.value.text())
			if err != nil {
				return err
			}
			kind = widest(kind, text)
			conditions = append(conditions, entry{map[string]string{"valid regex": "pattern", "invalid regex": "not_pattern"}[e.key], p})
		case "valid format":
			f, ok := sodaFormats[strings.ToLower(e.value.text())]
			if !ok {
				return fmt.Errorf("the format %q is not known here", e.value.text())
			}
			kind = widest(kind, text)
			conditions = append(conditions, f...)
		case "valid min", "valid max":
			var k = anyKind
			var err error
			if bounds, k, err = limit(bounds, strings.TrimPrefix(e.key, "valid "), e.value); err != nil {
				return err
			}
			if k != number && k != fraction {
				return errors.New("its bounds are no numbers")
			}
			kind = widest(kind, k)
		case "valid length", "valid min length", "valid max length":
			v, err := valueOf(e.value)
			if err != nil || v.kind != number {
				return errors.New("a length is a whole number")
			}
			kind = widest(kind, text)
			if e.key == "valid length" {
				length = block{{"min", v.text}, {"max", v.text}}
			} else {
				length = append(length, entry{strings.TrimSuffix(strings.TrimPrefix(e.key, "valid "), " length"), v.text})
			}
		case "missing values":
			c := s.column(s.column0)
			c.nulls = append(c.nulls, words(e.value)...)
		}
	}
	if length != nil {
		conditions = append(conditions, entry{"length", length})
	}
	if bounds != nil {
		if kind == text {
			return errors.New("bounds of numbers stand beside conditions on texts; write two rules")
		}
		conditions = append(conditions, entry{"range", bounds})
	}
	if conditions == nil {
		return errors.New("it does not say what is valid")
	}
	if kind != anyKind {
		need = kind
	}
	seen := map[string]bool{}
	for _, e := range conditions {
		if seen[e.key] {
			return errors.New("two of its conditions are the same one here; write two rules")
		}
		seen[e.key] = true
	}
	if err := s.failures(percent, ""); err != nil {
		return err
	}
	s.put(s.ref(s.column0, need), short, conditions, false, s.found)
	return nil
}

// schema carries over a check of the columns.
func (s *soda) schema() error {
	done := false
	for _, level := range []string{"fail", "warn"} {
		block0 := s.settings.get(level)
		f := s.found
		if level == "warn" {
			f.severity = "warn"
		}
		for _, e := range block0.entries() {
			switch e.key {
			case "when required column missing":
				names := words(e.value)
				if len(names) == 0 {
					continue
				}
				for _, name := range names {
					s.column(name).optional = true
				}
				s.putRule("columns", rule{conditions: block{{"columns", block{{"contains", texts(names)}}}}, measure: true}, f)
				done = true
			case "when wrong column type":
				for _, c := range e.value.entries() {
					t, ok := sqlType(c.value.text())
					if !ok {
						s.lose(c.value, "type", "the type %q is not known here", c.value.text())
						continue
					}
					column := s.column(c.key)
					column.explicit = t
					if t.kind != text {
						on := s.ref(c.key, t.kind)
						on.typ = &column.explicit
						if t.kind != date && t.kind != timestamp {
							on.typ = nil
						}
						s.put(on, "type", block{{"type", plain("true")}}, false, f)
					}
					done = true
				}
			default:
				s.lose(e.value, e.key, "this check of the columns has no counterpart")
			}
		}
	}
	if !done {
		return errors.New("nothing of it has a counterpart")
	}
	return nil
}
