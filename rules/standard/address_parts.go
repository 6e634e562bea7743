package standard

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// AddressPart names a part of an address.
type AddressPart int

// The parts, from the whole to the detail.
const (
	AddressProvince AddressPart = iota
	AddressCity                 // prefecture; of a municipality its own name
	AddressDistrict             // county, district, banner, city at county level
	AddressTown                 // town, township, subdistrict
	AddressVillage              // village, community
	AddressRoad
	AddressNumber   // 30号, 12弄3号
	AddressBuilding // 3栋, 2号楼
	AddressUnit     // 1单元
	AddressRoom     // 302室
	addressParts
)

var addressPartNames = []string{"province", "city", "district", "town", "village", "road", "number", "building", "unit", "room"}

// AddressPartNames are the words of the parts, from the whole to the detail.
func AddressPartNames() []string { return slices.Clone(addressPartNames) }

// AddressPartNamed is the part of a word.
func AddressPartNamed(word string) (AddressPart, bool) {
	i := slices.Index(addressPartNames, word)
	return AddressPart(i), i >= 0
}

// An Address says where the parts of an address stand in its text. A part that
// is not there is empty.
type Address struct {
	from, to [addressParts]int
}

// Part is the text of one part of addr, which must be what was parsed.
func (a *Address) Part(addr []byte, p AddressPart) []byte { return addr[a.from[p]:a.to[p]] }

// ParseAddress finds the parts of a Chinese address by the words that end them,
// from the left: each part begins where the one before ends, and a part may be
// missing. Names without such a word are known for provinces only (四川成都市).
// The text is taken as it is written; nothing is looked up, so that a city at
// county level without its prefecture in front is told from a prefecture by GB/T 2260 alone.
func ParseAddress(addr []byte) (a Address) {
	p := addressParser{addr: addr, out: &a}
	p.province()
	p.divisions()
	p.details()
	return a
}

type addressParser struct {
	addr []byte
	pos  int
	out  *Address
}

func (p *addressParser) set(part AddressPart, end int) {
	p.out.from[part], p.out.to[part] = p.pos, end
	p.pos = end
}

var shortProvinces = []string{"黑龙江", "内蒙古", "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",
	"广东", "广西", "海南", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门"}

func (p *addressParser) province() {
	if hasAt(p.addr, 0, "中国") {
		p.pos = len("中国")
	}
	rest := p.addr[p.pos:]
	if n, ok := ProvincePart(rest); ok {
		begin := p.pos
		p.set(AddressProvince, p.pos+n)
		if hasAt(rest, n-len("市"), "市") { // a municipality is its own city
			p.out.from[AddressCity], p.out.to[AddressCity] = begin, p.pos
		}
		return
	}
	for _, name := range shortProvinces {
		if hasAt(rest, 0, name) && !hasAt(rest, len(name), "路") && !hasAt(rest, len(name), "街") && !hasAt(rest, len(name), "市") {
			p.set(AddressProvince, p.pos+len(name))
			return
		}
	}
}

// An ending is a word that ends a part.
type ending struct {
	word string
	part AddressPart
}

var divisionEndings = []ending{
	{"自治州", AddressCity}, {"地区", AddressCity}, {"盟", AddressCity}, {"市", AddressCity},
	{"自治县", AddressDistrict}, {"自治旗", AddressDistrict}, {"林区", AddressDistrict}, {"特区", AddressDistrict}, {"县", AddressDistrict}, {"旗", AddressDistrict}, {"区", AddressDistrict},
	{"街道办事处", AddressTown}, {"街道", AddressTown}, {"民族乡", AddressTown}, {"苏木", AddressTown}, {"镇", AddressTown}, {"乡", AddressTown},
	{"村委会", AddressVillage}, {"居委会", AddressVillage}, {"村", AddressVillage}, {"社区", AddressVillage}, {"嘎查", AddressVillage},
}

// beginsEnding reports whether an ending of a division may begin with r: most characters are passed over by it.
func beginsEnding(r rune) bool {
	switch r {
	case '自', '地', '盟', '市', '林', '特', '县', '旗', '区', '街', '民', '苏', '镇', '乡', '村', '居', '社', '嘎':
		return true
	}
	return false
}

// longestName is how many characters the name of a division has, its ending included.
const longestName = 15

// divisions finds city, district, town and village. Of the endings that stand in
// reach the first one counts, if its part is not behind one that was found.
func (p *addressParser) divisions() {
	next := AddressCity
	for next <= AddressVillage {
		part, end := p.nextDivision(next)
		if end < 0 {
			return
		}
		p.set(part, end)
		next = part + 1
		if part == AddressCity && hasAt(p.addr, p.pos, "市辖区") {
			p.pos += len("市辖区")
		}
	}
}

// nextDivision is the first division at pos that is least or below; end is -1 if there is none.
func (p *addressParser) nextDivision(least AddressPart) (part AddressPart, end int) {
	pos := p.pos
	for chars := 0; chars < longestName && pos < len(p.addr); chars++ {
		r, width := decodeAt(p.addr, pos)
		if r < utf8.RuneSelf || isRoadWord(r) && !p.divisionFollows(pos) {
			return 0, -1
		}
		if chars > 0 && beginsEnding(r) {
			for _, e := range divisionEndings {
				if e.part < least && !(e.word == "市" && least == AddressDistrict) || !hasAt(p.addr, pos, e.word) || p.noEnding(e.word, pos) {
					continue
				}
				end := pos + len(e.word)
				part := e.part
				if e.word == "市" && (least == AddressDistrict || p.countyCity(end)) {
					part = AddressDistrict
				}
				return part, end
			}
		}
		pos += width
	}
	return 0, -1
}

// noEnding are endings that belong to another word: 小区, 园区, 市场, 城镇路.
func (p *addressParser) noEnding(word string, pos int) bool {
	after := pos + len(word)
	switch word {
	case "区":
		for _, before := range [...]string{"小", "园", "厂", "库", "校", "院", "社", "片", "宿舍", "生活", "住宅", "家属", "A", "B"} {
			if pos >= len(before) && string(p.addr[pos-len(before):pos]) == before {
				return true
			}
		}
		return hasAt(p.addr, after, "政府")
	case "市":
		return hasAt(p.addr, after, "场") || hasAt(p.addr, after, "政") || hasAt(p.addr, after, "中区") || hasAt(p.addr, after, "北区") || hasAt(p.addr, after, "南区")
	case "镇", "乡", "村", "县":
		return p.roadAt(after) || word == "镇" && hasAt(p.addr, after, "市") || hasAt(p.addr, after, "区") || hasAt(p.addr, after, "镇") && word != "县"
	}
	return false
}

// divisionFollows is for road words inside the name of a division (路桥区, 街道).
func (p *addressParser) divisionFollows(pos int) bool {
	if hasAt(p.addr, pos, "街道") || pos == p.pos {
		return true
	}
	_, width := decodeAt(p.addr, pos)
	for k, at := 0, pos+width; k < 2 && at < len(p.addr); k++ {
		for _, word := range [...]string{"区", "县", "镇", "乡", "街道"} {
			if hasAt(p.addr, at, word) {
				return true
			}
		}
		_, width := decodeAt(p.addr, at)
		at += width
	}
	return false
}

func isRoadWord(r rune) bool { return r == '路' || r == '街' || r == '巷' || r == '弄' }

func (p *addressParser) roadAt(pos int) bool {
	if pos >= len(p.addr) {
		return false
	}
	r, _ := decodeAt(p.addr, pos)
	return isRoadWord(r) && !hasAt(p.addr, pos, "街道")
}

// countyCities are the names of cities at county level that are no names of prefectures too.
var countyCities = sync.OnceValue(func() map[string]bool {
	t, names := regions(), map[string]bool{}
	for i, code := range t.codes {
		if code%100 != 0 {
			names[t.names[i]] = true
		}
	}
	for i, code := range t.codes {
		if code%100 == 0 {
			delete(names, t.names[i])
		}
	}
	return names
})

func (p *addressParser) countyCity(end int) bool { return countyCities()[string(p.addr[p.pos:end])] }

// details finds road, number, building, unit and room.
func (p *addressParser) details() {
	if end := p.roadEnd(); end > 0 {
		p.set(AddressRoad, end)
	}
	for part := AddressNumber; part <= AddressRoom; {
		from, digitsEnd := p.digits()
		if from < 0 {
			return
		}
		p.pos = from
		found, end := detailAt(p.addr, digitsEnd, part)
		switch {
		case end > 0:
			p.set(found, end)
			part = found + 1
			if found == AddressNumber && part == AddressBuilding {
				p.moreNumber()
			}
		case digitsEnd == len(p.addr) && part > AddressNumber && p.out.to[AddressUnit]+p.out.to[AddressBuilding] > 0:
			p.set(AddressRoom, digitsEnd) // 3栋1单元302
			return
		default:
			p.pos = digitsEnd
		}
	}
}

// moreNumber takes what belongs to a number too: 12弄3号, 30号附2号, 122号之3.
func (p *addressParser) moreNumber() {
	for {
		pos := p.pos
		for _, word := range [...]string{"附", "之"} {
			if hasAt(p.addr, pos, word) {
				pos += len(word)
			}
		}
		end := pos
		for end < len(p.addr) && p.addr[end]-'0' <= 9 {
			end++
		}
		joined := pos > p.pos || p.pos >= len("弄") && hasAt(p.addr, p.pos-len("弄"), "弄")
		if end == pos || !joined {
			return
		}
		if hasAt(p.addr, end, "号") && !hasAt(p.addr, end, "号楼") {
			end += len("号")
		} else if pos == p.pos {
			return
		}
		p.pos = end
		p.out.to[AddressNumber] = end
	}
}

var roadEndings = []string{"大道", "胡同", "路", "街", "巷", "道"}

// longestRoad is how many characters the name of a road has, its ending included.
const longestRoad = 14

// roadEnd is the end of the road that begins at pos, 0 if there is none: behind
// the last ending before the first digit (人民路东二巷5号).
func (p *addressParser) roadEnd() int {
	found, pos := 0, p.pos
	for chars := 0; chars < longestRoad && pos < len(p.addr); chars++ {
		r, width := decodeAt(p.addr, pos)
		if r < utf8.RuneSelf {
			break
		}
		if chars > 0 {
			for _, word := range roadEndings {
				if hasAt(p.addr, pos, word) {
					found = pos + len(word)
					break
				}
			}
		}
		pos += width
	}
	if found > 0 {
		for _, word := range [...]string{"东段", "西段", "南段", "北段", "中段"} {
			if hasAt(p.addr, found, word) {
				return found + len(word)
			}
		}
	}
	return found
}

// digits is the next run of digits, letters and hyphens with a digit in it; from is -1 if there is none.
func (p *addressParser) digits() (from, end int) {
	for i := p.pos; i < len(p.addr); {
		start, digit := i, false
		for i < len(p.addr) && isNumberByte(p.addr[i]) {
			digit = digit || p.addr[i]-'0' <= 9
			i++
		}
		if i == start {
			_, width := decodeAt(p.addr, i)
			i += width
			continue
		}
		if _, end := detailAt(p.addr, i, AddressBuilding); digit || end > 0 {
			return start, i
		}
	}
	return -1, -1
}

func isNumberByte(c byte) bool {
	return c-'0' <= 9 || c == '-' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

var detailEndings = []ending{
	{"号楼", AddressBuilding}, {"栋", AddressBuilding}, {"幢", AddressBuilding}, {"座", AddressBuilding},
	{"单元", AddressUnit}, {"室", AddressRoom}, {"房", AddressRoom}, {"弄", AddressNumber},
}

// detailAt is the part that the number in front of pos is, and its end; end is 0 if no word stands there. 号 is a
// room behind a building, else a number.
func detailAt(addr []byte, pos int, least AddressPart) (part AddressPart, end int) {
	for _, e := range detailEndings {
		if e.part >= least && hasAt(addr, pos, e.word) {
			return e.part, pos + len(e.word)
		}
	}
	if hasAt(addr, pos, "号") {
		if least > AddressNumber {
			return AddressRoom, pos + len("号")
		}
		return AddressNumber, pos + len("号")
	}
	return 0, 0
}
