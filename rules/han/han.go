// Package han converts Chinese text between traditional and simplified
// characters by the dictionaries of OpenCC: the longest phrase that begins at a
// place decides, else the character. Phrases are what keeps 乾隆 from becoming
// 干隆 and tells 发 (發 or 髮) apart.
//
// It is character conversion, not translation of words between regions, and it is
// no repair of names: a person whose registered name has a traditional character
// gets another name. Start at Simplify and Traditionalize.
package han

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"
	"unicode/utf8"
)

var (
	//go:embed tables/simplify.tsv.gz
	simplifyTable []byte
	//go:embed tables/traditionalize.tsv.gz
	traditionalizeTable []byte
)

var (
	toSimplified  = sync.OnceValue(func() *converter { return load(simplifyTable) })
	toTraditional = sync.OnceValue(func() *converter { return load(traditionalizeTable) })
)

// A Converter appends the converted form of src to dst and says whether it
// differs; with false, what was appended is to be ignored. It is safe for
// concurrent use and allocates nothing but what dst needs to grow.
type Converter func(dst, src []byte) ([]byte, bool)

// Simplify converts traditional characters to simplified ones.
func Simplify() Converter { return toSimplified().convert }

// Traditionalize converts simplified characters to traditional ones. Where a
// simplified character stands for several and no phrase decides, it is the most common one.
func Traditionalize() Converter { return toTraditional().convert }

// The block of Han characters of the Basic Multilingual Plane, from extension A
// to the compatibility ideographs.
const (
	firstHan = 0x3400
	lastHan  = 0xFAFF
)

// converter is one direction. It is immutable.
type converter struct {
	char    [lastHan - firstHan + 1]rune // 0: stays
	far     map[rune]rune                // characters beyond the plane
	phrase  map[string]string
	longest map[rune]int // bytes of the longest phrase by its first character
	leads   [(lastHan-firstHan)/64 + 1]uint64
}

func load(packed []byte) *converter {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("han: embedded table: " + err.Error()) // written by generate.go: cannot happen
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic("han: embedded table: " + err.Error())
	}
	c := &converter{far: map[rune]rune{}, phrase: map[string]string{}, longest: map[rune]int{}}
	for line := range bytes.Lines(text) {
		from, to, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		first, width := utf8.DecodeRune(from)
		into, _ := utf8.DecodeRune(to)
		switch {
		case width < len(from):
			c.phrase[string(from)] = string(to)
			c.longest[first] = max(c.longest[first], len(from))
			if first >= firstHan && first <= lastHan {
				c.leads[(first-firstHan)>>6] |= 1 << ((first - firstHan) & 63)
			}
		case first >= firstHan && first <= lastHan:
			c.char[first-firstHan] = into
		default:
			c.far[first] = into
		}
	}
	return c
}

func (c *converter) convert(dst, src []byte) ([]byte, bool) {
	start, done := len(dst), 0 // src[:done] is in dst
	for i := 0; i < len(src); {
		if src[i] < 0xE3 { // below U+3000: no Han character
			i++
			continue
		}
		r, width := utf8.DecodeRune(src[i:])
		if r < firstHan || r > lastHan {
			if to := c.far[r]; r > 0xFFFF && to != 0 {
				dst = utf8.AppendRune(append(dst, src[done:i]...), to)
				done = i + width
			}
			i += width
			continue
		}
		at := r - firstHan
		if c.leads[at>>6]>>(at&63)&1 != 0 {
			if n, to := c.longestPhrase(src[i:], c.longest[r], width); n > 0 {
				dst = append(append(dst, src[done:i]...), to...)
				i += n
				done = i
				continue
			}
		}
		if to := c.char[at]; to != 0 {
			dst = utf8.AppendRune(append(dst, src[done:i]...), to)
			done = i + width
		}
		i += width
	}
	if done == 0 {
		return dst, false
	}
	dst = append(dst, src[done:]...)
	return dst, !bytes.Equal(dst[start:], src)
}

// longestPhrase is the longest phrase that src begins with, of more than least
// bytes: its length and what it becomes. n is 0 if there is none.
func (c *converter) longestPhrase(src []byte, longest, least int) (n int, to string) {
	for n = min(longest, len(src)); n > least; n-- {
		if n < len(src) && !utf8.RuneStart(src[n]) {
			continue
		}
		if to, ok := c.phrase[string(src[:n])]; ok {
			return n, to
		}
	}
	return 0, ""
}
