package standard

import "slices"

// Version names the state of tables and algorithms. It stands in every plan
// and so in its hash. The part behind the plus sign is the beginning of the
// SHA-256 over the tables; raise the part before it when an algorithm changes
// what it accepts or writes. A test keeps the digest right.
const Version = "1+69e89055caec"

// Indicators of GB/T 36344-2018 that the checks belong to.
const (
	normativity   = "normativity"
	dataStandard  = "0101"
	referenceData = "0105"
	accuracy      = "accuracy"
	formatRight   = "0302"
)

// Base cleaning of what is written in ASCII, and of Chinese text.
var (
	codeSteps  = []Step{{Op: "halfwidth"}, {Op: "trim"}}
	upperSteps = []Step{{Op: "halfwidth"}, {Op: "trim"}, {Op: "upper"}}
	lowerSteps = []Step{{Op: "halfwidth"}, {Op: "trim"}, {Op: "lower"}}
	textSteps  = []Step{{Op: "trim"}}
)

// Options that several standards have.
var (
	formOption = Option{Name: "form", Default: "code", Values: []string{"code", "name"},
		Title: title("what cleaning writes and the check accepts", "清洗后的形式：代码或名称")}
	yesNo = []string{"true", "false"}
)

// The pseudonym key that a default treatment names; the contract may name another.
const defaultKey = "default"

func title(en, zh string) map[string]string { return map[string]string{"en": en, "zh": zh} }

// library is sorted by name, see init.
var library = []*Standard{
	{
		Name: "cn.id_card", Title: title("Citizen identification number", "公民身份号码"), Source: "GB 11643-1999",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     upperSteps, Cleans: true, Checks: true, compile: compileID,
		Options: []Option{
			{Name: "region", Default: "true", Values: yesNo, Title: title("the first six digits must be a code that GB/T 2260 has or had", "前六位须为现行或曾用的行政区划代码")},
			{Name: "min_year", Default: "1800", Title: title("earliest year of birth", "最早出生年份")},
			{Name: "max_year", Default: "2100", Title: title("latest year of birth", "最晚出生年份")},
		},
	},
	{
		Name: "cn.uscc", Title: title("Unified social credit identifier", "统一社会信用代码"), Source: "GB 32100-2015",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Checks: true, compile: checkOnly(ValidUSCC),
	},
	{
		Name: "cn.org_code", Title: title("Organisation code", "组织机构代码"), Source: "GB 11714-1997",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: both(cleanOrgCode, ValidOrgCode),
	},
	{
		Name: "cn.mobile", Title: title("Mobile number", "手机号码"), Source: "numbering plan of the public telephone network (工信部)",
		Kind: "string", Level: 3, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "mask", KeepFirst: 3, KeepLast: 4},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: both(cleanMobile, ValidMobile),
	},
	{
		Name: "cn.landline", Title: title("Fixed-line number", "固定电话号码"), Source: "numbering plan of the public telephone network (工信部)",
		Kind: "string", Level: 3, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "mask", KeepFirst: 4, KeepLast: 2},
		Steps:     lowerSteps, Cleans: true, Checks: true, compile: both(cleanLandline, validLandline),
	},
	{
		Name: "cn.admin_division", Title: title("Administrative division", "行政区划代码"), Source: "GB/T 2260, revisions to 2023-06",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Checks: true, compile: compileAdminDivision,
		Options: []Option{{Name: "current", Default: "false", Values: yesNo, Title: title("only codes of the newest revision", "仅现行代码")}},
	},
	{
		Name: "cn.gender", Title: title("Sex", "性别"), Source: "GB/T 2261.1-2003",
		Kind: "string", Level: 2, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileGender, Options: []Option{formOption},
	},
	{
		Name: "cn.marital", Title: title("Marital status", "婚姻状况"), Source: "GB/T 2261.2-2003",
		Kind: "string", Level: 2, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileMarital, Options: []Option{formOption},
	},
	{
		Name: "cn.ethnic", Title: title("Ethnic group", "民族"), Source: "GB/T 3304-1991",
		Kind: "string", Level: 2, Dimension: normativity, Indicator: referenceData,
		Steps: upperSteps, Cleans: true, Checks: true, compile: compileEthnic,
		Options: []Option{{Name: "form", Default: "code", Values: []string{"code", "name", "letters"}, Title: formOption.Title}},
	},
	{
		Name: "cn.education", Title: title("Education", "学历"), Source: "GB/T 4658-2006, main codes",
		Kind: "string", Level: 2, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileEducation, Options: []Option{formOption},
	},
	{
		Name: "cn.industry", Title: title("Industry", "国民经济行业分类"), Source: "GB/T 4754-2017, sections and divisions",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: referenceData,
		Steps: upperSteps, Cleans: true, Checks: true, compile: compileIndustry,
	},
	{
		Name: "cn.postcode", Title: title("Postcode", "邮政编码"), Source: "China Post, ranges of the provinces",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: codeSteps, Checks: true, compile: checkOnly(validPostcode),
	},
	{
		Name: "cn.name", Title: title("Name of a person", "姓名"), Source: "Han characters of GB 18030-2022; GB/T 15834 for the middle dot",
		Kind: "string", Level: 3, Dimension: accuracy, Indicator: formatRight,
		Treatment: &Treatment{Method: "mask", KeepFirst: 1, FillOnce: true},
		Steps:     textSteps, Cleans: true, Checks: true, compile: compileName,
		Options: []Option{{Name: "latin", Default: "false", Values: yesNo, Title: title("names in Latin letters are right too", "允许拉丁字母姓名")}},
	},
	{
		Name: "cn.address", Title: title("Address", "地址"), Source: "free text, province and city first",
		Kind: "string", Level: 3, Treatment: &Treatment{Method: "truncate", To: "city"}, Steps: textSteps,
	},
	{
		Name: "cn.plate", Title: title("Vehicle plate", "机动车号牌"), Source: "GA 36-2018",
		Kind: "string", Level: 3, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "mask", KeepFirst: 2, KeepLast: 2},
		Steps:     upperSteps, Cleans: true, Checks: true, compile: both(cleanPlate, validPlate),
	},
	{
		Name: "cn.bank_card", Title: title("Bank card number", "银行卡号"), Source: "ISO/IEC 7812-1:2017",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: compileBankCard,
		Options: []Option{{Name: "issuer", Default: "any", Values: []string{"any", "unionpay"}, Title: title("whose cards are right", "发卡组织")}},
	},
	{
		Name: "cn.passport", Title: title("Passport number", "护照号码"), Source: "National Immigration Administration, series E G D S P H",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     upperSteps, Checks: true, compile: checkOnly(validPassport),
	},
	{
		Name: "iso.date", Title: title("Date", "日期"), Source: "ISO 8601-1:2019, GB/T 7408.1-2023, and the forms in use beside it",
		Kind: "date", Level: 1, Steps: codeSteps,
		Formats: []string{"yyyy-M-d", "yyyyMMdd", "yyyy/M/d", "yyyy年M月d日", "yyyy.M.d"},
	},
	{
		Name: "iso.datetime", Title: title("Date and time of day", "日期时间"), Source: "ISO 8601-1:2019, GB/T 7408.1-2023, and the forms in use beside it",
		Kind: "timestamp", Level: 1, Steps: codeSteps,
		Formats: []string{
			"yyyy-M-d H:mm[:ss]", "yyyy-MM-dd'T'HH:mm[:ss]", "yyyy/M/d H:mm[:ss]", "yyyyMMddHHmmss", "yyyyMMdd'T'HHmmss",
			"yyyy年M月d日 H:mm[:ss]", "yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
		},
	},
	{
		Name: "net.email", Title: title("E-mail address", "电子邮箱"), Source: "RFC 5321, RFC 5322 dot-atom",
		Kind: "string", Level: 3, Dimension: accuracy, Indicator: formatRight,
		Treatment: &Treatment{Method: "truncate", To: "domain"},
		Steps:     lowerSteps, Checks: true, compile: checkOnly(ValidEmail),
	},
	{
		Name: "net.ip", Title: title("IP address", "IP 地址"), Source: "RFC 791, RFC 4291",
		Kind: "string", Level: 2, Dimension: accuracy, Indicator: formatRight,
		Steps: lowerSteps, Checks: true, compile: compileIP,
		Options: []Option{{Name: "version", Default: "any", Values: []string{"any", "4", "6"}, Title: title("version of the protocol", "协议版本")}},
	},
	{
		Name: "geo.wgs84", Title: title("Coordinates in degrees", "经纬度坐标"), Source: "EPSG:4326",
		Kind: "string", Level: 1, Dimension: accuracy, Indicator: formatRight,
		Steps: []Step{{Op: "halfwidth"}, {Op: "remove", Chars: " \t"}, {Op: "trim"}}, Checks: true, compile: compileWGS84,
		Options: []Option{
			{Name: "order", Default: "lon_lat", Values: []string{"lon_lat", "lat_lon"}, Title: title("which comes first", "经纬度顺序")},
			{Name: "within", Default: "world", Values: []string{"world", "china"}, Title: title("bounds: the world, or 73 to 136 E and 3 to 54 N", "范围")},
		},
	},
}

func init() {
	slices.SortFunc(library, func(a, b *Standard) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// checkOnly is a standard without options that does not clean.
func checkOnly(valid func([]byte) bool) func(options) (*Compiled, error) {
	return func(options) (*Compiled, error) { return &Compiled{Valid: valid}, nil }
}

// both is a standard without options that cleans and checks.
func both(clean func(dst, src []byte) ([]byte, bool), valid func([]byte) bool) func(options) (*Compiled, error) {
	return func(options) (*Compiled, error) { return &Compiled{Clean: clean, Valid: valid}, nil }
}
