package interchange

import (
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// found is what the checks of one foreign test have in common.
type found struct {
	title    string
	from     string // comment
	when     celText
	allow    any
	mostly   string
	severity string
}

// put puts a check on a field.
func (d *draft) put(on *ref, short string, conditions block, measure bool, f found) {
	d.checks = append(d.checks, check{on: on, id: d.id(on.column.name, short), title: f.title, conditions: conditions, when: f.when,
		mostly: f.mostly, allow: f.allow, severity: or(f.severity, d.severity), measure: measure, from: comments(f.from)})
}

// putRule puts an entry into rules.
func (d *draft) putRule(short string, r rule, f found) {
	r.id, r.title, r.when, r.mostly, r.allow, r.severity, r.from = d.id(short), f.title, f.when, f.mostly, f.allow, or(f.severity, d.severity), comments(f.from)
	d.rules = append(d.rules, r)
}

func comments(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return []string{text}
}

// limit adds one end to bounds.
func limit(b block, key string, n node) (block, need, error) {
	if !n.there() {
		return b, anyKind, nil
	}
	v, err := valueOf(n)
	if err != nil {
		return b, anyKind, err
	}
	return append(b, entry{key, v.text}), v.kind, nil
}

// widest is the need of two values of one field.
func widest(a, b need) need {
	switch {
	case a == anyKind || a == b:
		return b
	case b == anyKind:
		return a
	case a == text || b == text:
		return text
	}
	return fraction
}

// described notes title and description of a column.
func (c *column) described(title, description string) {
	c.title = strings.TrimSpace(title)
	for line := range strings.SplitSeq(strings.TrimSpace(description), "\n") {
		if line = strings.TrimSpace(line); line != "" && len(c.comments) < 20 {
			c.comments = append(c.comments, line)
		}
	}
}

// object chooses one of several tables of a file by name.
func (d *draft) object(what string, all []node, name func(node) string) (node, error) {
	var names []string
	for _, n := range all {
		if n.isMap() {
			names = append(names, name(n))
		}
	}
	switch {
	case len(names) == 0:
		return node{}, fmt.Errorf("%s: there is no %s in it", d.tree.file, what)
	case d.opts.Object == "" && len(names) > 1:
		return node{}, fmt.Errorf("%s: it has %d of %s: %s; choose one with --object NAME", d.tree.file, len(names), what, strings.Join(names, ", "))
	}
	for _, n := range all {
		if n.isMap() && (d.opts.Object == "" || name(n) == d.opts.Object) {
			for _, other := range all {
				if other.Node != n.Node {
					d.lose(other, name(other), "another %s; import it by itself with --object", what)
				}
			}
			return n, nil
		}
	}
	hint := ""
	if near := syntax.Nearest(d.opts.Object, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return node{}, fmt.Errorf("%s: there is no %s %q%s (there are: %s)", d.tree.file, what, d.opts.Object, hint, strings.Join(names, ", "))
}

// known reports whether the workspace has a dataset, by the name that a foreign file uses.
func (d *draft) known(name string) (string, error) {
	id := datasetID(name, "")
	if !slices.Contains(d.opts.Datasets, id) {
		return "", fmt.Errorf("the workspace has no dataset %q; make it first, then import again", id)
	}
	return id, nil
}

// sqlType is a type of a database or a programming language as a contract writes it.
func sqlType(name string) (typed, bool) {
	lower := strings.ToLower(strings.TrimSpace(name))
	base, arguments, _ := strings.Cut(lower, "(")
	kind, known := gxTypes[strings.TrimSpace(base)]
	if !known {
		return typed{}, false
	}
	t := typed{kind: kind, years: kind == date || kind == timestamp}
	digits, decimals, two := strings.Cut(strings.TrimSuffix(arguments, ")"), ",")
	if kind == number && two && (strings.HasPrefix(base, "dec") || strings.HasPrefix(base, "num")) {
		p, s := 0, 0
		if _, err := fmt.Sscanf(digits+" "+decimals, "%d %d", &p, &s); err == nil && p >= 1 && p <= 38 && s >= 0 && s <= p {
			t.name = fmt.Sprintf("decimal(%d,%d)", p, s)
		}
	}
	if kind == boolean {
		t.words = block{{"true", texts(slices.Concat(trueWords, []string{"1"}))}, {"false", texts(slices.Concat(falseWords, []string{"0"}))}}
	}
	return t, true
}
