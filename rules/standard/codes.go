package standard

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

// Code lists: a value is a code, its name, or another word that is in use for
// it; cleaning brings all of them into the one form that the option `form`
// names, validation accepts that form only.

var (
	//go:embed tables/gb2261_1_gender.csv
	genderCSV []byte // code,name,synonyms (separated by |)
	//go:embed tables/gb2261_2_marital.csv
	maritalCSV []byte // code,name
	//go:embed tables/gb3304_ethnic.csv
	ethnicCSV []byte // code,name,letters
	//go:embed tables/gb4658_education.csv
	educationCSV []byte // code,name
)

// A codeEntry is one code with everything that means it.
type codeEntry struct {
	code, name, letters string
	forms               map[string]string // other forms by their names
	others              []string          // further words
}

func compileGender(o options) (*Compiled, error) {
	var list []codeEntry
	eachRecord(genderCSV, func(c [][]byte) {
		list = append(list, codeEntry{code: string(c[0]), name: string(c[1]), others: strings.Split(string(c[2]), "|")})
	})
	return compileCodes(list, o.text("form"))
}

func compileMarital(o options) (*Compiled, error) {
	return compileCodes(codesAndNames(maritalCSV), o.text("form"))
}

func compileEducation(o options) (*Compiled, error) {
	return compileCodes(codesAndNames(educationCSV), o.text("form"))
}

func codesAndNames(table []byte) (list []codeEntry) {
	eachRecord(table, func(c [][]byte) {
		list = append(list, codeEntry{code: string(c[0]), name: string(c[1])})
	})
	return list
}

// compileEthnic adds what the table has not: codes 97 and 98 of practice, names
// without 族, and codes whose zero a spreadsheet took.
func compileEthnic(o options) (*Compiled, error) {
	var list []codeEntry
	eachRecord(ethnicCSV, func(c [][]byte) {
		e := codeEntry{code: string(c[0]), name: string(c[1]), letters: string(c[2])}
		if short := strings.TrimSuffix(e.name, "族"); short != e.name {
			e.others = append(e.others, short)
		}
		if short := strings.TrimPrefix(e.code, "0"); short != e.code {
			e.others = append(e.others, short)
		}
		list = append(list, e)
	})
	list = append(list,
		codeEntry{code: "97", name: "其他"},
		codeEntry{code: "98", name: "外国血统中国籍人士"})
	return compileCodes(list, o.text("form"))
}

// compileCodes makes the cleaning and the check of a list in the form code,
// name or letters. Entries without letters have no such form.
func compileCodes(list []codeEntry, form string) (*Compiled, error) {
	for i := range list {
		list[i].forms = map[string]string{"name": list[i].name, "letters": list[i].letters}
	}
	return compileForms(list, "code", form)
}

// compileForms makes the cleaning and the check of a list in one of its forms;
// own is the name of the form that the entries have as code. Where two entries
// have the same word, the earlier one has it.
func compileForms(list []codeEntry, own, form string) (*Compiled, error) {
	words, right := map[string]string{}, map[string]string{}
	var targets []string
	for _, e := range list {
		target := e.forms[form]
		if form == own {
			target = e.code
		}
		if target == "" {
			continue
		}
		right[target] = target
		targets = append(targets, target)
		for _, word := range append(append([]string{e.code}, sortedValues(e.forms)...), e.others...) {
			for _, spelling := range []string{word, strings.ToUpper(word), strings.ToLower(word)} {
				if _, taken := words[spelling]; spelling != "" && spelling != target && !taken {
					words[spelling] = target
				}
			}
		}
	}
	for target := range right {
		delete(words, target)
	}
	toForm, valid := newWordTable(words), newWordTable(right)
	return &Compiled{
		Clean: func(dst, src []byte) ([]byte, bool) {
			target, ok := toForm.find(src)
			if !ok {
				return dst, false
			}
			return append(dst, target...), true
		},
		Valid: valid.has,
		codes: targets,
	}, nil
}

// sortedValues are the values of a map in the order of their keys.
func sortedValues(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
