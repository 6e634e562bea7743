package syntax

import (
	"bytes"
	"strings"

	"clearwell/rules/wording"
)

// signScan is what a look at the raw lines gave: full-width signs that stand
// where YAML needs the ASCII one, and the text with them replaced, so that the
// rest of the file can be read and checked too.
type signScan struct {
	text    []byte
	found   bool
	shifts  []shift
	tooDeep Pos
}

// shift notes that from column on, line has extra more characters than the file.
type shift struct {
	line, column, extra int
}

// original maps a place in the replaced text to its place in the file.
func (s *signScan) original(p Pos) Pos {
	moved := 0
	for _, sh := range s.shifts {
		if sh.line == p.Line && p.Column > sh.column {
			moved += sh.extra
		}
	}
	p.Column = max(1, p.Column-moved)
	return p
}

// asciiFor gives the ASCII sign for a full-width one that is an error where structure is expected.
var asciiFor = map[rune]string{
	'：': ":", '，': ",", '“': `"`, '”': `"`, '‘': "'", '’': "'", '［': "[", '］': "]", '｛': "{", '｝': "}",
	'【': "[", '】': "]", '＃': "#", '－': "-", '\u3000': " ", '、': ",",
}

// lineScanner walks the lines outside of comments, quotes and blocks of text.
type lineScanner struct {
	scan       *signScan
	report     *Report
	flow       int  // depth of [ and {
	quote      rune // the open quote, 0 if none
	blockLimit int  // a block of text goes on while lines are indented deeper; -1: none
}

func scanSigns(data []byte, r *Report) signScan {
	scan := signScan{}
	s := &lineScanner{scan: &scan, report: r, blockLimit: -1}
	var out bytes.Buffer
	out.Grow(len(data))
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, line := range lines {
		out.WriteString(s.line(string(line), i+1))
	}
	scan.text = out.Bytes()
	return scan
}

// line checks one line and gives it with ASCII signs.
func (s *lineScanner) line(text string, number int) string {
	body := strings.TrimLeft(text, " ")
	indent := len(text) - len(body)
	if s.blockLimit >= 0 {
		if strings.TrimSpace(text) == "" || indent > s.blockLimit {
			return text
		}
		s.blockLimit = -1
	}
	if indent > 4*maxDepth {
		s.deep(Pos{number, indent})
	}
	runes := []rune(text)
	var out strings.Builder
	column, dashes, commas := 0, 0, false
	defer func() {
		if commas {
			s.muteAfterComma(number, text)
		}
	}()
	text = s.tabs(text, indent, number)
	keyDone := s.flow > 0 // an ASCII or repaired colon has ended the key
	atStart := true       // a new value or key may begin here
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		column = i + 1
		next := rune('\n')
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if s.quote != 0 {
			s.insideQuote(c, next, &out, runes, &i)
			atStart = false
			continue
		}
		switch {
		case c == '#' && (i == 0 || isBlank(runes[i-1])):
			out.WriteString(string(runes[i:]))
			return out.String()
		case (c == '"' || c == '\'') && atStart:
			s.quote = c
		case (c == '[' || c == '{') && (atStart || s.flow > 0):
			if s.flow++; s.flow > maxDepth {
				s.deep(Pos{number, column})
			}
			out.WriteRune(c)
			atStart = true
			continue
		case (c == ']' || c == '}') && s.flow > 0:
			s.flow--
		case c == ',' && s.flow > 0:
			out.WriteRune(c)
			atStart, keyDone = true, true
			continue
		case c == ':' && (isBlank(next) || s.flow > 0 && strings.ContainsRune(",]}", next)):
			out.WriteRune(c)
			atStart, keyDone = true, true
			continue
		case (c == '-' || c == '?') && atStart && isBlank(next):
			if dashes++; dashes > maxDepth {
				s.deep(Pos{number, column})
			}
			out.WriteRune(c)
			continue
		case (c == '|' || c == '>') && atStart && s.flow == 0 && i > 0:
			if header := strings.TrimSpace(string(runes[i+1:])); header == "" || header[0] == '#' || strings.ContainsAny(header[:1], "+-123456789") {
				s.blockLimit = indent
				out.WriteString(string(runes[i:]))
				return out.String()
			}
		case asciiFor[c] != "" && s.isStructure(c, runes[:i], keyDone, atStart):
			ascii := asciiFor[c]
			s.report.Addf(Pos{number, column}, "%v", signMessage(c, ascii))
			s.scan.found = true
			out.WriteString(ascii)
			if ascii == "," { // if it was meant as text, what follows reads like keys
				commas = true
			}
			if (ascii == ":" || ascii == ",") && !isBlank(next) {
				out.WriteByte(' ')
				s.scan.shifts = append(s.scan.shifts, shift{number, column, 1})
			}
			switch ascii {
			case ":", ",":
				atStart, keyDone = true, true
			case `"`, "'":
				s.quote = rune(ascii[0])
				atStart = false
			case "[", "{":
				s.flow++
			case "]", "}":
				s.flow = max(0, s.flow-1)
			}
			continue
		}
		out.WriteRune(c)
		if !isBlank(c) {
			atStart = false
		}
	}
	return out.String()
}

// muteAfterComma leaves out what is found behind the first full-width comma of a line, other such signs excepted.
func (s *lineScanner) muteAfterComma(number int, text string) {
	for i, c := range []rune(text) {
		if asciiFor[c] == "," {
			s.report.mute(Pos{number, i + 1})
			return
		}
	}
}

// tabs reports a tab in the indentation and puts two spaces there.
func (s *lineScanner) tabs(text string, indent, number int) string {
	rest := strings.TrimLeft(text, " \t")
	if s.quote != 0 || s.flow > 0 || indent >= len(text) || text[indent] != '\t' || rest == "" || strings.ContainsAny(rest[:1], "#\r\n") {
		return text
	}
	s.report.Addf(Pos{number, indent + 1}, "a tab stands in the indentation; use spaces")
	s.scan.found = true
	blanks := text[:len(text)-len(rest)]
	s.scan.shifts = append(s.scan.shifts, shift{number, len(blanks), strings.Count(blanks, "\t")})
	return strings.ReplaceAll(blanks, "\t", "  ") + rest
}

// insideQuote copies one character of a quoted text and notices its end.
func (s *lineScanner) insideQuote(c, next rune, out *strings.Builder, runes []rune, i *int) {
	switch {
	case c == '\\' && s.quote == '"' && *i+1 < len(runes), c == '\'' && s.quote == '\'' && next == '\'':
		out.WriteRune(c)
		out.WriteRune(next)
		*i++
		return
	case c == s.quote:
		s.quote = 0
	case s.scan.found && (c == '”' && s.quote == '"' || c == '’' && s.quote == '\''): // opened by “
		out.WriteRune(s.quote)
		s.quote = 0
		return
	}
	out.WriteRune(c)
}

// isStructure tells whether the full-width sign c, after the characters before
// it on the line, stands where YAML needs ASCII. Inside a running text it is just text.
func (s *lineScanner) isStructure(c rune, before []rune, keyDone, atStart bool) bool {
	switch c {
	case '：':
		return !keyDone && !atStart && isWord(before) || s.flow > 0 && isWord(lastFlowItem(before))
	case '，', '、':
		return s.flow > 0
	case '］', '】', '｝':
		return s.flow > 0
	}
	return atStart
}

// isWord reports whether the line so far is one key-like word, after list dashes.
func isWord(before []rune) bool {
	word := strings.TrimLeft(string(before), " -")
	if word == "" {
		return false
	}
	for _, c := range word {
		if !(c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

func lastFlowItem(before []rune) []rune {
	for i := len(before) - 1; i >= 0; i-- {
		if strings.ContainsRune("[{,，", before[i]) {
			return before[i+1:]
		}
	}
	return before
}

func isBlank(c rune) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (s *lineScanner) deep(p Pos) {
	if s.scan.tooDeep.Line == 0 {
		s.scan.tooDeep = p
	}
}

func signMessage(c rune, ascii string) *wording.Text {
	switch {
	case c == '\u3000':
		return wording.Textf("a full-width space stands here; use an ordinary space")
	case ascii == ":" || ascii == ",":
		return wording.Textf("full-width %c stands here; use %q and a space, or quotes around the text if the sign belongs to it", c, ascii)
	}
	return wording.Textf("full-width %c stands here; use %s", c, ascii)
}
