package rules

import (
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"clearwell/rules/contract"
	"clearwell/rules/jsontext"
	"clearwell/rules/syntax"
	"clearwell/rules/tags"
	"clearwell/rules/wording"
)

// valueConditions compiles the conditions on one field that are written in words.
func (p *compiler) valueConditions(c *contract.ValueConditions, f *contract.Field, out *Field) []Condition {
	var list []Condition
	add := func(cond Condition) {
		cond.Field = out.Name
		list = append(list, cond)
	}
	if c.NotSet != nil {
		if cond, ok := p.set(c.NotSet, out); ok {
			cond.Op = NotSet
			add(cond)
		}
	}
	if c.NotPattern != nil && p.onlyText("not_pattern", c.NotPattern.Pos, out) && p.pattern(*c.NotPattern) != nil {
		add(Condition{Op: NotPattern, Pattern: c.NotPattern.Value})
	}
	if cond, ok := p.like(Like, c.Like, out); ok {
		add(cond)
	}
	if cond, ok := p.like(NotLike, c.NotLike, out); ok {
		add(cond)
	}
	if c.Validate != nil {
		if cond, ok := p.validate(*c.Validate, out); ok {
			add(cond)
		}
	}
	if c.JSON != nil {
		if cond, ok := p.json(c.JSON, out); ok {
			add(cond)
		}
	}
	if c.Compare != nil {
		if cond, ok := p.compare(c.Compare, c.Tolerance, out); ok {
			list = append(list, cond)
		}
	}
	for _, b := range []struct {
		op     ConditionOp
		blocks []contract.Block
	}{{AnyOf, c.AnyOf}, {AllOf, c.AllOf}, {Not, one(c.Not)}} {
		if len(b.blocks) == 0 {
			continue
		}
		cond := Condition{Op: b.op}
		for i := range b.blocks {
			cond.Blocks = append(cond.Blocks, p.block(&b.blocks[i], f, out))
		}
		add(cond)
	}
	return list
}

func one(b *contract.Block) []contract.Block {
	if b == nil {
		return nil
	}
	return []contract.Block{*b}
}

// block compiles the conditions of a block inside a condition.
func (p *compiler) block(b *contract.Block, f *contract.Field, out *Field) []Condition {
	before := len(p.All)
	c := b.AsCheck()
	if c.Tolerance.Given() && c.Compare == nil {
		p.Addf(c.Tolerance.Pos, "%q stands beside compare or sum_of", "tolerance")
	}
	list := p.conditions(&c, f, out)
	if len(list) == 0 && len(p.All) == before && !b.Wrong && !p.broken[out.Name] && !p.hushed {
		p.Addf(b.Pos, "this block has no condition, so nothing could fail it; give it for example set, range, pattern or compare")
	}
	return list
}

// like compiles patterns of SQL.
func (p *compiler) like(op ConditionOp, patterns []syntax.Text, f *Field) (Condition, bool) {
	if len(patterns) == 0 || !p.onlyText(string(op), patterns[0].Pos, f) {
		return Condition{}, false
	}
	c := Condition{Op: op}
	for _, t := range patterns {
		switch {
		case t.Value == "":
			p.Addf(t.Pos, "%q is empty; only null is like it, which is no value", op)
		case oddBackslashes.MatchString(t.Value):
			p.Addf(t.Pos, "%q ends with a backslash; the sign that it is to take as it is is missing", op)
		default:
			c.Values = append(c.Values, t.Value)
		}
	}
	return c, len(c.Values) == len(patterns)
}

var oddBackslashes = regexp.MustCompile(`(^|[^\\])(\\\\)*\\$`)

// validate compiles tags of go-playground/validator.
func (p *compiler) validate(t syntax.Text, f *Field) (Condition, bool) {
	if p.broken[f.Name] {
		return Condition{}, false
	}
	_, err := tags.Compile(t.Value, tags.Sample(string(f.Type.Kind)))
	var wrong *tags.Problem
	if errors.As(err, &wrong) {
		p.AddHint(t.At(1, wrong.Offset+1), wrong.Word, tags.Names(), "validate: %s", wrong.Message)
		return Condition{}, false
	}
	return Condition{Op: Validate, Tags: t.Value}, true
}

// maxSchema bounds a JSON Schema: it goes into the plan.
const maxSchema = 1 << 20

// json compiles the condition that a text is JSON. The text of the schema goes into the
// plan, so that a replay needs no other file.
func (p *compiler) json(c *contract.JSONCheck, f *Field) (Condition, bool) {
	if !p.onlyText("json", c.Pos, f) {
		return Condition{}, false
	}
	cond := Condition{Op: JSON}
	if !c.Schema.Given() {
		return cond, true
	}
	name := filepath.FromSlash(c.Schema.Value)
	if !filepath.IsLocal(name) {
		p.Addf(c.Schema.Pos, "the schema %q must stand in the workspace; write its path from there", c.Schema.Value)
		return cond, false
	}
	text, err := os.ReadFile(filepath.Join(p.around.root, name))
	if err == nil && len(text) > maxSchema {
		err = wording.Errorf("it has more than %d bytes", maxSchema)
	}
	if err == nil {
		if cond.Schema, err = jsontext.Compact(text); err != nil {
			err = wording.Errorf("it is not JSON: %w", err)
		} else {
			_, err = jsontext.Compile(cond.Schema)
		}
	}
	if err != nil {
		p.Addf(c.Schema.Pos, "the schema %s: %v", c.Schema.Value, withoutPath(err))
		return cond, false
	}
	return cond, true
}

// compare compiles a comparison; f is the field of the check, nil if there is none.
func (p *compiler) compare(c *contract.Comparison, tolerance syntax.Text, f *Field) (Condition, bool) {
	if c.Sign == "" {
		return Condition{}, false // reported
	}
	left := f
	switch {
	case c.Left.Given() && c.Left.Quoted:
		p.Addf(c.Left.Pos, "on the left of compare stands a field, a value may stand on the right")
		return Condition{}, false
	case c.Left.Given():
		if left = p.existing(c.Left.Text); left == nil {
			return Condition{}, false
		}
	case f == nil:
		p.Addf(c.Pos, "compare has no field on its left: start %s %s", c.Sign, c.Right.Value)
		return Condition{}, false
	}
	cond := Condition{Op: Compare, Field: left.Name, Operator: c.Sign}
	right, ok := p.side(&c.Right, left, &cond)
	if !ok {
		return cond, false
	}
	if p.broken[left.Name] || right != nil && p.broken[right.Name] {
		return cond, false
	}
	if right != nil && !p.comparable(c.Right.Pos, left, right) {
		return cond, false
	}
	if left.Type.Kind == Boolean && c.Sign != "==" && c.Sign != "!=" {
		p.Addf(c.Pos, "true and false have no order; compare them with == or !=")
		return cond, false
	}
	if !tolerance.Given() {
		return cond, true
	}
	if c.Sign == "<" || c.Sign == ">" {
		p.Addf(tolerance.Pos, "a tolerance goes with <=, ==, != or >=, not with %s", c.Sign)
		return cond, false
	}
	cond.Tolerance, ok = p.slack(tolerance, left)
	return cond, ok
}

// side resolves the right side of a comparison or sum into c: a field, which is given
// back, or a value of the type of left.
func (p *compiler) side(o *contract.Operand, left *Field, c *Condition) (*Field, bool) {
	if !o.Given() {
		return nil, false
	}
	if f := p.plan.Field(o.Value); f != nil && !o.Quoted {
		c.Other = f.Name
		return f, true
	}
	if p.broken[left.Name] {
		return nil, false
	}
	value, err := canonical(left.Type, o.Value)
	switch {
	case left.Type.Kind == String && !o.Quoted:
		p.AddHint(o.Pos, o.Value, p.fieldNames(), "no field %q; a text to compare with stands in quotes: '%s'", o.Value, o.Value)
		return nil, false
	case err != nil && fieldName.MatchString(o.Value) && !o.Quoted:
		p.AddHint(o.Pos, o.Value, p.fieldNames(), "no field %q", o.Value)
		return nil, false
	case err != nil:
		p.Addf(o.Pos, "%v", err)
		return nil, false
	case value == "":
		p.Addf(o.Pos, "the empty text is null, and null does not compare; use required")
		return nil, false
	}
	c.Value = value
	return nil, true
}

// kindsAlike groups the kinds whose values compare with each other.
var kindsAlike = map[Kind]string{Integer: "number", Number: "number", Decimal: "number", Date: "date", Timestamp: "date", String: "text", Boolean: "boolean"}

// comparable reports two fields whose values do not compare.
func (p *compiler) comparable(at syntax.Pos, a, b *Field) bool {
	if p.broken[a.Name] || p.broken[b.Name] {
		return false
	}
	if kindsAlike[a.Type.Kind] == kindsAlike[b.Type.Kind] {
		return true
	}
	p.Addf(at, "%s is %s and %s is %s; these do not compare, give both the same type", a.Name, a.Type.String(), b.Name, b.Type.String())
	return false
}

var duration = regexp.MustCompile(`^([0-9]{1,6})\s*(d|day|days|天|日|h|hour|hours|小时|min|minutes|分钟|s|seconds|秒)$`)

// secondsOf are the units of a duration.
var secondsOf = map[string]int64{"d": 86400, "day": 86400, "days": 86400, "天": 86400, "日": 86400, "h": 3600, "hour": 3600, "hours": 3600, "小时": 3600,
	"min": 60, "minutes": 60, "分钟": 60, "s": 1, "seconds": 1, "秒": 1}

// spanText writes seconds in the greatest unit that gives a whole number: 3d, 36h, 90min, 45s.
func spanText(seconds int64) string {
	for _, unit := range []string{"d", "h", "min"} {
		if n := secondsOf[unit]; seconds%n == 0 {
			return strconv.FormatInt(seconds/n, 10) + unit
		}
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

// Seconds reads a tolerance of dates and times as the plan has it.
func Seconds(span string) (int64, bool) {
	at := strings.IndexFunc(span, func(r rune) bool { return r < '0' || r > '9' })
	if at < 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(span[:at], 10, 64)
	unit, ok := secondsOf[span[at:]]
	return n * unit, ok && err == nil
}

// slack reads how far a comparison of f may be off: a number, or a duration for dates and times.
func (p *compiler) slack(t syntax.Text, f *Field) (string, bool) {
	switch kindsAlike[f.Type.Kind] {
	case "number":
		x, err := rational(t.Value)
		if err != nil || x.Sign() < 0 {
			p.Addf(t.Pos, "tolerance is a number from 0, such as 0.01, not %q", t.Value)
			return "", false
		}
		return decimalText(x), true
	case "date":
		m := duration.FindStringSubmatch(t.Value)
		if m == nil {
			p.Addf(t.Pos, "the tolerance of dates and times is a duration such as 3d, 12h, 30min or 90s, not %q", t.Value)
			return "", false
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return spanText(n * secondsOf[m[2]]), true
	}
	p.Addf(t.Pos, "a tolerance is for numbers, dates and times; %s is %s", f.Name, f.Type.String())
	return "", false
}

// decimalText writes a number that was read from decimal text without an exponent.
func decimalText(x *big.Rat) string {
	digits, _ := x.FloatPrec()
	return x.FloatString(digits)
}
