package interchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"clearwell/rules/syntax"
)

// maxJSON is the most bytes of a JSON file: suites that profilers wrote have some megabytes.
const maxJSON = 16 << 20

// maxDepth is the deepest nesting of a JSON file that is read.
const maxDepth = 128

// tree is a foreign file, and what of it has been read.
type tree struct {
	file string
	root node
	read map[*syntax.Node]bool // the node itself was looked at
	done map[*syntax.Node]bool // it and all below it are dealt with
}

// node is one value of the tree with the way to it. The zero node is what is not there.
type node struct {
	*syntax.Node
	tree    *tree
	pointer string // JSON pointer, RFC 6901
}

// Place is a place in a foreign file.
type Place struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901), "" is the whole file
}

// String is the place as compilers write it, with the pointer behind.
func (p Place) String() string {
	return fmt.Sprintf("%s:%d:%d (%s)", p.File, p.Line, p.Column, or(p.Pointer, "/"))
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// parseTree reads JSON or YAML.
func parseTree(file string, data []byte) (*tree, error) {
	t := &tree{file: file, read: map[*syntax.Node]bool{}, done: map[*syntax.Node]bool{}}
	r := &syntax.Report{File: file}
	var root *syntax.Node
	if looksLikeJSON(data) {
		root = parseJSON(data, r)
	} else {
		root = syntax.Parse(data, r)
	}
	if err := r.All.Err(); err != nil {
		return nil, err
	}
	if root == nil {
		return nil, fmt.Errorf("%s is empty", file)
	}
	t.root = node{Node: root, tree: t}
	return t, nil
}

func looksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

// jsonReader reads JSON into nodes with places.
type jsonReader struct {
	dec   *json.Decoder
	data  []byte
	lines []int // offsets at which lines begin
}

func parseJSON(data []byte, r *syntax.Report) *syntax.Node {
	if len(data) > maxJSON {
		r.Addf(syntax.Pos{}, "the file has %d bytes, the most is %d; split it", len(data), maxJSON)
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	j := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			j.lines = append(j.lines, i+1)
		}
	}
	j.dec.UseNumber()
	n, err := j.value(0)
	if err == nil {
		if _, more := j.dec.Token(); more != io.EOF {
			err = errors.New("something stands behind the end of the JSON value")
		}
	}
	if err != nil {
		at := j.skip()
		var wrong *json.SyntaxError
		if errors.As(err, &wrong) {
			at = max(int(wrong.Offset)-1, at)
		}
		if errors.Is(err, io.EOF) {
			err = errors.New("it ends too early")
		}
		r.Addf(j.pos(at), "cannot be read as JSON: %v", err)
		return nil
	}
	return n
}

// pos is the place of an offset.
func (j *jsonReader) pos(offset int) syntax.Pos {
	offset = min(offset, len(j.data))
	line := sort.SearchInts(j.lines, offset+1)
	return syntax.Pos{Line: line, Column: utf8.RuneCount(j.data[j.lines[line-1]:offset]) + 1}
}

// skip is the offset of the next token.
func (j *jsonReader) skip() int {
	at := int(j.dec.InputOffset())
	for at < len(j.data) && strings.IndexByte(" \t\r\n,:", j.data[at]) >= 0 {
		at++
	}
	return at
}

// next is the place of the next token.
func (j *jsonReader) next() syntax.Pos { return j.pos(j.skip()) }

func (j *jsonReader) value(depth int) (*syntax.Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	n := &syntax.Node{Pos: j.next()}
	token, err := j.dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case nil:
		n.Text = "null"
	case bool:
		n.Shape, n.Text = syntax.Scalar, strconv.FormatBool(v)
	case json.Number:
		n.Shape, n.Text = syntax.Scalar, v.String()
	case string:
		n.Shape, n.Text, n.Quoted = syntax.Scalar, v, true
	case json.Delim:
		if v == '[' {
			n.Shape = syntax.List
			for j.dec.More() {
				item, err := j.value(depth + 1)
				if err != nil {
					return nil, err
				}
				n.Items = append(n.Items, item)
			}
		} else {
			n.Shape = syntax.Map
			for j.dec.More() {
				at := j.next()
				key, err := j.dec.Token()
				if err != nil {
					return nil, err
				}
				item, err := j.value(depth + 1)
				if err != nil {
					return nil, err
				}
				n.Entries = append(n.Entries, syntax.Entry{Key: key.(string), KeyPos: at, Value: item})
			}
		}
		if _, err := j.dec.Token(); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// there reports whether the value is there and not null.
func (n node) there() bool { return n.Node != nil && n.Shape != syntax.Null }

// place is where the value stands.
func (n node) place() Place {
	p := Place{Pointer: n.pointer}
	if n.tree != nil {
		p.File = n.tree.file
	}
	if n.Node != nil {
		p.Line, p.Column = n.Pos.Line, n.Pos.Column
	}
	return p
}

var pointerSigns = strings.NewReplacer("~", "~0", "/", "~1")

// under is a node below n.
func (n node) under(key string, m *syntax.Node) node {
	return node{m, n.tree, n.pointer + "/" + pointerSigns.Replace(key)}
}

// get is the value of a key, which counts as read. Of a key that stands twice it is the last one, as JSON readers have it.
func (n node) get(keys ...string) node {
	if n.Node == nil {
		return node{}
	}
	n.tree.read[n.Node] = true
	for _, key := range keys {
		for i := len(n.Entries) - 1; i >= 0; i-- {
			if e := n.Entries[i]; e.Key == key {
				n.tree.read[e.Value] = true
				return n.under(key, e.Value)
			}
		}
	}
	return node{}
}

// has reports whether a map has a key.
func (n node) has(key string) bool {
	if n.Node == nil {
		return false
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return true
		}
	}
	return false
}

// items are the values of a list; a single value is a list of one.
func (n node) items() []node {
	if !n.there() {
		return nil
	}
	n.tree.read[n.Node] = true
	if n.Shape != syntax.List {
		return []node{n}
	}
	out := make([]node, len(n.Items))
	for i, item := range n.Items {
		n.tree.read[item] = true
		out[i] = n.under(strconv.Itoa(i), item)
	}
	return out
}

// named is one entry of a map.
type named struct {
	key   string
	value node
}

// entries are the keys of a map with their values, all of which count as read.
func (n node) entries() []named {
	if n.Node == nil {
		return nil
	}
	n.tree.read[n.Node] = true
	var out []named
	for _, e := range n.Entries {
		n.tree.read[e.Value] = true
		out = append(out, named{e.Key, n.under(e.Key, e.Value)})
	}
	return out
}

// text is the text of a scalar, empty for anything else.
func (n node) text() string {
	if n.Node == nil || n.Shape != syntax.Scalar {
		return ""
	}
	n.tree.read[n.Node] = true
	return n.Text
}

// isTrue reports whether the value is the word true.
func (n node) isTrue() bool { return strings.EqualFold(n.text(), "true") }

// isNumber reports whether the value is a number and no text.
func (n node) isNumber() bool {
	if n.Node == nil || n.Shape != syntax.Scalar || n.Quoted {
		return false
	}
	return plainNumber(n.Text)
}

// plainNumber reports whether s is a decimal number.
func plainNumber(s string) bool {
	digits := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case (c == '-' || c == '+') && (i == 0 || s[i-1] == 'e' || s[i-1] == 'E'):
		case c == '.' || digits && (c == 'e' || c == 'E'):
		default:
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return digits && err == nil
}

// isBool reports whether the value is true or false and no text.
func (n node) isBool() bool {
	return n.Node != nil && n.Shape == syntax.Scalar && !n.Quoted && (n.Text == "true" || n.Text == "false")
}

// finish marks the value and all below it as dealt with.
func (n node) finish() {
	if n.Node != nil {
		n.tree.read[n.Node], n.tree.done[n.Node] = true, true
	}
}

// unread lists what nobody looked at, at the highest level.
func (t *tree) unread() []node {
	var out []node
	var walk func(n node)
	walk = func(n node) {
		switch {
		case t.done[n.Node]:
		case !t.read[n.Node]:
			out = append(out, n)
		default:
			for _, e := range n.Entries {
				walk(n.under(e.Key, e.Value))
			}
			for i, item := range n.Items {
				walk(n.under(strconv.Itoa(i), item))
			}
		}
	}
	walk(t.root)
	return out
}

// keyed is the last part of a pointer.
func keyed(pointer string) string {
	_, last, _ := cutLast(pointer, "/")
	return last
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// asJSON writes the value as JSON, for schemas that are copied.
func (n node) asJSON() any {
	switch n.Shape {
	case syntax.Scalar:
		switch {
		case n.isBool():
			return n.Text == "true"
		case n.isNumber():
			return json.Number(n.Text)
		}
		return n.Text
	case syntax.List:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, n.under("", item).asJSON())
		}
		return out
	case syntax.Map:
		out := map[string]any{}
		for _, e := range n.Entries {
			out[e.Key] = n.under(e.Key, e.Value).asJSON()
		}
		return out
	}
	return nil
}
