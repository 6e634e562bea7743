package csv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomGB18030 = []byte{0x84, 0x31, 0x95, 0x33}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
)

// ErrEmpty is in the chain of the error for an object without any line.
var ErrEmpty = errors.New("the file is empty")

// ErrNotText is in the chain of the error for a file of another format.
var ErrNotText = errors.New("this is no delimited text")

// otherFormats are the first bytes of what departments deliver under the name of a
// CSV file. Only signatures that no text begins with stand here: a header may begin
// with PAR1, and only in Parquet a page header follows, whose first byte is 15.
var otherFormats = []struct{ magic, kind string }{
	{"PK\x03\x04", "it is an Excel workbook (.xlsx) or a ZIP archive; have the sheet saved as CSV, or unpack the archive"},
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "it is an Excel workbook of the old kind (.xls); have the sheet saved as CSV"},
	{"\x1F\x8B", "it is compressed with gzip; unpack it"},
	{"\x28\xB5\x2F\xFD", "it is compressed with Zstandard; unpack it"},
	{"BZh91AY", "it is compressed with bzip2; unpack it"},
	{"7z\xBC\xAF\x27\x1C", "it is a 7z archive; unpack it"},
	{"Rar!\x1A\x07", "it is a RAR archive; unpack it"},
	{"PAR1\x15", "it is a Parquet file; have it exported as CSV"},
	{"%PDF-", "it is a PDF document; ask for the table itself as CSV"},
	{"SQLite format 3\x00", "it is an SQLite database; have the table exported as CSV"},
}

// otherFormat says what a file is by its first bytes; empty if it may be text.
func otherFormat(head []byte) string {
	for _, f := range otherFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.kind
		}
	}
	return ""
}

// readHead looks at the head of the object: byte order mark, encoding,
// delimiter, header. What follows the header stays in the input.
func (r *Reader) readHead() error {
	if err := r.in.ensure(headSize); err != nil {
		return err
	}
	head := r.in.ahead(headSize)
	if len(head) == 0 {
		return fmt.Errorf("%w: not even a header line; ask for the delivery again", ErrEmpty)
	}
	if kind := otherFormat(head); kind != "" {
		return fmt.Errorf("%w: %s", ErrNotText, kind)
	}
	bom, err := r.byteOrderMark(head)
	if err != nil {
		return err
	}
	r.in.from += bom
	r.offset += int64(bom)
	if err := r.chooseEncoding(); err != nil {
		return err
	}
	head = r.in.ahead(headSize)
	eof := r.in.drained(headSize)
	if err := r.chooseDelimiter(head, eof); err != nil {
		return err
	}
	r.split.ambiguous = r.encoding == gb18030 && r.split.delim >= 0x30
	return r.readHeader(head, eof)
}

// byteOrderMark returns the length of the mark and settles what it says.
func (r *Reader) byteOrderMark(head []byte) (int, error) {
	utf16 := func(kind, how string) error {
		return fmt.Errorf("the file is %s (%s), which is not read yet; have it saved as UTF-8 or GB18030", kind, how)
	}
	switch {
	case bytes.HasPrefix(head, bomUTF8):
		r.detected.BOM = true
		r.encoding, r.how[0] = utf8Encoding, "utf-8 by its byte order mark"
		return len(bomUTF8), nil
	case bytes.HasPrefix(head, bomGB18030):
		r.detected.BOM = true
		r.encoding, r.how[0] = gb18030, "gb18030 by its byte order mark"
		return len(bomGB18030), nil
	case bytes.HasPrefix(head, bomUTF16LE):
		return 0, utf16("UTF-16LE", "byte order mark FF FE")
	case bytes.HasPrefix(head, bomUTF16BE):
		return 0, utf16("UTF-16BE", "byte order mark FE FF")
	}
	even, odd := 0, 0
	sample := head[:min(len(head), 4096)]
	for i, b := range sample {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	// UTF-16 that begins with ASCII has NUL in every other byte; text that we read has none.
	if len(sample) >= 8 && max(even, odd) > len(sample)/4 && min(even, odd) <= len(sample)/16 {
		switch {
		case even > odd && sample[0] == 0:
			return 0, utf16("UTF-16BE", "NUL in every other byte")
		case odd > even && sample[1] == 0:
			return 0, utf16("UTF-16LE", "NUL in every other byte")
		}
	}
	return 0, nil
}

// chooseEncoding settles the encoding by what the officer said or by a look at the first characters
// that are not ASCII; if the head has none, it stays undecided.
func (r *Reader) chooseEncoding() error {
	said := strings.ToLower(r.opts.Encoding)
	switch said {
	case "", "auto":
		if r.encoding != undecided {
			return nil
		}
		r.how[0] = "only ASCII so far, read as utf-8"
		return r.decideLate(headSize)
	case "utf-8", "utf8":
		r.encoding = utf8Encoding
	case "gb18030", "gbk", "gb2312":
		if r.detected.BOM && r.encoding == utf8Encoding {
			return fmt.Errorf("the contract says encoding %s, but the file begins with the byte order mark of UTF-8; write encoding: auto", said)
		}
		r.encoding = gb18030
	default:
		return fmt.Errorf("encoding %q is not known; write auto, utf-8, gb18030 or gbk", r.opts.Encoding)
	}
	r.how[0] = said + " as the contract says"
	return nil
}

// readHeader reads the header record and takes it out of the input.
func (r *Reader) readHeader(head []byte, eof bool) error {
	for {
		k := bytes.IndexByte(head, '\n')
		if k < 0 && (len(head) == 0 || isBlank(head)) {
			return fmt.Errorf("%w: it has only blank lines, not even a header; ask for the delivery again", ErrEmpty)
		}
		if k < 0 || !isBlank(head[:k]) {
			break
		}
		head = head[k+1:]
		r.take(k+1, 1)
	}
	end, lines, f, whole := r.split.first(head, eof)
	if !whole {
		return fmt.Errorf("%w: the header on line %d does not end within %d bytes; check that the file is delimited text", ErrRecordTooLong, r.line, len(head))
	}
	if f.code != "" { // quotes in a wrong encoding or in no text at all say nothing: that comes first
		line := head
		if k := bytes.IndexByte(head, '\n'); k >= 0 {
			line = head[:k]
		}
		if _, err := r.headerText(line); err != nil {
			return err
		}
		return fmt.Errorf("header on line %d: %s", r.line, f.message())
	}
	text, err := r.headerText(head[:end])
	if err != nil {
		return err
	}
	r.header = cells(text, r.split.delim)
	if err := checkHeader(r.header, r.line); err != nil {
		return err
	}
	r.split.blanks = len(r.header) == 1
	r.take(end, lines)
	return nil
}

// headerText is the header as UTF-8.
func (r *Reader) headerText(raw []byte) ([]byte, error) {
	if k := bytes.IndexByte(raw, 0); k >= 0 {
		return nil, fmt.Errorf("header on line %d: NUL at byte %d; this is no text file", r.line, k)
	}
	if r.encoding == gb18030 {
		text, bad := appendUTF8(nil, raw, nil)
		if len(bad) > 0 {
			return nil, fmt.Errorf("header on line %d: byte %d is not valid GB18030; name the encoding in the contract", r.line, bad[0].raw)
		}
		return text, nil
	}
	if at := firstInvalid(raw); at < len(raw) {
		return nil, fmt.Errorf("header on line %d: byte %d is not valid UTF-8; name the encoding in the contract (gb18030?)", r.line, at)
	}
	return raw, nil
}

func (r *Reader) take(n, lines int) {
	r.in.from += n
	r.offset += int64(n)
	r.line += int64(lines)
}

// first finds the end of the first record of w, its LF included.
func (s *splitter) first(w []byte, eof bool) (end, lines int, f fault, whole bool) {
	one := *s
	one.blanks = true
	p, start := 0, 0
	for {
		k := bytes.IndexByte(w[p:], '\n')
		if k < 0 && !eof {
			return 0, 0, f, false
		}
		stop := len(w)
		if k >= 0 {
			stop = p + k
		}
		q := bytes.IndexByte(w[p:stop], '"')
		if q < 0 {
			return min(stop+1, len(w)), lines + 1, f, true
		}
		f, next, breaks, ok := one.quoted(w, start, p+q, eof)
		if !ok {
			return 0, 0, f, false
		}
		if f.code != "" {
			return 0, 0, f, true
		}
		lines += breaks
		p = next
	}
}

// cells splits one well-formed record, in UTF-8, into trimmed cells.
func cells(rec []byte, delim byte) []string {
	rec = bytes.TrimSuffix(rec, []byte{'\n'})
	rec = bytes.TrimSuffix(rec, []byte{'\r'})
	var out []string
	for {
		var cell []byte
		if len(rec) > 0 && rec[0] == '"' {
			p := 1
			for p < len(rec) && (rec[p] != '"' || p+1 < len(rec) && rec[p+1] == '"') {
				if rec[p] == '"' {
					p++
				}
				p++
			}
			cell = bytes.ReplaceAll(rec[1:min(p, len(rec))], []byte(`""`), []byte(`"`))
			rec = rec[min(p+1, len(rec)):]
		} else {
			p := bytes.IndexByte(rec, delim)
			if p < 0 {
				p = len(rec)
			}
			cell, rec = rec[:p], rec[p:]
		}
		out = append(out, strings.TrimFunc(string(cell), isHeaderSpace))
		if len(rec) == 0 {
			return out
		}
		rec = rec[1:]
	}
}

// isHeaderSpace tells what is trimmed from column names: white space and the invisible marks that
// spreadsheets leave.
func isHeaderSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B'
}

func checkHeader(header []string, line int64) error {
	seen := make(map[string]int, len(header))
	for i, name := range header {
		if name == "" {
			return fmt.Errorf("header on line %d: column %d of %d has no name; ask the department for a header that names every column", line, i+1, len(header))
		}
		if first, dup := seen[name]; dup {
			return fmt.Errorf("header on line %d: columns %d and %d are both named %q; ask the department for distinct names", line, first+1, i+1, name)
		}
		seen[name] = i
	}
	return nil
}
