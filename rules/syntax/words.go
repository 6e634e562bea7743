package syntax

import (
	"regexp"

	"clearwell/rules/wording"
)

// parserMessages are the messages of the YAML parser that people meet, in words of
// the language of contracts; others stay as the parser has them.
var parserMessages = map[string]wording.Phrase{
	"value is not allowed in this context":                               "a value does not stand here; look at the indentation",
	"value is not allowed in this context. map key-value is pre-defined": "a second value does not stand here; look at quotes and indentation",
	"mapping value is not allowed in this context":                       "a text with a colon begins here; look at the indentation of the next line, or put quotes around the text",
	"block sequence entries are not allowed in this context":             "a list does not begin here; begin it on a line of its own",
	"non-map value is specified":                                         "a key with a colon and a blank behind it is expected here",
	"unexpected key name":                                                "a key with a colon and a blank behind it is expected here",
	"unexpected map key":                                                 "a key does not stand here; look at the indentation",
	"unexpected map key-value pair":                                      "a key does not stand here; look at the indentation",
	"undefined map key":                                                  "there is no key before the colon",
	"map key definition includes an implicit line break":                 "a key stands on one line",
	"could not find value for mapping key":                               "the key has no value",
	"could not find map value":                                           "the key has no value",
	"found an invalid key for this map":                                  "this cannot be a key; look at brackets and quotes",
	"unexpected scalar value":                                            "this value does not stand here; look at brackets and quotes",
	"unexpected scalar value type":                                       "this value does not stand here; look at brackets and quotes",
	"unexpected directive value. document not started":                   "a text cannot begin with a percent sign; put quotes around it",
	"unexpected end content":                                             "the block of text ends wrongly; look at the indentation",
	"',' or '}' must be specified":                                       "a comma or } is missing here",
	"',' or ']' must be specified":                                       "a comma or ] is missing here",
	"could not find '[' character corresponding to ']'":                  "there is no [ for this ]",
	"could not find '{' character corresponding to '}'":                  "there is no { for this }",
	"could not find flow map content":                                    "a key is missing here",
	"could not find flow mapping end token '}'":                          "this { is never closed",
	"sequence end token ']' not found":                                   "this [ is never closed",
	"expected sequence element, but found ','":                           "an entry is missing before the comma",
	"could not find end character of double-quoted text":                 "the quote \" is never closed",
	"could not find end character of single-quoted text":                 "the quote ' is never closed",
	"found a tab character where an indentation space is expected":       "a tab stands in the indentation; use spaces",
	"tab character cannot be used for indentation in double-quoted text": "a tab stands in the indentation; use spaces",
	"tab character cannot be used for indentation in single-quoted text": "a tab stands in the indentation; use spaces",
	"found character '\t' that cannot start any token":                   "a tab cannot stand here; use spaces",
	"tab character cannot use as a map key directly":                     "a tab cannot stand here; use spaces",
	"tab character cannot use as a sequence delimiter":                   "a tab cannot stand here; use spaces",
	"invalid number of indent is specified after space only":             "the lines of the block of text are indented unevenly",
	"invalid number of indent is specified in the multi-line header":     "the indentation given for the block of text is not that of its lines",
	"undefined anchor name":                                              "put quotes around a text that begins with & or *",
	"undefined anchor value":                                             "put quotes around a text that begins with & or *",
	"undefined alias name":                                               "put quotes around a text that begins with & or *",
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
	if known, ok := parserMessages[message]; ok {
		return known
	}
	return message
}
