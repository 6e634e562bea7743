package entry

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxInteger is 2^53 - 1, the largest integer that every JSON reader keeps
// exactly (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2).
const maxInteger = 1<<53 - 1

// maxDepth bounds nesting so that hostile input cannot exhaust the stack; our
// deepest document (a proof) has seven levels.
const maxDepth = 32

// Canonical writes a value in the ledger's strict subset of RFC 8785: objects
// with printable ASCII keys in byte order, arrays, strings, booleans and
// integers within ±(2^53-1). There are no floats and no null.
//
// Values are string, bool, int, int64, uint64, []any, []string, map[string]any
// and map[string]string. Other types are errors that name the place.
func Canonical(v any) ([]byte, error) { return appendValue(nil, v, "$", 0) }

// Parse reads one canonical document. It accepts exactly the bytes that
// Canonical writes and nothing else: whitespace, another order of keys, another
// escape or a duplicate key are errors. Results are string, bool, int64, []any
// and map[string]any.
func Parse(data []byte) (any, error) {
	v, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	again, err := Canonical(v)
	if err != nil {
		return nil, err
	}
	if i := firstDifference(data, again); i >= 0 {
		return nil, fmt.Errorf("byte %d: not canonical JSON (RFC 8785): key order, spacing, an escape or a number is written another way", i)
	}
	return v, nil
}

// ParseObject is Parse for documents that must be an object.
func ParseObject(data []byte) (map[string]any, error) {
	v, err := Parse(data)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("byte 0: not a JSON object")
	}
	return m, nil
}

// Body turns a struct or a map into the body of an entry. Field names and
// omissions follow encoding/json; floats, nulls, keys outside printable ASCII
// and integers beyond ±(2^53-1) are errors that name the field.
func Body(v any) (map[string]any, error) {
	if v == nil {
		return map[string]any{}, nil
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return map[string]any{}, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("entry body: %w", err)
	}
	parsed, err := parseJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("entry body: %w; the ledger knows strings, booleans, integers, arrays and objects: write other numbers as strings and leave absent values out", err)
	}
	m, ok := parsed.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("entry body: %T is not an object", v)
	}
	if _, err := Canonical(m); err != nil {
		return nil, fmt.Errorf("entry body: %w", err)
	}
	return m, nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return n
	}
	return -1
}

func appendValue(dst []byte, v any, at string, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: nested deeper than %d levels", at, maxDepth)
	}
	switch v := v.(type) {
	case string:
		return appendString(dst, v, at)
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return appendInteger(dst, int64(v), at)
	case int64:
		return appendInteger(dst, v, at)
	case uint64:
		if v > maxInteger {
			return nil, fmt.Errorf("%s: integer %d is beyond 2^53-1", at, v)
		}
		return appendInteger(dst, int64(v), at)
	case []any:
		return appendArray(dst, len(v), func(i int) any { return v[i] }, at, depth)
	case []string:
		return appendArray(dst, len(v), func(i int) any { return v[i] }, at, depth)
	case map[string]any:
		return appendObject(dst, v, at, depth)
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, s := range v {
			m[k] = s
		}
		return appendObject(dst, m, at, depth)
	default:
		return nil, fmt.Errorf("%s: %T has no place in an entry; use string, bool, integer, array or object", at, v)
	}
}

func appendInteger(dst []byte, v int64, at string) ([]byte, error) {
	if v > maxInteger || v < -maxInteger {
		return nil, fmt.Errorf("%s: integer %d is beyond ±(2^53-1)", at, v)
	}
	return strconv.AppendInt(dst, v, 10), nil
}

func appendArray(dst []byte, n int, item func(int) any, at string, depth int) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendValue(dst, item(i), at+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendObject sorts by bytes, which for ASCII keys is RFC 8785's order by UTF-16 code units.
func appendObject(dst []byte, m map[string]any, at string, depth int) ([]byte, error) {
	names := make([]string, 0, len(m))
	for k := range m {
		if err := checkKey(k); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		names = append(names, k)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	var err error
	for i, k := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendString(dst, k, at); err != nil {
			return nil, err
		}
		dst = append(dst, ':')
		if dst, err = appendValue(dst, m[k], at+"."+k, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func checkKey(k string) error {
	if k == "" {
		return errors.New("an object key is empty")
	}
	for i := range len(k) {
		if k[i] < 0x20 || k[i] > 0x7e {
			return fmt.Errorf("object key %q is not printable ASCII", k)
		}
	}
	return nil
}

// appendString escapes as RFC 8785 section 3.2.2.2 says: the two-character
// escapes where JSON has them, \u00xx in lower case for other controls,
// everything else as it is.
func appendString(dst []byte, s, at string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%s: text is not valid UTF-8", at)
	}
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, '"'), nil
}
