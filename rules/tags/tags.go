// Package tags judges values by the tags of go-playground/validator, as a contract
// writes them: email,max=64. Only tags that look at the value alone are taken: none
// that reads another field, the file system, the network or the clock.
//
// Start at Compile.
package tags

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"clearwell/rules/wording"
)

// engine is shared: it caches parsed tags, and is safe for concurrent use.
var engine = sync.OnceValue(func() *validator.Validate { return validator.New() })

// Problem is what is wrong with a text of tags.
type Problem struct {
	Offset  int    // character in the text, from 0
	Word    string // the tag, if it is not known
	Message *wording.Text
}

// Error gives the message.
func (p *Problem) Error() string { return p.Message.String() }

// In implements wording.Speaker.
func (p *Problem) In(lang string) string { return p.Message.In(lang) }

// Tags are checked tags. They are immutable and safe for concurrent use.
type Tags struct{ text string }

// Sample is a value of a kind of the plan (string, integer, number, decimal), as Valid
// takes it; nil for a kind that tags do not judge.
func Sample(kind string) any {
	switch kind {
	case "string":
		return "x"
	case "integer":
		return int64(1)
	case "number", "decimal":
		return 1.5
	}
	return nil
}

// Names are the tags that a contract can use, sorted.
func Names() []string { return slices.Clone(known) }

// Compile checks tags for values of the type of sample. The error is a *Problem.
func Compile(text string, sample any) (*Tags, error) {
	if sample == nil {
		return nil, &Problem{Message: wording.Textf("tags judge strings and numbers; for dates use range or compare")}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &Problem{Message: wording.Textf("there is no tag")}
	}
	at := 0
	for part := range strings.SplitSeq(text, ",") {
		for one := range strings.SplitSeq(part, "|") {
			if err := checkTag(one, at, sample); err != nil {
				return nil, err
			}
			at += utf8.RuneCountInString(one) + 1
		}
	}
	t := &Tags{text}
	if _, err := t.Valid(sample); err != nil {
		return nil, &Problem{Message: wording.Textf("%v", err)}
	}
	return t, nil
}

// checkTag tries one tag alone: behind another one that refuses the sample it would not be looked at.
func checkTag(one string, at int, sample any) error {
	name, _, _ := strings.Cut(one, "=")
	switch {
	case name == "omitempty" || name == "omitzero":
		return nil
	case name == "":
		return &Problem{Offset: at, Message: wording.Textf("a tag is missing between the signs")}
	case strings.TrimSpace(name) != name:
		return &Problem{Offset: at, Message: wording.Textf("there is a blank beside the tag %q; write email,max=64", strings.TrimSpace(name))}
	case refused[name] != "":
		return &Problem{Offset: at, Message: wording.Textf("the tag %q cannot be used here: %s", name, refused[name])}
	case !slices.Contains(known, name):
		return &Problem{Offset: at, Word: name, Message: wording.Textf("there is no tag %q", name)}
	}
	if _, text := sample.(string); !text && !slices.Contains(ofNumbers, name) {
		return &Problem{Offset: at, Message: wording.Textf("the tag %q judges text, and the field is a number; for numbers there are %s", name, strings.Join(ofNumbers, " "))}
	}
	if _, err := (&Tags{one}).Valid(sample); err != nil {
		return &Problem{Offset: at, Message: wording.Textf("the tag %q: %v", one, err)}
	}
	return nil
}

// Valid reports whether a value of the type that the tags were compiled for passes
// them. The error says that the library could not judge it; it holds no value.
func (t *Tags) Valid(v any) (ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			ok, err = false, wording.Errorf("it does not judge values of type %s, or its parameter is wrong", reflect.TypeOf(v))
		}
	}()
	return engine().Var(v, t.text) == nil, nil
}

// refused are the tags that are not taken, with the reason.
var refused = map[string]wording.Phrase{}

func init() {
	for reason, names := range map[wording.Phrase]string{
		"nulls are not judged by tags; use required: true":                 "required isdefault",
		"it reads other fields; use compare, if and then, or at_least_one": "required_if required_unless skip_unless required_with required_with_all required_without required_without_all excluded_if excluded_unless excluded_with excluded_with_all excluded_without excluded_without_all eqfield eqcsfield necsfield gtcsfield gtecsfield ltcsfield ltecsfield nefield gtefield gtfield ltefield ltfield fieldcontains fieldexcludes postcode_iso3166_alpha2_field",
		"it looks at the machine that the check runs on":                   "file filepath dir dirpath image tcp4_addr tcp6_addr tcp_addr udp4_addr udp6_addr udp_addr ip4_addr ip6_addr ip_addr unix_addr uds_exists timezone",
		"it judges lists; a cell is one value":                             "dive keys endkeys unique",
		"it judges Go structs":                                             "structonly nostructlevel validateFn",
	} {
		for _, name := range strings.Fields(names) {
			refused[name] = reason
		}
	}
}

// ofNumbers are the tags that judge numbers too; of others the library says that no number passes.
var ofNumbers = strings.Fields("eq gt gte latitude len longitude lt lte luhn_checksum max min ne noneof number numeric oneof port")

// known are the tags that look at the value alone, sorted.
var known = strings.Fields(`alpha alphanum alphanumspace alphanumunicode alphaspace alphaunicode ascii base32 base64 base64rawurl base64url
	bcp47_language_tag bcp47_strict_language_tag bic bic_iso_9362_2014 boolean btc_addr btc_addr_bech32 cidr cidrv4 cidrv6 cmyk contains containsany
	containsrune country_code credit_card cron cve datauri datetime dns_rfc1035_label duration e164 ein email endsnotwith endswith eq eq_ignore_case
	eth_addr eth_addr_checksum eu_country_code excludes excludesall excludesrune fqdn gt gte hexadecimal hexcolor hostname hostname_label hostname_port
	hostname_rfc1123 hsl hsla html html_encoded http_url https_url ip ipv4 ipv6 isbn isbn10 isbn13 iscolor iso3166_1_alpha2 iso3166_1_alpha2_eu
	iso3166_1_alpha3 iso3166_1_alpha3_eu iso3166_1_alpha_numeric iso3166_1_alpha_numeric_eu iso3166_2 iso4217 iso4217_numeric issn json jwt latitude len
	longitude lowercase lt lte luhn_checksum mac max md4 md5 mimetype min mongodb mongodb_connection_string multibyte ne ne_ignore_case noneof noneofci
	number numeric oneof oneofci origin port postcode_iso3166_alpha2 printascii rgb rgba ripemd128 ripemd160 semver sha256 sha384 sha512 spicedb
	ssn startsnotwith startswith tiger128 tiger160 tiger192 ulid uppercase uri url url_encoded urn_rfc2141 urn_rfc8141 uuid uuid3 uuid3_rfc4122 uuid4
	uuid4_rfc4122 uuid5 uuid5_rfc4122 uuid7 uuid_rfc4122`)
