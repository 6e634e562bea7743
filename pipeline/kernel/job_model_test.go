package kernel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"

	"clearwell/rules/standard"
)

// jobModel carries out the reference job on one row as its text says, with
// strings and regular expressions: what the kernels are compared with.
type jobModel struct {
	cells     [15]string // cleaned; "" is null
	birth     time.Time  // zero: null
	register  time.Time
	update    time.Time
	cents     int64
	amountOK  bool
	upgraded  bool
	failed    map[string]bool
	published map[string]string // "" is null
}

var (
	modelDate   = regexp.MustCompile(`^(?:([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})|([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{4})([0-9]{2})([0-9]{2}))$`)
	modelTime   = regexp.MustCompile(`^([0-9]{4})([-/])([0-9]{2})([-/])([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})$`)
	modelAmount = regexp.MustCompile(`^(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?(万?)$`)
	modelPhone  = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	modelEmail  = regexp.MustCompile(`^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}$`)
	modelCity   = regexp.MustCompile(`^(?:.{2,10}?(?:省|自治区))?.{1,10}?(?:市|自治州|地区|盟)`)
)

func runJobModel(row []string, key []byte) *jobModel {
	m := &jobModel{failed: map[string]bool{}, published: map[string]string{}}
	textColumn := map[int]bool{0: true, 1: true, 3: true, 7: true, 14: true}
	for i, v := range row {
		if textColumn[i] {
			m.cells[i] = strings.Trim(v, " \t\r\n\u3000")
			continue
		}
		wide := strings.Map(func(r rune) rune {
			switch {
			case r >= 0xFF01 && r <= 0xFF5E:
				return r - 0xFEE0
			case r == 0x3000:
				return ' '
			}
			return r
		}, v)
		m.cells[i] = strings.Trim(wide, " \t\r\n")
	}
	c := &m.cells
	c[2] = strings.ToUpper(c[2])
	if len(c[2]) == 15 && allDigits(c[2]) {
		if _, ok := modelDay("19" + c[2][6:8] + "-" + c[2][8:10] + "-" + c[2][10:12]); ok {
			c[2] = c[2][:6] + "19" + c[2][6:]
			c[2] += string(idCheckCharacter(c[2]))
			m.upgraded = true
		}
	}
	switch c[4] {
	case "男", "男性", "1", "M", "m":
		c[4] = "1"
	case "女", "女性", "2", "F", "f":
		c[4] = "2"
	case "未知", "0":
		c[4] = "0"
	case "9", "":
		c[4] = "9"
	default:
		c[4] = "9"
		m.failed["W3"] = true
	}
	var birthOK, registerOK bool
	m.birth, birthOK = modelDay(c[5])
	m.register, registerOK = modelDay(c[11])
	m.update, _ = modelMoment(c[12])
	c[6] = strings.TrimPrefix(strings.NewReplacer(" ", "", "-", "").Replace(c[6]), "+86")
	c[9] = strings.ToUpper(c[9])
	c[13] = strings.ToLower(c[13])
	m.amount(strings.ReplaceAll(c[10], ",", ""))

	m.failed["E1"] = c[2] == ""
	valid := idValid(c[2])
	m.failed["E2"] = c[2] != "" && !valid
	m.failed["E3"] = c[3] == ""
	m.failed["E4"] = m.update.IsZero()
	if valid && birthOK {
		m.failed["E5"] = m.birth.Format("20060102") != c[2][6:14]
	}
	m.failed["E6"] = c[8] != "" && !standard.ValidRegion([]byte(c[8]), true)
	m.failed["E7"] = c[9] != "" && !standard.ValidUSCC([]byte(c[9]))
	m.failed["E8"] = c[10] != "" && (!m.amountOK || m.cents < 0 || m.cents > 100000000_00)
	m.failed["W1"] = c[6] != "" && !modelPhone.MatchString(c[6])
	m.failed["W2"] = c[5] != "" && !birthOK
	m.failed["W4"] = c[13] != "" && !modelEmail.MatchString(c[13])
	m.failed["W5"] = c[11] != "" && (!registerOK || !m.update.IsZero() && m.register.After(m.update.Truncate(24*time.Hour)))
	m.publish(key)
	return m
}

func (m *jobModel) amount(text string) {
	g := modelAmount.FindStringSubmatch(text)
	if g == nil {
		return
	}
	cents, _ := strconv.ParseInt(g[2]+(g[3] + "00")[:2], 10, 64)
	if g[4] != "" {
		cents *= 10000
	}
	if g[1] != "" {
		cents = -cents
	}
	m.cents, m.amountOK = cents, true
}

func (m *jobModel) publish(key []byte) {
	c, out := &m.cells, m.published
	for name, i := range map[string]int{"record_id": 0, "source_dept": 1, "gender": 4, "admin_code": 8, "uscc": 9, "remark": 14} {
		out[name] = c[i]
	}
	if c[2] != "" {
		out["id_token"] = hmacHex(key, c[2])
	}
	if c[3] != "" {
		out["name"] = string([]rune(c[3])[:1]) + "*"
	}
	if !m.birth.IsZero() {
		low := m.birth.Year() / 5 * 5
		out["birth_band"] = fmt.Sprintf("%d-%d", low, low+4)
	}
	if c[6] != "" && !m.failed["W1"] {
		out["phone"] = c[6][:3] + "****" + c[6][7:]
	}
	if c[7] != "" {
		if out["address"] = modelCity.FindString(c[7]); out["address"] == "" {
			out["address"] = "***"
		}
	}
	if c[13] != "" && !m.failed["W4"] {
		out["email_domain"] = c[13][strings.LastIndexByte(c[13], '@')+1:]
	}
	if m.amountOK {
		whole, sign := m.cents, ""
		if whole < 0 {
			whole, sign = -whole, "-"
		}
		out["amount"] = fmt.Sprintf("%s%d.%02d", sign, whole/100, whole%100)
	}
	if !m.register.IsZero() {
		out["register_date"] = m.register.Format("2006-01-02")
	}
	if !m.update.IsZero() {
		out["update_time"] = m.update.Format("2006-01-02 15:04:05")
	}
}

func hmacHex(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func modelDay(text string) (time.Time, bool) {
	g := modelDate.FindStringSubmatch(text)
	for k := 1; k+2 < len(g); k += 3 {
		if g[k] != "" {
			return modelCivil(g[k], g[k+1], g[k+2], "0", "0", "0")
		}
	}
	return time.Time{}, false
}

func modelMoment(text string) (time.Time, bool) {
	g := modelTime.FindStringSubmatch(text)
	if g == nil || g[2] != g[4] {
		return time.Time{}, false
	}
	return modelCivil(g[1], g[3], g[5], g[6], g[7], g[8])
}

func modelCivil(parts ...string) (time.Time, bool) {
	var n [6]int
	for i, p := range parts {
		n[i], _ = strconv.Atoi(p)
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	ok := n[0] >= 1900 && n[0] <= 2100 && t.Month() == time.Month(n[1]) && t.Day() == n[2] && n[3] < 24 && n[4] < 60 && n[5] < 60
	if !ok {
		return time.Time{}, false
	}
	return t, true
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func idCheckCharacter(s string) byte {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

func idValid(s string) bool {
	if len(s) != 18 || !allDigits(s[:17]) || !strings.Contains("0123456789X", s[17:]) {
		return false
	}
	_, ok := modelDay(s[6:14])
	return ok && idCheckCharacter(s) == s[17]
}

// dirtyRow makes one row of the reference job with every kind of dirt in it.
func dirtyRow(r *rand.Rand, n int) []string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	y, mo, d := 1935+r.IntN(85), 1+r.IntN(12), 1+r.IntN(28)
	date := func(y, mo, d int) string {
		switch r.IntN(12) {
		case 0:
			return pick("1990-02-30", "1985-13-01", "未知", "19-5-3", "2200-01-01", "")
		case 1, 2:
			return fmt.Sprintf("%d/%d/%d", y, mo, d)
		case 3:
			return fmt.Sprintf("%d年%d月%d日", y, mo, d)
		case 4:
			return fmt.Sprintf("%04d%02d%02d", y, mo, d)
		}
		return fmt.Sprintf("%04d-%02d-%02d", y, mo, d)
	}
	place := pick("110101", "510104", "440305", "150502")
	id := fmt.Sprintf("%s%04d%02d%02d%03d", place, y, mo, d, r.IntN(1000))
	if r.IntN(15) == 0 && y < 2000 {
		id = id[:6] + id[8:]
	} else {
		id += string(idCheckCharacter(id))
	}
	switch r.IntN(20) {
	case 0:
		id = strings.ToLower(id)
	case 1:
		id = widen(id)
	case 2:
		id = pick("", "   ", "123", id[:len(id)-1], id+"1", "11010119900230001X")
	}
	phone := fmt.Sprintf("1%d%09d", 1+r.IntN(9), r.IntN(1e9))
	switch r.IntN(8) {
	case 0:
		phone = "+86 " + phone
	case 1:
		phone = phone[:3] + "-" + phone[3:7] + " " + phone[7:]
	case 2:
		phone = widen(phone)
	case 3:
		phone = pick("", "-", "+86", "12345")
	}
	amount := fmt.Sprintf("%d.%02d", r.IntN(2e8), r.IntN(100))
	switch r.IntN(8) {
	case 0:
		amount = pick("-5.00", "1,234,567.89", "1.5万", "-0.25万", "12.345", "1e5", "", "abc", "12万", "1234567890123", "万", "100000000.00", "100000000.01", ".5", "5.")
	case 1:
		amount = widen(amount)
	}
	if r.IntN(9) == 0 {
		d = d%28 + 1
	}
	now := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", 2019+r.IntN(6), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	switch r.IntN(12) {
	case 0:
		now = strings.ReplaceAll(now, "-", "/")
	case 1:
		now = pick("", "2024-01-01", "2024-02-30 00:00:00", "2024-01-01 24:00:00", "2024-01/01 00:00:00")
	}
	row := []string{
		fmt.Sprintf("R%08d", n), "市教育局", id, pick("王伟", "李　", "　张三丰", "欧阳娜娜", "", " \t", "陈"),
		pick("男", "女", "M", "f", "1", "２", "未知", "", "0", "9", "男性别", "X"),
		date(y, mo, d), phone,
		pick("四川省成都市锦江区人民路1号", "北京市东城区", "内蒙古自治区通辽市", "新疆维吾尔自治区伊犁哈萨克自治州伊宁市", "人民路5号", "", "西藏自治区阿里地区", "省市", "内蒙古自治区锡林郭勒盟"),
		pick(place, place, "999999", "１１０１０１", "", "1101"),
		pick("91350100M000100Y43", "91350100m000100y43", "91350100M000100Y44", "", "123"),
		amount, date(2005+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28)), now,
		pick("a.b@qq.com", "A@GOV.CN", "nobody", "x@y", "", "ａ@b.cn", "a@b@c.cn"),
		pick("", "材料齐全", "a \n", "　"),
	}
	if r.IntN(10) == 0 {
		c := r.IntN(len(row))
		row[c] = pick(" ", "\u3000", "\t") + row[c] + pick(" ", "\u3000", "\r\n", "")
	}
	return row
}

func widen(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x20 && r < 0x7F {
			return r + 0xFEE0
		}
		return r
	}, s)
}
