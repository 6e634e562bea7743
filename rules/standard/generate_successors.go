//go:build ignore

// generate_successors derives tables/gb2260_successors.csv from tables/gb2260.csv:
//
//	go run generate_successors.go
//
// A code that ended with a revision gets the code of the same name without its rank
// (密云县, 密云区) that the next revision brings in the same province at the same
// rank of code, if there is exactly one. The mergers are added by hand.
package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// mergers are districts that became part of one other as a whole, after the
// approvals of the State Council of these years.
var mergers = [][3]string{
	{"110103", "110101", "201010"}, // 崇文区 into 东城区, 2010
	{"110104", "110102", "201010"}, // 宣武区 into 西城区, 2010
	{"120107", "120116", "200912"}, // 塘沽区, 汉沽区 and 大港区 into 滨海新区, 2009
	{"120108", "120116", "200912"},
	{"120109", "120116", "200912"},
	{"120225", "120119", "201607"}, // 蓟县, 蓟州区, 2016
	{"310103", "310101", "201110"}, // 卢湾区 into 黄浦区, 2011
	{"310108", "310106", "201607"}, // 闸北区 into 静安区, 2015
	{"320103", "320104", "201308"}, // 白下区 into 秦淮区, 2013
	{"320107", "320106", "201308"}, // 下关区 into 鼓楼区, 2013
}

var ranks = []string{"自治县", "自治旗", "自治州", "林区", "特区", "地区", "市", "县", "区", "旗", "盟"}

type row struct{ code, name, first, last string }

func main() {
	text, err := os.ReadFile("tables/gb2260.csv")
	if err != nil {
		log.Fatal(err)
	}
	cells, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		log.Fatal(err)
	}
	var rows []row
	last := map[string]row{}
	current := map[string]bool{}
	seen := map[string]bool{}
	for _, c := range cells[1:] {
		r := row{c[0], c[1], c[2], c[3]}
		rows = append(rows, r)
		seen[r.first], seen[r.last] = true, true
		current[r.code] = current[r.code] || c[4] == "1"
		if r.last > last[r.code].last {
			last[r.code] = r
		}
	}
	revisions := slices.Sorted(maps.Keys(seen))
	out := map[string]string{}
	for code, r := range last {
		at := slices.Index(revisions, r.last) + 1
		if current[code] || at == len(revisions) || utf8.RuneCountInString(stem(r.name)) < 2 || strings.HasPrefix(r.name, "市辖") || strings.Contains(r.name, "直辖") {
			continue
		}
		var found []row
		for _, s := range rows {
			if s.first == revisions[at] && s.code[:2] == code[:2] && s.code != code && stem(s.name) == stem(r.name) &&
				strings.HasSuffix(s.code, "00") == strings.HasSuffix(code, "00") {
				found = append(found, s)
			}
		}
		if len(found) == 1 {
			out[code] = fmt.Sprintf("%s,%s,%s,name", code, found[0].code, found[0].first)
		}
	}
	for _, m := range mergers {
		if s, ok := last[m[0]]; !ok || last[m[1]].code == "" || current[m[0]] || s.last > m[2] {
			log.Fatalf("merger %v does not fit the table: %+v", m, s)
		}
		out[m[0]] = fmt.Sprintf("%s,%s,%s,merger", m[0], m[1], m[2])
	}
	var b strings.Builder
	b.WriteString("code,successor,since,how\n")
	for _, code := range slices.Sorted(maps.Keys(out)) {
		b.WriteString(out[code] + "\n")
	}
	if err := os.WriteFile("tables/gb2260_successors.csv", []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// stem is a name without its rank.
func stem(name string) string {
	for _, r := range ranks {
		if s, ok := strings.CutSuffix(name, r); ok {
			return s
		}
	}
	return name
}
