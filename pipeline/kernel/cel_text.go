package kernel

import (
	"bytes"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
)

// textPart is a method that gives another text and whose arguments are constants: substring(from),
// substring(from, to), replace(old, new). nil if it is not that.
func (c *vectorCompiler) textPart(name string, n *node, args []ast.Expr) *node {
	fixed := make([]*node, len(args))
	for k, a := range args {
		if fixed[k] = c.node(a); fixed[k] == nil || fixed[k].fixed == nil {
			return nil
		}
	}
	switch {
	case name == "replace" && len(fixed) == 2 && fixed[0].kind == textNode && fixed[1].kind == textNode:
		from, to := fixed[0].fixed.text, fixed[1].fixed.text
		if len(from) == 0 { // CEL puts to between all characters
			return nil
		}
		return &node{kind: textNode, eval: func(f *frame) vec {
			v := n.eval(f)
			return vec{known: v.known, text: f.write(func(dst []byte, i int) []byte { return appendReplaced(dst, cellOf(n, &v, i), from, to) })}
		}}
	case name == "substring" && len(fixed) >= 1 && len(fixed) <= 2 && fixed[0].kind == intNode:
		from, to := fixed[0].fixed.int, int64(-1)
		if len(fixed) == 2 {
			if to = fixed[1].fixed.int; fixed[1].kind != intNode || to < from {
				return nil
			}
		}
		if from < 0 {
			return nil
		}
		return &node{kind: textNode, eval: func(f *frame) vec {
			v := n.eval(f)
			return vec{known: v.known, text: f.write(func(dst []byte, i int) []byte {
				part, ok := substring(cellOf(n, &v, i), from, to)
				if !ok {
					f.unsure.Set(i)
				}
				return append(dst, part...)
			})}
		}}
	}
	return nil
}

// appendReplaced appends v with every old replaced.
func appendReplaced(dst, v, old, to []byte) []byte {
	for {
		at := bytes.Index(v, old)
		if at < 0 {
			return append(dst, v...)
		}
		dst = append(append(dst, v[:at]...), to...)
		v = v[at+len(old):]
	}
}

// substring is characters from..to-1, up to the end if to is -1. ok is false where the text is shorter, which is an error
// in CEL, or where it is not UTF-8.
func substring(v []byte, from, to int64) (part []byte, ok bool) {
	start, end := -1, -1
	at := 0
	for n := int64(0); ; n++ {
		if n == from {
			start = at
		}
		if n == to {
			end = at
			break
		}
		if at == len(v) {
			break
		}
		if v[at] < utf8.RuneSelf {
			at++
			continue
		}
		r, width := utf8.DecodeRune(v[at:])
		if r == utf8.RuneError && width == 1 {
			return nil, false
		}
		at += width
	}
	if to < 0 {
		end = at
	}
	if start < 0 || end < 0 {
		return nil, false
	}
	return v[start:end], true
}
