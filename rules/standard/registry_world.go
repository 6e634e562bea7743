package standard

import "math/rand/v2"

var positionSteps = []Step{{Op: "halfwidth"}, {Op: "remove", Chars: " \t"}, {Op: "trim"}}

var orderOption = Option{Name: "order", Default: "lon_lat", Values: []string{"lon_lat", "lat_lon"}, Title: title("which comes first", "经纬度顺序")}

func withinOption(standard string) Option {
	return Option{Name: "within", Default: standard, Values: []string{"world", "china"}, Title: title("bounds: the world, or 73 to 136 E and 3 to 54 N", "范围：全球，或东经 73—136、北纬 3—54")}
}

func toOption(own string, others ...string) Option {
	return Option{Name: "to", Default: own, Values: append([]string{own}, others...), Title: title("the system that cleaning writes", "清洗后的坐标系")}
}

// international are the standards of the world and of other countries.
var international = []*Standard{
	{
		Name: "iso.date", Title: title("Date", "日期"), Source: "ISO 8601-1:2019, GB/T 7408.1-2023, and the forms in use beside it",
		Kind: "date", Level: 1, Steps: codeSteps,
		Formats: []string{"yyyy-M-d", "yyyyMMdd", "yyyy/M/d", "yyyy年M月d日", "yyyy.M.d"},
		Form:    title("a day that exists, such as 2024-02-29, 2024/2/29, 20240229 or 2024年2月29日", "真实存在的日期，如 2024-02-29、2024/2/29、20240229、2024年2月29日"),
		Note:    title("Two-digit years are refused.", "不接受两位年份。"),
		shape:   dateShape,
	},
	{
		Name: "iso.datetime", Title: title("Date and time of day", "日期时间"), Source: "ISO 8601-1:2019, GB/T 7408.1-2023, and the forms in use beside it",
		Kind: "timestamp", Level: 1, Steps: codeSteps, Cleans: true, compile: compileDateTime,
		Options: []Option{{Name: "offset", Default: "+08:00", Title: title("a time with an offset from UTC becomes the wall clock of this offset; written keeps the clock as it stands", "带时区的时间换算到此时区；written 保留原时刻")}},
		Formats: []string{
			"yyyy-M-d H:mm[:ss]", "yyyy-MM-dd'T'HH:mm[:ss]", "yyyy/M/d H:mm[:ss]", "yyyyMMddHHmmss", "yyyyMMdd'T'HHmmss",
			"yyyy年M月d日 H:mm[:ss]", "yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
		},
		Form:  title("a day and a time of day, such as 2024-02-29 08:00:00 or 2024-02-29T08:00", "日期和时刻，如 2024-02-29 08:00:00、2024-02-29T08:00"),
		Note:  title("Leap seconds (:60) are refused.", "不接受闰秒（:60）。"),
		shape: dateTimeShape,
	},
	{
		Name: "iso.country", Title: title("Country or region", "国家和地区代码"), Source: "ISO 3166-1, as of 2026-09",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileCountry,
		Options: []Option{{Name: "form", Default: "alpha2", Values: countryForms, Title: title("what cleaning writes and the check accepts", "清洗后的形式")}},
		Form:    title("a code of ISO 3166-1 (CN, CHN or 156) or a name of the country", "ISO 3166-1 代码（CN、CHN、156）或国家名称"),
	},
	{
		Name: "iso.currency", Title: title("Currency", "货币代码"), Source: "ISO 4217, list one of 2026-01-01",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileCurrency,
		Options: []Option{{Name: "form", Default: "alpha", Values: currencyForms, Title: title("what cleaning writes and the check accepts", "清洗后的形式")}},
		Form:    title("a code of ISO 4217 in force (CNY or 156)", "ISO 4217 现行代码（CNY、156）"),
		Note:    title("RMB is no code of ISO 4217. Withdrawn currencies are not held.", "RMB 不是 ISO 4217 代码；不含已废止货币。"),
	},
	{
		Name: "iso.language", Title: title("Language", "语种代码"), Source: "ISO 639-1 and ISO 639-2, as of 2026-07",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: referenceData,
		Steps: codeSteps, Cleans: true, Checks: true, compile: compileLanguage,
		Options: []Option{{Name: "form", Default: "alpha2", Values: languageForms, Title: title("what cleaning writes and the check accepts", "清洗后的形式")}},
		Form:    title("a code of ISO 639-1 (zh) or of ISO 639-2 (zho), or a name of the language", "ISO 639-1（zh）或 ISO 639-2（zho）代码，或语种名称"),
		Note:    title("Groups of languages of ISO 639-2 and the further languages of ISO 639-3 are not held.", "不含 ISO 639-2 语系代码和 ISO 639-3 其余语种。"),
	},
	{
		Name: "iso.iban", Title: title("Bank account number (IBAN)", "国际银行账号"), Source: "ISO 13616-1:2020 and its registry",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     upperSteps, Cleans: true, Checks: true, compile: both(cleanGroups, ValidIBAN),
		Form: title("a country of the registry, two check digits and the account number in the country's form, without blanks", "注册国家代码、2 位校验码和该国格式的账号，无空格"),
		shape: shape{
			check: checkPlace{from: 2, width: 2}, patterns: []string{"DE####################", "GB##WEST##############", "FR#########################", "NL##ABNA##########"},
			spoil: []spoiler{swapFor(0, "ZZ", "US", "CN"), func(_ *rand.Rand, b []byte) []byte { return b[:len(b)-1] }},
			why: func(_ options, b []byte) *Reason {
				f := ibanFormOf(b)
				switch {
				case f == nil:
					return because(ReasonPrefix, "no country %.2q is in the registry of IBAN", "IBAN 注册表中无国家代码 %.2q", string(b))
				case len(b) != f.length+4:
					return because(ReasonLength, "it has %d characters, those of %s have %d", "共 %d 个字符，%s 的账号应为 %d 个", len(b), b[:2], f.length+4)
				}
				return nil
			},
		},
	},
	{
		Name: "iso.lei", Title: title("Legal entity identifier", "法人机构识别编码"), Source: "ISO 17442-1:2020",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: both(cleanGroups, ValidLEI),
		Form:  title("18 digits or letters and two check digits", "18 位数字或字母和 2 位校验码"),
		shape: shape{lengths: []int{20}, check: checkPlace{from: -2, width: 2}, patterns: []string{"549300************##"}},
	},
	{
		Name: "iso.isin", Title: title("Securities identification number", "国际证券识别编码"), Source: "ISO 6166:2021",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: both(cleanGroups, ValidISIN),
		Form:  title("the country, nine digits or letters and a check digit", "国家代码、9 位数字或字母和 1 位校验码"),
		shape: shape{lengths: []int{12}, check: lastDigit, patterns: []string{"US#########" + "#", "CNE########" + "#", "XS#########" + "#"}, spoil: []spoiler{swapFor(0, "ZZ", "QX")}},
	},
	{
		Name: "iso.isbn", Title: title("Book number", "国际标准书号"), Source: "ISO 2108:2017; GB/T 5795-2006",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: compileISBN,
		Options: []Option{{Name: "form", Default: "any", Values: []string{"any", "13"}, Title: title("13: numbers of ten digits are brought into the form of thirteen", "13：10 位旧书号转换为 13 位")}},
		Form:    title("13 digits that begin with 978 or 979, or the ten of before 2007, without hyphens", "978 或 979 开头的 13 位数字，或 2007 年前的 10 位，无连字符"),
		shape:   shape{lengths: []int{10, 13}, check: checkPlace{-1, 1, "0123456789X"}, patterns: []string{"9787#########", "978##########", "7#########"}},
	},
	{
		Name: "iso.issn", Title: title("Serial number", "国际标准连续出版物号"), Source: "ISO 3297:2022; GB/T 9999.1-2018",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: both(cleanISSN, ValidISSN),
		Form:  title("0000-0000, the last of them the check character", "0000-0000，末位为校验码"),
		shape: shape{lengths: []int{9}, check: checkPlace{-1, 1, "0123456789X"}, patterns: []string{"####-####"}},
	},
	{
		Name: "e164.phone", Title: title("International telephone number", "国际电话号码"), Source: "ITU-T E.164; number plans of libphonenumber",
		Kind: "string", Level: 3, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "mask", KeepFirst: 4, KeepLast: 4},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: compilePhone,
		Options: []Option{{Name: "country", Default: "", Title: title("calling code of numbers that are written without one, such as 86", "无国际区号时采用的区号，如 86")}},
		Form:    title("a plus sign, a calling code and a number of its plan, such as +8613800138000", "加号、国际区号和符合该区号计划的号码，如 +8613800138000"),
		Note:    title("The plans say which numbers can be given, not which were.", "号码计划只说明可分配的号段，不代表已分配。"),
		shape: shape{
			patterns: []string{"+861##########", "+4420########", "+1212#######", "+8190########"},
			spoil:    []spoiler{swapFor(1, "0", "999"), func(_ *rand.Rand, b []byte) []byte { return b[:6] }, func(_ *rand.Rand, b []byte) []byte { return append(b, "00000"...) }},
			why:      whyPhone,
		},
	},
	{
		Name: "net.email", Title: title("E-mail address", "电子邮箱"), Source: "RFC 5321, RFC 5322 dot-atom",
		Kind: "string", Level: 3, Dimension: accuracy, Indicator: formatRight,
		Treatment: &Treatment{Method: "truncate", To: "domain"},
		Steps:     lowerSteps, Checks: true, compile: checkOnly(ValidEmail),
		Form:  title("name@host with a host of two labels or more", "name@host，域名至少两级"),
		Note:  title("Quoted names, addresses in brackets and comments are refused, though RFC 5322 allows them.", "RFC 5322 允许的引号、方括号地址和注释不接受。"),
		shape: shape{patterns: []string{"user###@example.cn", "zhang.###@mail.example.com", "office##@example.gov.cn"}, spoil: []spoiler{swapFor(0, ".", "@"), func(_ *rand.Rand, b []byte) []byte { return b[:len(b)-3] }, instead("a@b", "a.b.cn", "a..b@c.cn", "a@b.c1")}},
	},
	{
		Name: "net.url", Title: title("Web address", "网址"), Source: "RFC 3986, schemes http and https",
		Kind: "string", Level: 1, Dimension: accuracy, Indicator: formatRight,
		Steps: codeSteps, Checks: true, compile: checkOnly(ValidURL),
		Form:  title("http:// or https://, a host and what RFC 3986 lets follow", "http:// 或 https:// 加主机名及符合 RFC 3986 的路径"),
		Note:  title("Users before the host and unescaped characters outside of ASCII are refused.", "不接受主机名前的用户信息和未转义的非 ASCII 字符。"),
		shape: shape{patterns: []string{"https://www.example.cn/a/###?q=##", "http://10.0.0.#:80##/", "https://data.example.gov.cn/file###.csv#part#"}, spoil: []spoiler{swapFor(0, "ftpx", "xttp"), instead("www.example.cn", "http://", "http://a b.cn", "https://example.cn/%zz", "http://user:pw@example.cn/", "http://example.cn:99999/")}},
	},
	{
		Name: "net.ip", Title: title("IP address", "IP 地址"), Source: "RFC 791, RFC 4291",
		Kind: "string", Level: 2, Dimension: accuracy, Indicator: formatRight,
		Steps: lowerSteps, Checks: true, compile: compileIP,
		Options: []Option{{Name: "version", Default: "any", Values: []string{"any", "4", "6"}, Title: title("version of the protocol", "协议版本")}},
		Form:    title("four numbers 0 to 255 with points, or an IPv6 address", "点分十进制 IPv4 或 IPv6 地址"),
		shape:   shape{patterns: []string{"10.##.1##.2#", "192.168.#.##", "2001:db8::~~~~:1~", "fd00:~~~~:~~~~::~"}, spoil: []spoiler{instead("256.1.1.1", "1.2.3", "01.2.3.4", "2001:db8:::1", "12345::", "1.2.3.4.5")}},
	},
	{
		Name: "net.mac", Title: title("Hardware address", "MAC 地址"), Source: "IEEE 802, EUI-48",
		Kind: "string", Level: 3, Dimension: accuracy, Indicator: formatRight,
		Treatment: &Treatment{Method: "mask", KeepFirst: 8},
		Steps:     lowerSteps, Cleans: true, Checks: true, compile: both(cleanMAC, validMAC),
		Form:  title("six pairs of hexadecimal digits with colons", "6 组两位十六进制数，以冒号分隔"),
		shape: shape{lengths: []int{17}, patterns: []string{"~~:~~:~~:~~:~~:~~"}, spoil: []spoiler{swapFor(0, "g0", "zz"), instead("00:1a:2b:3c:4d")}},
	},
	{
		Name: "uk.nhs", Title: title("NHS number", "英国国民保健号"), Source: "NHS Data Dictionary, NHS NUMBER",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: both(cleanGroups, ValidNHS),
		Form:  title("ten digits, the last of them the check digit", "10 位数字，末位为校验位"),
		shape: shape{lengths: []int{10}, check: lastDigit, patterns: []string{"9#########", "4#########"}},
	},
	{
		Name: "uk.postcode", Title: title("Postcode of the United Kingdom", "英国邮政编码"), Source: "BS 7666; Royal Mail programmers' guide",
		Kind: "string", Level: 2, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: both(cleanUKPostcode, validUKPostcode),
		Form:  title("outward part, a blank and inward part, such as SW1A 1AA", "外段、空格和内段，如 SW1A 1AA"),
		Note:  title("The form is judged; the list of postcodes is not held.", "仅校验格式，未收录邮编清单。"),
		shape: shape{patterns: []string{"SW#A #AA", "M## #BD", "EC#A #BB", "LS# #JQ"}, spoil: []spoiler{swapFor(0, "Q", "V", "9"), instead("SW1A 1AC", "SW1A", "AAA 1AA", "SW1A 1A")}},
	},
	{
		Name: "uk.nino", Title: title("National insurance number", "英国国民保险号"), Source: "HM Revenue & Customs, NIM39110",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     upperSteps, Cleans: true, Checks: true, compile: both(cleanGroups, validNINO),
		Form:  title("two letters that may stand there, six digits and a letter A to D", "2 个允许的字母、6 位数字和字母 A—D"),
		shape: shape{lengths: []int{9}, patterns: []string{"AB######C", "JG######A", "CE######D"}, spoil: []spoiler{swapFor(0, "BG", "GB", "DA", "AO", "QQ"), swapFor(8, "E", "Z", "1")}},
	},
	{
		Name: "us.ssn", Title: title("Social security number", "美国社会保障号"), Source: "Social Security Administration, RM 10201.035",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: both(cleanSSN, validSSN),
		Form:  title("000-00-0000 with an area that is not 000, 666 or 900 to 999", "000-00-0000，区号不为 000、666、900—999"),
		Note:  title("The number has no check digit.", "该号码无校验位。"),
		shape: shape{lengths: []int{11}, patterns: []string{"1##-##-####", "5##-##-####"}, spoil: []spoiler{swapFor(0, "000", "666", "900"), swapFor(4, "00"), swapFor(7, "0000")}},
	},
	{
		Name: "us.ein", Title: title("Employer identification number", "美国雇主识别号"), Source: "Internal Revenue Service, valid EIN prefixes",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: codeSteps, Cleans: true, Checks: true, compile: both(cleanEIN, validEIN),
		Form:  title("00-0000000 with a prefix that the IRS gives", "00-0000000，前缀须为 IRS 分配"),
		Note:  title("The number has no check digit.", "该号码无校验位。"),
		shape: shape{lengths: []int{10}, patterns: []string{"12-#######", "94-#######", "27-#######"}, spoil: []spoiler{swapFor(0, "00", "07", "49", "96")}},
	},
	{
		Name: "us.zip", Title: title("ZIP code", "美国邮政编码"), Source: "United States Postal Service, DMM 602",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: codeSteps, Cleans: true, Checks: true, compile: both(cleanZIP, validZIP),
		Form:  title("five digits, or nine as 00000-0000", "5 位数字，或 00000-0000 形式的 9 位"),
		Note:  title("The list of codes is not held.", "未收录代码清单。"),
		shape: shape{lengths: []int{5, 10}, patterns: []string{"1####", "9####-####"}, spoil: []spoiler{swapFor(0, "000", "A")}},
	},
	{
		Name: "us.npi", Title: title("National provider identifier", "美国医疗服务者识别号"), Source: "45 CFR 162.406; CMS check digit of 2004",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: codeSteps, Cleans: true, Checks: true, compile: both(cleanGroups, ValidNPI),
		Form:  title("ten digits that begin with 1 or 2, the last of them the check digit", "1 或 2 开头的 10 位数字，末位为校验位"),
		shape: shape{lengths: []int{10}, check: lastDigit, patterns: []string{"1#########", "2#########"}, spoil: []spoiler{swapFor(0, "3", "0")}},
	},
	{
		Name: "eu.vat", Title: title("VAT number of the European Union", "欧盟增值税号"), Source: "European Commission, VIES VAT number algorithms; the member states' rules",
		Kind: "string", Level: 1, Dimension: normativity, Indicator: dataStandard,
		Steps: upperSteps, Cleans: true, Checks: true, compile: compileVAT,
		Options: []Option{{Name: "country", Default: "", Title: title("prefix of numbers that are written without one, such as DE", "无国家前缀时补的前缀，如 DE")}},
		Form:    title("the prefix of a member state or XI and the number in its form, with its check digits", "成员国前缀（或 XI）加该国格式的号码及校验位"),
		Note:    title("A number that passes may not be registered: VIES alone knows that.", "校验通过不代表已注册，须向 VIES 查询。"),
		shape:   vatShape,
	},
	{
		Name: "geo.wgs84", Title: title("Coordinates in degrees", "经纬度坐标"), Source: "EPSG:4326",
		Kind: "string", Level: 1, Dimension: accuracy, Indicator: formatRight,
		Steps: positionSteps, Cleans: true, Checks: true, compile: compilePosition("wgs84"),
		Options: []Option{orderOption, withinOption("world"), toOption("wgs84", "gcj02")},
		Form:    title("longitude and latitude in degrees with a comma between them, such as 116.397,39.909", "以逗号分隔的经度和纬度，单位度，如 116.397,39.909"),
		shape:   positionShape,
	},
	{
		Name: "geo.cgcs2000", Title: title("Coordinates in degrees, CGCS2000", "经纬度坐标（2000 国家大地坐标系）"), Source: "EPSG:4490",
		Kind: "string", Level: 1, Dimension: accuracy, Indicator: formatRight,
		Steps: positionSteps, Cleans: true, Checks: true, compile: compilePosition("cgcs2000"),
		Options: []Option{orderOption, withinOption("china"), toOption("cgcs2000", "gcj02")},
		Form:    title("longitude and latitude in degrees inside China with a comma between them", "中国范围内以逗号分隔的经度和纬度，单位度"),
		Note:    title("CGCS2000 and WGS 84 differ by centimetres and are taken as equal.", "CGCS2000 与 WGS 84 相差厘米级，视为一致。"),
		shape:   positionShape,
	},
	{
		Name: "geo.gcj02", Title: title("Coordinates of Chinese map services, GCJ-02", "经纬度坐标（GCJ-02）"), Source: "the published transform; see gcj02.go",
		Kind: "string", Level: 1, Dimension: accuracy, Indicator: formatRight,
		Steps: positionSteps, Cleans: true, Checks: true, compile: compilePosition("gcj02"),
		Options: []Option{orderOption, withinOption("china"), toOption("gcj02", "wgs84", "cgcs2000")},
		Form:    title("longitude and latitude in degrees inside China with a comma between them", "中国范围内以逗号分隔的经度和纬度，单位度"),
		Note:    title("A value does not show its system. With to: wgs84 cleaning takes the offset off, to about a metre.", "坐标值本身不能判断坐标系。选项 to: wgs84 时去除偏移，精度约一米。"),
		shape:   positionShape,
	},
	{
		Name: "pay.card", Title: title("Payment card number", "支付卡号"), Source: "ISO/IEC 7812-1:2017 and the networks' issuer ranges",
		Kind: "string", Level: 4, Dimension: normativity, Indicator: dataStandard,
		Treatment: &Treatment{Method: "pseudonym", Key: defaultKey},
		Steps:     codeSteps, Cleans: true, Checks: true, compile: compileCard,
		Options: []Option{{Name: "network", Default: "any", Values: cardNetworks, Title: title("whose cards are right", "卡组织")}},
		Form:    title("the range and length of a network, the last digit the check digit (Luhn)", "符合卡组织号段和长度，末位为校验位（Luhn）"),
		Note:    title("National networks that are not in the list of the option network are not held.", "选项 network 之外的各国卡组织未收录。"),
		shape: shape{
			check: lastDigit, patterns: []string{"4###############", "51##############", "37#############", "62##############"},
			spoil: []spoiler{swapFor(0, "0", "1", "99"), func(_ *rand.Rand, b []byte) []byte { return b[:len(b)-1] }},
			why: func(o options, b []byte) *Reason {
				if network := CardNetwork(b); network == "" || o.text("network") != "any" && o.text("network") != network {
					return because(ReasonPrefix, "its first digits and its length are of no card network asked for", "首位号段和长度不属于所要求的卡组织")
				}
				return nil
			},
		},
	},
}
