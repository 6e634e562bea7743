package entry

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// parser reads RFC 8259 JSON without floats, null and duplicate keys. Whether
// the bytes are canonical is decided by writing the value again (Parse).
type parser struct {
	data []byte
	pos  int
}

func parseJSON(data []byte) (any, error) {
	p := &parser{data: data}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(data) {
		return nil, p.errorf("something follows the end of the document")
	}
	return v, nil
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", p.pos, fmt.Sprintf(format, args...))
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, p.errorf("nested deeper than %d levels", maxDepth)
	}
	p.space()
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.text()
	case c == '-' || c >= '0' && c <= '9':
		return p.integer()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, p.errorf("null is not allowed; leave the member out")
	default:
		return nil, p.errorf("a JSON value is expected")
	}
}

func (p *parser) word(w string) bool {
	if len(p.data)-p.pos >= len(w) && string(p.data[p.pos:p.pos+len(w)]) == w {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *parser) object(depth int) (any, error) {
	p.pos++
	m := map[string]any{}
	for p.space(); p.peek() != '}'; p.space() {
		if len(m) > 0 {
			if p.peek() != ',' {
				return nil, p.errorf("a comma or the end of the object is expected")
			}
			p.pos++
			p.space()
		}
		if p.peek() != '"' {
			return nil, p.errorf("an object key is expected")
		}
		k, err := p.text()
		if err != nil {
			return nil, err
		}
		if err := checkKey(k); err != nil {
			return nil, p.errorf("%v", err)
		}
		if _, twice := m[k]; twice {
			return nil, p.errorf("key %q stands twice in one object", k)
		}
		if p.space(); p.peek() != ':' {
			return nil, p.errorf("a colon is expected after key %q", k)
		}
		p.pos++
		if m[k], err = p.value(depth + 1); err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
	}
	p.pos++
	return m, nil
}

func (p *parser) array(depth int) (any, error) {
	p.pos++
	list := []any{}
	for p.space(); p.peek() != ']'; p.space() {
		if len(list) > 0 {
			if p.peek() != ',' {
				return nil, p.errorf("a comma or the end of the array is expected")
			}
			p.pos++
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	p.pos++
	return list, nil
}

func (p *parser) integer() (any, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	digits := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	if p.pos == digits {
		return nil, p.errorf("a digit is expected")
	}
	if c := p.peek(); c == '.' || c == 'e' || c == 'E' {
		return nil, p.errorf("numbers with fraction or exponent are not allowed; write them as text")
	}
	text := string(p.data[start:p.pos])
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v > maxInteger || v < -maxInteger {
		return nil, p.errorf("integer %s is beyond ±(2^53-1)", text)
	}
	if p.data[digits] == '0' && p.pos-digits > 1 || text == "-0" {
		return nil, p.errorf("integer %s is written another way", text)
	}
	return v, nil
}

func (p *parser) text() (string, error) {
	p.pos++
	var out []byte
	for {
		if p.pos >= len(p.data) {
			return "", p.errorf("a text is never closed")
		}
		c := p.data[p.pos]
		switch {
		case c == '"':
			p.pos++
			return string(out), nil
		case c == '\\':
			var err error
			if out, err = p.escape(out); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", p.errorf("a control character stands in a text")
		case c < utf8.RuneSelf:
			out = append(out, c)
			p.pos++
		default:
			r, n := utf8.DecodeRune(p.data[p.pos:])
			if r == utf8.RuneError && n == 1 {
				return "", p.errorf("text is not valid UTF-8")
			}
			out = append(out, p.data[p.pos:p.pos+n]...)
			p.pos += n
		}
	}
}

func (p *parser) escape(out []byte) ([]byte, error) {
	p.pos++
	c := p.peek()
	p.pos++
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
		r, err := p.hex4()
		if err != nil {
			return nil, err
		}
		if utf16.IsSurrogate(r) {
			if !p.word(`\u`) {
				return nil, p.errorf("half of a surrogate pair")
			}
			low, err := p.hex4()
			if err != nil {
				return nil, err
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, p.errorf("half of a surrogate pair")
			}
		}
		return utf8.AppendRune(out, r), nil
	default:
		return nil, p.errorf("unknown escape")
	}
}

func (p *parser) hex4() (rune, error) {
	if len(p.data)-p.pos < 4 {
		return 0, p.errorf("\\u needs four hexadecimal digits")
	}
	v, err := strconv.ParseUint(string(p.data[p.pos:p.pos+4]), 16, 16)
	if err != nil {
		return 0, p.errorf("\\u needs four hexadecimal digits")
	}
	p.pos += 4
	return rune(v), nil
}
