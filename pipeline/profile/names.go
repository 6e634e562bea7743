package profile

import (
	"strings"
	"unicode"

	"clearwell/rules/standard"
)

// A hint says by which column names a standard is known, and how much its
// values alone say.
type hint struct {
	words []string // in lower case; of English ones the parts are joined by _
	alone evidence
}

// evidence is what values say without a name.
type evidence int

const (
	never    evidence = iota // too many other things look so
	always                   // a form or check digit that nothing else has
	many                     // a check that one in ten others pass by chance: it takes some values
	inWords                  // the words of the code table, not its digits
	measured                 // unknown: how many changed values still pass is tried
)

// specific orders the standards that we know: where several fit, the first one counts.
var specific = []struct {
	name string
	hint
}{
	{"cn.id_card", hint{[]string{"身份证", "公民身份号码", "证件号码", "id_card", "idcard", "identity_number", "citizen_id", "sfzh", "sfz"}, always}},
	{"cn.uscc", hint{[]string{"统一社会信用代码", "社会信用代码", "信用代码", "uscc", "credit_code", "social_credit"}, always}},
	{"iso.iban", hint{[]string{"iban"}, always}},
	{"iso.lei", hint{[]string{"lei", "法人机构识别编码"}, always}},
	{"iso.isin", hint{[]string{"isin"}, many}},
	{"net.email", hint{[]string{"邮箱", "电子邮件", "email", "e_mail", "mail"}, always}},
	{"net.mac", hint{[]string{"mac地址", "mac", "mac_address"}, always}},
	{"net.url", hint{[]string{"网址", "链接", "url", "website", "homepage", "link", "web_site"}, always}},
	{"net.ip", hint{[]string{"ip地址", "ip", "ip_address"}, always}},
	{"cn.plate", hint{[]string{"车牌", "号牌", "plate", "license_plate", "plate_number"}, always}},
	{"geo.wgs84", hint{[]string{"经纬度", "坐标", "coordinates", "lon_lat", "lng_lat", "location"}, always}},
	{"cn.mobile", hint{[]string{"手机", "移动电话", "联系电话", "mobile", "cell", "cellphone", "phone", "tel"}, always}},
	{"cn.landline", hint{[]string{"固定电话", "座机", "办公电话", "联系电话", "landline", "telephone", "tel", "phone", "传真", "fax"}, many}},
	{"pay.card", hint{[]string{"card_number", "credit_card", "卡号"}, never}},
	{"cn.bank_card", hint{[]string{"银行卡", "银行账号", "卡号", "bank_card", "bank_account", "card_no"}, many}},
	{"cn.org_code", hint{[]string{"组织机构代码", "机构代码", "org_code", "organization_code"}, many}},
	{"cn.tax_id", hint{[]string{"纳税人识别号", "税号", "tax_id", "taxpayer_id"}, never}},
	{"cn.admin_division", hint{[]string{"行政区划", "区划代码", "行政区域", "地区代码", "admin_code", "admin_division", "adcode", "region_code", "district_code"}, always}},
	{"cn.admin_name", hint{[]string{"行政区划名称", "行政区划", "省份", "省", "地市", "区县", "province"}, never}},
	{"geo.cgcs2000", hint{[]string{"cgcs2000", "cgcs_2000"}, never}},
	{"geo.gcj02", hint{[]string{"gcj02", "gcj_02", "火星坐标"}, never}},
	{"iso.isbn", hint{[]string{"isbn", "书号"}, many}},
	{"iso.issn", hint{[]string{"issn", "刊号"}, many}},
	{"eu.vat", hint{[]string{"vat", "vat_number", "partita_iva"}, many}},
	{"uk.nhs", hint{[]string{"nhs", "nhs_number"}, never}},
	{"uk.nino", hint{[]string{"nino", "national_insurance"}, never}},
	{"uk.postcode", hint{[]string{"postcode", "post_code"}, always}},
	{"us.ssn", hint{[]string{"ssn", "social_security", "soc_sec"}, never}},
	{"us.ein", hint{[]string{"ein", "employer_id"}, never}},
	{"us.npi", hint{[]string{"npi"}, never}},
	{"us.zip", hint{[]string{"zip", "zipcode", "zip_code"}, never}},
	{"cn.passport", hint{[]string{"护照", "passport"}, never}},
	{"cn.gender", hint{[]string{"性别", "gender", "sex", "xb"}, inWords}},
	{"cn.marital", hint{[]string{"婚姻", "marital"}, inWords}},
	{"cn.ethnic", hint{[]string{"民族", "ethnic", "nation", "mz"}, inWords}},
	{"cn.education", hint{[]string{"学历", "文化程度", "education", "xl"}, inWords}},
	{"cn.industry", hint{[]string{"行业", "industry"}, inWords}},
	{"cn.postcode", hint{[]string{"邮编", "邮政编码", "postcode", "zip", "zip_code", "postal_code"}, never}},
	{"iso.country", hint{[]string{"国家", "国别", "国籍", "country", "nationality"}, never}},
	{"iso.currency", hint{[]string{"币种", "货币", "currency"}, never}},
	{"iso.language", hint{[]string{"语言", "语种", "language", "lang"}, never}},
	{"e164.phone", hint{[]string{"phone", "telephone", "tel", "fax"}, never}},
	{"cn.name", hint{[]string{"姓名", "名字", "联系人", "法定代表人", "法人代表", "负责人", "经办人", "申请人", "full_name", "person_name", "name", "xm"}, never}},
	{"cn.amount", hint{nil, never}}, // amounts are numbers: the type says so
	{"cn.address", hint{[]string{"地址", "住址", "住所", "address", "addr", "dz"}, never}},
	{"iso.date", hint{nil, never}}, // dates are a type
	{"iso.datetime", hint{nil, never}},
}

// hintOf is what is known about a standard, and its place in the order; standards
// that are not in the list come last and are known by their titles.
func hintOf(s *standard.Standard) (hint, int) {
	for i, k := range specific {
		if k.name == s.Name {
			return k.hint, i
		}
	}
	h := hint{alone: measured}
	_, last, _ := strings.Cut(s.Name, ".")
	for _, w := range []string{last, s.Title["zh"], s.Title["en"]} {
		if w = strings.Join(nameParts(w), "_"); len(w) > 2 {
			h.words = append(h.words, w)
		}
	}
	return h, len(specific)
}

// nameParts are the words of a column name, in lower case: ContactPhone, contact-phone and
// "Contact phone" are contact and phone; a run of Han characters is one word.
func nameParts(name string) []string {
	var parts []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			parts = append(parts, b.String())
			b.Reset()
		}
	}
	last := rune(0)
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(last), unicode.Is(unicode.Han, r) != unicode.Is(unicode.Han, last) && last != 0:
			flush()
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		last = r
	}
	flush()
	return parts
}

// named says how well a column name says one of the words: 1 it is the word, less where it only
// contains it, 0 not at all. Chinese words may stand anywhere in the name, English ones are whole parts.
func named(name string, words []string) float64 {
	joined := strings.Join(nameParts(name), "_")
	best := 0.0
	for _, w := range words {
		switch {
		case joined == w:
			return 1
		case isHan(w) && strings.Contains(joined, w):
			best = max(best, 0.6+0.3*float64(len(w))/float64(len(joined)))
		case !isHan(w) && strings.Contains("_"+joined+"_", "_"+w+"_"):
			best = max(best, 0.6+0.3*float64(len(w))/float64(len(joined)))
		}
	}
	return best
}

func isHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// personal are column names that say that a column is about persons, by level,
// the most sensitive first.
var personal = []struct {
	level int
	en    string
	words []string
}{
	{4, "credentials", []string{"密码", "口令", "password", "passwd"}},
	{4, "health", []string{"疾病", "病种", "病史", "诊断", "病情", "残疾", "disease", "diagnosis", "disability", "illness"}},
	{4, "a number that names a person", []string{"身份证", "证件号", "护照", "社保号", "社会保障号", "ssn", "soc_sec", "soc_sec_id", "social_security", "passport", "id_card", "national_id"}},
	{4, "an account of a person", []string{"银行卡", "银行账号", "银行账户", "bank_account", "iban", "card_number", "credit_card"}},
	{3, "religion or party", []string{"宗教", "信仰", "政治面貌", "religion", "political"}},
	{3, "income", []string{"收入", "工资", "薪", "salary", "income", "wage"}},
	{3, "a name of a person", []string{"姓名", "联系人", "法定代表人", "法人代表", "负责人", "经办人", "申请人", "户主", "given_name", "surname", "first_name", "last_name", "full_name", "fname", "lname", "director", "contact", "person", "cognome"}},
	{3, "a date of birth", []string{"出生日期", "出生年月", "生日", "birth", "birthday", "birth_date", "date_of_birth", "dob", "born"}},
	{3, "a way to reach a person", []string{"电话", "手机", "邮箱", "传真", "微信", "qq号", "phone", "mobile", "telephone", "tel", "fax", "email", "e_mail", "wechat"}},
	{3, "an address", []string{"住址", "地址", "住所", "家庭", "户籍地", "address", "addr", "street", "house_number", "street_number", "address_1", "address_2", "indirizzo"}},
	{3, "a vehicle", []string{"车牌", "号牌", "plate", "vin"}},
	{2, "a trait of persons", []string{"性别", "民族", "年龄", "婚姻", "学历", "文化程度", "国籍", "职业", "gender", "sex", "age", "race", "ethnic", "marital", "marital_status", "education", "nationality", "native_country", "occupation"}},
	{2, "free text", []string{"备注", "说明", "描述", "意见", "事由", "remark", "remarks", "note", "notes", "comment", "comments", "description"}},
}

// levelByName is the level that a column name asks for and what about it; 1 if it says nothing.
func levelByName(name string) (int, string) {
	for _, p := range personal {
		if named(name, p.words) > 0 {
			return p.level, p.en
		}
	}
	return 1, ""
}

// codeWords are column names of codes and numbers that name things: text, even where all are digits.
var codeWords = []string{"编号", "编码", "代码", "号码", "序号", "证号", "文号", "单号", "账号", "邮编", "电话", "code", "codice", "zip", "zipcode", "phone", "fax", "postcode", "tel", "mobile", "cap", "cig", "ssn", "isbn"}

// isCodeName says that a column names things by numbers: they are not counted with.
func isCodeName(name string) bool { return named(name, codeWords) > 0 }
