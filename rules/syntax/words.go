package syntax

import (
	"regexp"

	"clearwell/rules/wording"
)

// parserMessages are the messages of the YAML parser that people meet; others stay in its words.
var parserMessages = []wording.Phrase{
	"value is not allowed in this context",
	"value is not allowed in this context. map key-value is pre-defined",
	"mapping value is not allowed in this context",
	"block sequence entries are not allowed in this context",
	"non-map value is specified",
	"unexpected key name",
	"unexpected map key",
	"unexpected map key-value pair",
	"undefined map key",
	"map key definition includes an implicit line break",
	"could not find value for mapping key",
	"could not find map value",
	"found an invalid key for this map",
	"unexpected scalar value",
	"unexpected scalar value type",
	"unexpected directive value. document not started",
	"unexpected end content",
	"',' or '}' must be specified",
	"',' or ']' must be specified",
	"could not find '[' character corresponding to ']'",
	"could not find '{' character corresponding to '}'",
	"could not find flow map content",
	"could not find flow mapping end token '}'",
	"sequence end token ']' not found",
	"expected sequence element, but found ','",
	"could not find end character of double-quoted text",
	"could not find end character of single-quoted text",
	"found a tab character where an indentation space is expected",
	"found character '\t' that cannot start any token",
	"tab character cannot be used for indentation in double-quoted text",
	"tab character cannot be used for indentation in single-quoted text",
	"tab character cannot use as a map key directly",
	"tab character cannot use as a sequence delimiter",
	"invalid number of indent is specified after space only",
	"invalid number of indent is specified in the multi-line header",
	"undefined anchor name",
	"undefined anchor value",
	"undefined alias name",
}

var (
	reservedSign = regexp.MustCompile("^(['\"`].+['\"`]) is a reserved character$")
	noEscape     = regexp.MustCompile("^found unknown escape character '(.+)'$")
)

// parserWords says a message of the YAML parser.
func parserWords(message string) any {
	if m := reservedSign.FindStringSubmatch(message); m != nil {
		return wording.Textf("%s is a reserved character; put quotes around the text", m[1])
	}
	if m := noEscape.FindStringSubmatch(message); m != nil {
		return wording.Textf(`there is no escape \%s in double quotes; write \\ for a backslash, or use single quotes`, m[1])
	}
	return wording.OneOf(parserMessages, message)
}
