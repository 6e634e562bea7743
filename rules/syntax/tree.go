package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yamlerrors "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"clearwell/rules/wording"
)

// MaxFile is the most bytes of one file. A contract of a thousand fields fits
// in; larger code tables stand in CSV files. The YAML parser takes time
// quadratic in the keys of a block: some seconds for a file of this size that is all keys.
const MaxFile = 512 << 10

// maxDepth is the deepest nesting, so that no file exhausts a parser's stack.
const maxDepth = 64

// Shape is the shape of a node.
type Shape uint8

// The shapes.
const (
	Null   Shape = iota // nothing, ~ or null
	Scalar              // text
	List
	Map
)

func (s Shape) String() string { return string(shapeNames[s]) }

// In says the shape in lang.
func (s Shape) In(lang string) string { return shapeNames[s].In(lang) }

var shapeNames = []wording.Phrase{"nothing", "a single value", "a list", "a block of keys"}

// Node is one value of a YAML file.
type Node struct {
	Shape   Shape
	Text    string // of a scalar: as typed, quotes and escapes resolved; of a null: as typed
	Quoted  bool   // the scalar stands in quotes or is a block of text
	Pos     Pos
	Content Pos // where Text begins in the file, for places inside it; zero if they do not map one to one
	Indent  int // of a block of text: columns before each of its lines
	Entries []Entry
	Items   []*Node

	told bool // what is wrong with it has been reported
}

// Entry is one key of a map, in file order.
type Entry struct {
	Key    string
	KeyPos Pos
	Value  *Node
}

// At maps a place inside a scalar's text (line and column from 1) to its place in the file.
func (n *Node) At(line, column int) Pos { return place(n.Pos, n.Content, n.Indent, line, column) }

func place(at, content Pos, indent, line, column int) Pos {
	switch {
	case content.Line == 0:
		return at
	case line <= 1:
		return Pos{content.Line, content.Column + column - 1}
	case indent > 0:
		return Pos{content.Line + line - 1, indent + column}
	}
	return at
}

// Parse reads one YAML document. Problems go to r; the node is nil if the file
// could not be read as YAML at all. Anchors, aliases, merge keys and tags are
// refused: what a contract says stands where it is said.
func Parse(data []byte, r *Report) (root *Node) {
	if len(data) > MaxFile {
		r.Addf(Pos{}, "the file has %d bytes, the most is %d; put large code tables into CSV files and name them with file:", len(data), MaxFile)
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at := invalidUTF8(data); at.Line > 0 {
		r.Addf(at, "this is not UTF-8; save the file as UTF-8")
		return nil
	}
	scan := scanSigns(data, r)
	if scan.tooDeep.Line > 0 {
		r.Addf(scan.tooDeep, "nested deeper than %d levels", maxDepth)
		return nil
	}
	defer func() {
		if e := recover(); e != nil { // the YAML parser has known panics on odd input
			r.Addf(Pos{Line: 1, Column: 1}, "cannot be read as YAML (%v)", firstLine(fmt.Sprint(e)))
			root = nil
		}
	}()
	file, err := parser.ParseBytes(scan.text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		b := &builder{report: r, scan: scan}
		at, problem := b.syntaxError(err)
		if len(r.All) == 0 || !scan.found { // a sign already reported is the likely cause
			r.Addf(at, "YAML: %s", problem)
		}
		return nil
	}
	b := &builder{report: r, scan: scan}
	for i, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root == nil && i == 0:
			root = b.node(doc.Body, 0)
		default:
			r.Addf(b.pos(doc.Body.GetToken()), "a second document begins here; one file holds one")
		}
	}
	if root == nil && len(r.All) == 0 {
		r.Addf(Pos{Line: 1, Column: 1}, "the file is empty")
	}
	return root
}

func invalidUTF8(data []byte) Pos {
	if utf8.Valid(data) {
		return Pos{}
	}
	at := Pos{1, 1}
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		if c == utf8.RuneError && n == 1 {
			break
		}
		if at.Column++; c == '\n' {
			at = Pos{at.Line + 1, 1}
		}
		data = data[n:]
	}
	return at
}

// builder turns the parser's tree into Nodes.
type builder struct {
	report *Report
	scan   signScan
}

func (b *builder) pos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{1, 1}
	}
	return b.scan.original(Pos{max(t.Position.Line, 1), max(t.Position.Column, 1)})
}

func (b *builder) syntaxError(err error) (Pos, any) {
	var s yamlerrors.Error
	if errors.As(err, &s) {
		return b.pos(s.GetToken()), parserWords(firstLine(s.GetMessage()))
	}
	return Pos{1, 1}, parserWords(firstLine(err.Error()))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func (b *builder) node(n ast.Node, depth int) *Node {
	if n == nil {
		return &Node{Pos: Pos{1, 1}}
	}
	at := b.pos(n.GetToken())
	if depth > maxDepth {
		b.report.Addf(at, "nested deeper than %d levels", maxDepth)
		return &Node{Pos: at, told: true}
	}
	switch n := n.(type) {
	case *ast.NullNode:
		text := n.GetToken().Value
		if n.GetToken().Type == token.ImplicitNullType {
			text = ""
		}
		return &Node{Shape: Null, Text: text, Pos: at}
	case *ast.MappingNode:
		if n.Start != nil && n.Start.Type != token.MappingStartType && len(n.Values) > 0 {
			at = b.pos(n.Values[0].Key.GetToken())
		}
		return b.entries(&Node{Shape: Map, Pos: at}, n.Values, depth)
	case *ast.MappingValueNode:
		return b.entries(&Node{Shape: Map, Pos: b.pos(n.Key.GetToken())}, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		list := &Node{Shape: List, Pos: at}
		for _, item := range n.Values {
			list.Items = append(list.Items, b.node(item, depth+1))
		}
		return list
	case *ast.LiteralNode:
		return b.block(n, at)
	case *ast.StringNode:
		return b.text(n, at)
	case *ast.AnchorNode:
		b.report.Addf(at, "anchors (&) are not read here; take it out, or put quotes around a text that begins with this sign")
		return b.node(n.Value, depth+1)
	case *ast.AliasNode:
		b.report.Addf(at, "aliases (*) are not read here; write the value out, or put quotes around a text that begins with this sign")
		return &Node{Pos: at, told: true}
	case *ast.TagNode:
		b.report.Addf(at, "tags (!) are not read here; take it out, or put quotes around a text that begins with this sign")
		return b.node(n.Value, depth+1)
	case ast.ScalarNode: // numbers, booleans, .inf: the text as typed
		return &Node{Shape: Scalar, Text: n.GetToken().Value, Pos: at, Content: at}
	}
	b.report.Addf(at, "this kind of YAML is not read here")
	return &Node{Pos: at, told: true}
}

func (b *builder) text(n *ast.StringNode, at Pos) *Node {
	out := &Node{Shape: Scalar, Text: n.Value, Pos: at}
	origin := strings.TrimSpace(n.GetToken().Origin)
	switch n.GetToken().Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		out.Quoted = true
		if !strings.ContainsAny(n.Value, "'\"\\\n") && !strings.ContainsAny(origin, "\\\n") {
			out.Content = Pos{at.Line, at.Column + 1}
		}
	default:
		if !strings.Contains(origin, "\n") {
			out.Content = at
		}
	}
	return out
}

// block is a literal (|) or folded (>) text; only a literal one keeps its lines.
func (b *builder) block(n *ast.LiteralNode, at Pos) *Node {
	out := &Node{Shape: Scalar, Quoted: true, Pos: at, Text: n.Value.Value}
	if n.GetToken().Type != token.LiteralType {
		return out
	}
	first, _, _ := strings.Cut(n.Value.GetToken().Origin, "\n")
	if indent := len(first) - len(strings.TrimLeft(first, " ")); indent > 0 {
		out.Content, out.Indent = Pos{at.Line + 1, indent + 1}, indent
	}
	return out
}

func (b *builder) entries(out *Node, values []*ast.MappingValueNode, depth int) *Node {
	seen := make(map[string]Pos, len(values))
	for _, v := range values {
		at := b.pos(v.Key.GetToken())
		key, ok := v.Key.(ast.ScalarNode)
		if !ok || v.Key.IsMergeKey() {
			b.report.Addf(at, "a key must be a plain word; merge keys and complex keys are not read here")
			continue
		}
		text := key.GetToken().Value
		if s, ok := key.(*ast.StringNode); ok {
			text = s.Value
		}
		if first, twice := seen[text]; twice {
			b.report.Addf(at, "the key %q stands twice here; the first one is on line %d", text, first.Line)
			continue
		}
		seen[text] = at
		out.Entries = append(out.Entries, Entry{Key: text, KeyPos: at, Value: b.node(v.Value, depth+1)})
	}
	return out
}
