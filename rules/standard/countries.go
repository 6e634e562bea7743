package standard

import (
	_ "embed"
	"strings"
	"sync"
)

// Countries, currencies and languages: whole tables, cleaned from any of their
// codes and names into the form that an option names.

var (
	//go:embed tables/iso3166_1.csv
	countryCSV []byte // alpha2,alpha3,numeric,name,name_zh
	//go:embed tables/iso4217.csv
	currencyCSV []byte // code,numeric,decimals,name
	//go:embed tables/iso639.csv
	languageCSV []byte // alpha3,bibliographic,alpha2,name,name_zh
)

// countrySet has a bit for each pair of letters that is a country of ISO 3166-1.
var countrySet = sync.OnceValue(func() *[26 * 26]bool {
	set := new([26 * 26]bool)
	eachRecord(countryCSV, func(c [][]byte) {
		if at, ok := pairIndex(c[0]); ok {
			set[at] = true
		}
	})
	return set
})

func isCountry(b []byte) bool {
	at, ok := pairIndex(b)
	return ok && countrySet()[at]
}

var (
	countryForms  = []string{"alpha2", "alpha3", "numeric", "name", "name_zh"}
	currencyForms = []string{"alpha", "numeric"}
	languageForms = []string{"alpha2", "alpha3"}
)

// countryWords are further names that are in use for a country.
var countryWords = map[string][]string{
	"CN": {"中华人民共和国", "中国大陆", "China (People's Republic of)", "PRC"},
	"HK": {"香港", "香港特别行政区", "中国香港特别行政区"},
	"MO": {"澳门", "澳门特别行政区", "中国澳门特别行政区", "Macau"},
	"TW": {"台湾", "台湾省", "Taiwan"},
	"US": {"美利坚合众国", "USA", "United States"},
	"GB": {"大不列颠及北爱尔兰联合王国", "UK", "United Kingdom", "Great Britain"},
	"RU": {"俄罗斯联邦", "Russia"},
	"KR": {"大韩民国", "South Korea"},
	"KP": {"朝鲜民主主义人民共和国", "North Korea"},
	"VN": {"Vietnam"}, "LA": {"Laos"}, "SY": {"Syria"}, "IR": {"Iran"}, "TZ": {"Tanzania"}, "CZ": {"Czech Republic"},
}

func compileCountry(o options) (*Compiled, error) {
	var list []codeEntry
	eachRecord(countryCSV, func(c [][]byte) {
		numeric := string(c[2])
		e := codeEntry{code: string(c[0]), forms: map[string]string{"alpha3": string(c[1]), "numeric": numeric, "name": string(c[3]), "name_zh": string(c[4])}}
		e.others = append(e.others, countryWords[e.code]...)
		if short := strings.TrimLeft(numeric, "0"); short != numeric { // a spreadsheet took the zeros
			e.others = append(e.others, short)
		}
		list = append(list, e)
	})
	return compileForms(list, "alpha2", o.text("form"))
}

func compileCurrency(o options) (*Compiled, error) {
	var list []codeEntry
	eachRecord(currencyCSV, func(c [][]byte) {
		numeric := string(c[1])
		e := codeEntry{code: string(c[0]), forms: map[string]string{"numeric": numeric}, others: []string{string(c[3])}}
		if short := strings.TrimLeft(numeric, "0"); short != numeric {
			e.others = append(e.others, short)
		}
		list = append(list, e)
	})
	return compileForms(list, "alpha", o.text("form"))
}

func compileLanguage(o options) (*Compiled, error) {
	var list []codeEntry
	eachRecord(languageCSV, func(c [][]byte) {
		e := codeEntry{code: string(c[2]), forms: map[string]string{"alpha3": string(c[0])}}
		for _, word := range [][]byte{c[1], c[3], c[4]} {
			if len(word) > 0 {
				e.others = append(e.others, string(word))
			}
		}
		list = append(list, e)
	})
	return compileForms(list, "alpha2", o.text("form"))
}
