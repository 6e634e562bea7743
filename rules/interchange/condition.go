package interchange

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"clearwell/rules/syntax"
)

// A condition of Great Expectations says which rows an expectation is about: text for
// pandas (state == "paid" and amount > 5), text of its own (col("state") == "paid"), or blocks of the
// form of 1.x. A comparison with null is false as in pandas, but != is true.

// operand is a column or a value of a condition.
type operand struct {
	column string
	value  string
	kind   need // of a value
	null   bool
}

// conditionNode is a condition as a tree.
type conditionNode struct {
	op    string // and or not, null, in, and the signs of comparisons
	parts []*conditionNode
	left  operand
	right operand
	list  []operand
	sql   bool // a comparison with null is never true
}

// condition reads a row condition; the refs of its fields are the draft's. In SQL a
// comparison with null is unknown whatever its sign, and what is unknown is left out.
func (d *draft) condition(n node, sql bool) (celText, error) {
	var c *conditionNode
	var err error
	if n.Shape == syntax.Map {
		c, err = conditionBlock(n)
	} else {
		c, err = parseCondition(n.text())
	}
	if err != nil {
		return nil, fmt.Errorf("its condition on rows cannot be carried over: %w", err)
	}
	if sql {
		if err := c.asSQL(); err != nil {
			return nil, fmt.Errorf("its condition on rows cannot be carried over: %w", err)
		}
	}
	return d.celOf(c, c.guarded()), nil
}

// asSQL gives comparisons the meaning that they have in SQL.
func (c *conditionNode) asSQL() error {
	if c.op == "not" && c.parts[0].op != "null" && c.parts[0].op != "in" {
		return errors.New("not before a comparison")
	}
	c.sql = true
	for _, p := range c.parts {
		if err := p.asSQL(); err != nil {
			return err
		}
	}
	return nil
}

// conditionBlock reads a condition as 1.x writes it.
func conditionBlock(n node) (*conditionNode, error) {
	column := func() (operand, error) {
		c := n.get("column")
		name := or(c.get("name").text(), c.text())
		if name == "" {
			return operand{}, errors.New("it names no column")
		}
		return operand{column: name}, nil
	}
	switch kind := n.get("type").text(); kind {
	case "and", "or":
		c := &conditionNode{op: kind}
		for _, item := range n.get("conditions").items() {
			part, err := conditionBlock(item)
			if err != nil {
				return nil, err
			}
			c.parts = append(c.parts, part)
		}
		if len(c.parts) == 0 {
			return nil, errors.New("it is empty")
		}
		return c, nil
	case "nullity":
		left, err := column()
		c := &conditionNode{op: "null", left: left}
		if !n.get("is_null").isTrue() {
			c = &conditionNode{op: "not", parts: []*conditionNode{c}}
		}
		return c, err
	case "comparison":
		left, err := column()
		if err != nil {
			return nil, err
		}
		op := n.get("operator").text()
		parameter := n.get("parameter")
		if parameter.Shape == syntax.Map {
			return nil, errors.New("it needs a parameter of the run")
		}
		c := &conditionNode{op: op, left: left}
		switch op {
		case "IN", "NOT_IN":
			c.op = "in"
			for _, item := range parameter.items() {
				c.list = append(c.list, scalarOperand(item))
			}
			if op == "NOT_IN" {
				c = &conditionNode{op: "not", parts: []*conditionNode{c}}
			}
		case "==", "!=", "<", "<=", ">", ">=":
			c.right = scalarOperand(parameter)
		default:
			return nil, fmt.Errorf("the operator %q is not known", op)
		}
		return c, nil
	case "pass_through":
		return parseCondition(n.get("pass_through_filter").text())
	default:
		return nil, fmt.Errorf("the type %q is not known", kind)
	}
}

func scalarOperand(n node) operand {
	switch {
	case n.isNumber():
		out, whole, ok := plainDecimal(n.text())
		if ok && whole {
			return operand{value: out, kind: number}
		} else if ok {
			return operand{value: out, kind: fraction}
		}
	case n.isBool():
		return operand{value: n.text(), kind: boolean}
	}
	return operand{value: n.text(), kind: text}
}

// conditionReader reads the text forms by recursive descent.
type conditionReader struct {
	tokens []token
	at     int
	depth  int
}

type token struct {
	kind string // name, text, number, sign
	text string
}

func parseCondition(s string) (*conditionNode, error) {
	if len(s) > 10000 {
		return nil, errors.New("it is longer than 10000 characters")
	}
	tokens, err := conditionTokens(s)
	if err != nil {
		return nil, err
	}
	r := &conditionReader{tokens: tokens}
	c, err := r.either()
	if err == nil && r.at < len(r.tokens) {
		err = fmt.Errorf("%q is not understood", r.tokens[r.at].text)
	}
	return c, err
}

func conditionTokens(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'' || c == '`':
			var b strings.Builder
			j := i + 1
			for ; j < len(s) && s[j] != c; j++ {
				if s[j] == '\\' && j+1 < len(s) && c != '`' {
					j++
				}
				b.WriteByte(s[j])
			}
			if j >= len(s) {
				return nil, errors.New("a quote is not closed")
			}
			kind := "text"
			if c == '`' {
				kind = "name"
			}
			out = append(out, token{kind, b.String()})
			i = j + 1
		case c >= '0' && c <= '9' || (c == '-' || c == '.') && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			j := i + 1
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || strings.IndexByte(".eE_", s[j]) >= 0) {
				j++
			}
			out = append(out, token{"number", strings.ReplaceAll(s[i:j], "_", "")})
			i = j
		case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
			j := i + 1
			for j < len(s) && (s[j] == '_' || s[j] >= 'a' && s[j] <= 'z' || s[j] >= 'A' && s[j] <= 'Z' || s[j] >= '0' && s[j] <= '9' || s[j] >= 0x80) {
				j++
			}
			out = append(out, token{"name", s[i:j]})
			i = j
		default:
			n := 1
			for _, two := range []string{"==", "!=", "<=", ">=", "&&", "||", "<>"} {
				if strings.HasPrefix(s[i:], two) {
					n = 2
				}
			}
			if n == 1 && strings.IndexByte("<>=&|~!()[],.", c) < 0 {
				return nil, fmt.Errorf("%q is not understood", string(c))
			}
			out = append(out, token{"sign", s[i : i+n]})
			i += n
		}
	}
	return out, nil
}

// take goes on if the next token is one of the words or signs.
func (r *conditionReader) take(words ...string) (string, bool) {
	if r.at < len(r.tokens) && r.tokens[r.at].kind != "text" && r.tokens[r.at].kind != "number" {
		for _, w := range words {
			if strings.EqualFold(r.tokens[r.at].text, w) {
				r.at++
				return w, true
			}
		}
	}
	return "", false
}

func (r *conditionReader) need(sign string) error {
	if _, ok := r.take(sign); !ok {
		return fmt.Errorf("%q is missing", sign)
	}
	return nil
}

func (r *conditionReader) either() (*conditionNode, error) {
	if r.depth++; r.depth > 50 {
		return nil, errors.New("it is nested too deep")
	}
	defer func() { r.depth-- }()
	return r.joined("or", r.all, "or", "|", "||")
}

func (r *conditionReader) all() (*conditionNode, error) {
	return r.joined("and", r.one, "and", "&", "&&")
}

func (r *conditionReader) joined(op string, part func() (*conditionNode, error), words ...string) (*conditionNode, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	c := &conditionNode{op: op, parts: []*conditionNode{first}}
	for {
		if _, ok := r.take(words...); !ok {
			break
		}
		next, err := part()
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, next)
	}
	if len(c.parts) == 1 {
		return first, nil
	}
	return c, nil
}

func (r *conditionReader) one() (*conditionNode, error) {
	if _, ok := r.take("not", "~", "!"); ok {
		if r.depth++; r.depth > 50 {
			return nil, errors.New("it is nested too deep")
		}
		defer func() { r.depth-- }()
		c, err := r.one()
		return &conditionNode{op: "not", parts: []*conditionNode{c}}, err
	}
	if _, ok := r.take("("); ok {
		c, err := r.either()
		if err == nil {
			err = r.need(")")
		}
		return c, err
	}
	left, err := r.operand()
	if err != nil {
		return nil, err
	}
	if left.column != "" {
		if _, ok := r.take("."); ok {
			return r.method(left)
		}
		negate := false
		if _, ok := r.take("not"); ok {
			negate = true
		}
		if _, ok := r.take("in"); ok {
			values, err := r.list()
			return negated(&conditionNode{op: "in", left: left, list: values}, negate), err
		} else if negate {
			return nil, errors.New("not stands without in")
		}
		if _, ok := r.take("is"); ok {
			_, negate = r.take("not")
			return negated(&conditionNode{op: "null", left: left}, negate), r.need("null")
		}
	}
	sign, ok := r.take("==", "!=", "<=", ">=", "<>", "<", ">", "=")
	if !ok {
		if left.column != "" {
			return &conditionNode{op: "==", left: left, right: operand{value: "true", kind: boolean}}, nil
		}
		return nil, errors.New("a comparison is missing")
	}
	switch sign {
	case "=":
		sign = "=="
	case "<>":
		sign = "!="
	}
	right, err := r.operand()
	if err != nil {
		return nil, err
	}
	if left.column == "" {
		left, right = right, left
		sign = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}[sign]
	}
	if left.column == "" {
		return nil, errors.New("it compares two values and no column")
	}
	if right.null {
		return nil, errors.New("it compares with None, which is never true")
	}
	return &conditionNode{op: sign, left: left, right: right}, nil
}

func negated(c *conditionNode, yes bool) *conditionNode {
	if yes {
		return &conditionNode{op: "not", parts: []*conditionNode{c}}
	}
	return c
}

// method is what stands behind the point of a column.
func (r *conditionReader) method(left operand) (*conditionNode, error) {
	name, ok := r.take("notnull", "notna", "isnull", "isna", "isin", "is_null", "not_null", "is_not_null")
	if !ok {
		return nil, errors.New("a method of a column is not known")
	}
	if err := r.need("("); err != nil {
		return nil, err
	}
	if name == "isin" {
		values, err := r.list()
		if err == nil {
			err = r.need(")")
		}
		return &conditionNode{op: "in", left: left, list: values}, err
	}
	return negated(&conditionNode{op: "null", left: left}, strings.Contains(name, "not")), r.need(")")
}

func (r *conditionReader) list() ([]operand, error) {
	close := "]"
	if _, ok := r.take("["); !ok {
		if err := r.need("("); err != nil {
			return nil, err
		}
		close = ")"
	}
	var out []operand
	for {
		if _, ok := r.take(close); ok {
			return out, nil
		}
		o, err := r.operand()
		if err != nil {
			return nil, err
		}
		if o.column != "" || o.null {
			return nil, errors.New("a list of values has something else in it")
		}
		out = append(out, o)
		if _, ok := r.take(","); !ok {
			return out, r.need(close)
		}
	}
}

func (r *conditionReader) operand() (operand, error) {
	if r.at == len(r.tokens) {
		return operand{}, errors.New("it ends too early")
	}
	t := r.tokens[r.at]
	r.at++
	switch t.kind {
	case "text":
		return operand{value: t.text, kind: text}, nil
	case "number":
		out, whole, ok := plainDecimal(t.text)
		if !ok {
			return operand{}, fmt.Errorf("%q is no number", t.text)
		}
		if whole {
			return operand{value: out, kind: number}, nil
		}
		return operand{value: out, kind: fraction}, nil
	case "name":
		switch strings.ToLower(t.text) {
		case "true", "false":
			return operand{value: strings.ToLower(t.text), kind: boolean}, nil
		case "none", "null":
			return operand{null: true}, nil
		}
		if _, ok := r.take("("); ok {
			if t.text != "col" {
				return operand{}, fmt.Errorf("the function %s is not known", t.text)
			}
			if r.at == len(r.tokens) || r.tokens[r.at].kind != "text" {
				return operand{}, errors.New("col() names no column")
			}
			name := r.tokens[r.at].text
			r.at++
			return operand{column: name}, r.need(")")
		}
		return operand{column: t.text}, nil
	}
	return operand{}, fmt.Errorf("%q is not understood", t.text)
}

// guarded reports whether nulls must be looked at: only of comparisons that all hold is a null as good as false.
func (c *conditionNode) guarded() bool {
	switch c.op {
	case "and":
		for _, p := range c.parts {
			if p.guarded() {
				return true
			}
		}
		return false
	case "!=":
		return !c.sql
	case "or", "not", "null":
		return true
	}
	return false
}

// trueWords are the texts that pandas reads as true and false.
var (
	trueWords  = []string{"True", "TRUE", "true"}
	falseWords = []string{"False", "FALSE", "false"}
)

// celOf writes a condition as CEL.
func (d *draft) celOf(c *conditionNode, guard bool) celText {
	switch c.op {
	case "and", "or":
		sign := " && "
		if c.op == "or" {
			sign = " || "
		}
		var out celText
		for i, p := range c.parts {
			if i > 0 {
				out = append(out, sign)
			}
			out = append(out, "(", d.celOf(p, guard), ")")
		}
		return out
	case "not":
		if p := c.parts[0]; p.op == "null" {
			return cel(d.ref(p.left.column, anyKind), " != null")
		}
		if p := c.parts[0]; c.sql && len(p.list) > 0 {
			return cel(d.ref(p.left.column, anyKind), " != null && !(", d.celOf(p, guard), ")")
		}
		return cel("!(", d.celOf(c.parts[0], guard), ")")
	case "null":
		return cel(d.ref(c.left.column, anyKind), " == null")
	case "in":
		return d.celIn(c, guard)
	}
	if c.right.column != "" {
		a, b := d.ref(c.left.column, ordered), d.ref(c.right.column, ordered)
		d.compared(a, b)
		out := cel(a, " "+c.op+" ", b)
		switch {
		case guard && c.op == "!=" && !c.sql:
			return cel("(", a, " == null || ", b, " == null || ", out, ")")
		case guard:
			return cel("(", a, " != null && ", b, " != null && ", out, ")")
		}
		return out
	}
	if c.right.kind == boolean {
		same := &conditionNode{op: "in", left: c.left}
		words := trueWords
		if (c.right.value == "true") != (c.op == "==") {
			words = falseWords
		}
		for _, w := range words {
			same.list = append(same.list, operand{value: w, kind: text})
		}
		return d.celIn(same, guard)
	}
	a := d.ref(c.left.column, c.right.kind)
	out := cel(a, " "+c.op+" "+celLiteral(c.right))
	switch {
	case guard && c.op == "!=" && !c.sql:
		return cel("(", a, " == null || ", out, ")")
	case guard:
		return cel("(", a, " != null && ", out, ")")
	}
	return out
}

func (d *draft) celIn(c *conditionNode, guard bool) celText {
	if len(c.list) == 0 {
		return cel("false")
	}
	kind := c.list[0].kind
	for _, o := range c.list {
		if o.kind != kind {
			if kind = text; o.kind != text && c.list[0].kind != text {
				kind = fraction
			}
		}
	}
	if kind == boolean {
		kind = text
	}
	a := d.ref(c.left.column, kind)
	parts := make([]string, len(c.list))
	for i, o := range c.list {
		if kind != text && kind != o.kind && !strings.Contains(o.value, ".") {
			o.value += ".0"
		}
		if kind == text {
			o.kind = text
		}
		parts[i] = celLiteral(o)
	}
	out := cel(a, " in ["+strings.Join(parts, ", ")+"]")
	if guard {
		return cel("(", a, " != null && ", out, ")")
	}
	return out
}

func celLiteral(o operand) string {
	if o.kind == text {
		return celString(o.value)
	}
	return o.value
}

// celString writes a text as a CEL literal.
func celString(s string) string {
	q := strconv.Quote(strings.ToValidUTF8(s, "\uFFFD"))
	body := strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(body, "'", `\'`) + "'"
}
