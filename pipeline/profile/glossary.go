package profile

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"clearwell/rules/expr"
)

// glossary gives the names that fields have in English for the headers that departments use most.
// Other Chinese headers are written in pinyin: an officer reads that, and CEL can name it.
var glossary = map[string]string{
	"序号": "no", "编号": "number", "名称": "name", "姓名": "name", "性别": "gender", "年龄": "age", "民族": "ethnic", "学历": "education", "婚姻状况": "marital",
	"身份证号": "id_card", "身份证号码": "id_card", "公民身份号码": "id_card", "出生日期": "birth_date", "手机": "phone", "手机号": "phone", "手机号码": "phone",
	"联系电话": "phone", "电话": "phone", "传真": "fax", "邮箱": "email", "电子邮箱": "email", "地址": "address", "住址": "address", "住所": "address", "邮编": "postcode",
	"邮政编码": "postcode", "行政区划": "admin_code", "行政区划代码": "admin_code", "区划代码": "admin_code", "省": "province", "省份": "province", "市": "city", "城市": "city",
	"区县": "county", "区": "county", "街道": "street", "经度": "longitude", "纬度": "latitude", "统一社会信用代码": "uscc", "组织机构代码": "org_code",
	"企业名称": "company", "单位名称": "organisation", "法定代表人": "legal_person", "注册资本": "registered_capital", "行业": "industry", "行业代码": "industry",
	"登记编号": "registration_no", "登记日期": "registered_on", "成立日期": "founded_on", "注册日期": "registered_on", "更新时间": "updated_at", "创建时间": "created_at",
	"日期": "date", "时间": "time", "年份": "year", "月份": "month", "开始日期": "start_date", "结束日期": "end_date", "有效期": "valid_until",
	"金额": "amount", "数量": "quantity", "单价": "unit_price", "单位": "unit", "总价": "total", "合计": "total", "出资额": "capital", "币种": "currency", "面积": "area",
	"类型": "type", "类别": "category", "状态": "status", "备注": "remark", "说明": "description", "部门": "department", "数据来源": "source", "来源": "source", "车牌号": "plate",
	"银行卡号": "bank_card", "护照号": "passport", "国家": "country", "国籍": "nationality", "职业": "occupation", "网址": "website", "版本": "version",
}

// fieldNames gives every column a name that a contract and CEL take, each once.
func fieldNames(columns []Column) []string {
	names := make([]string, len(columns))
	used := map[string]bool{}
	for i, c := range columns {
		base := FieldName(c.Name)
		name := base
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		used[name] = true
		names[i] = name
	}
	return names
}

// FieldName is a column's name in ASCII: lower-case words joined by underscores.
func FieldName(column string) string {
	if known, ok := glossary[column]; ok {
		return known
	}
	name := asciiWords(column, "_")
	if len(name) > 48 {
		name = strings.TrimRight(name[:48], "_")
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = strings.TrimRight("column_"+name, "_")
	}
	if expr.ReservedWord(name) {
		name += "_"
	}
	return name
}

// asciiWords writes a name in lower-case ASCII words: Han characters in pinyin, accents dropped with what they stand on kept where it is ASCII.
func asciiWords(s, joint string) string {
	var words []string
	args := pinyin.NewArgs()
	for _, part := range nameParts(s) {
		if !isHan(part) {
			part = strings.Map(func(r rune) rune {
				if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
					return r
				}
				return -1
			}, part)
			if part != "" {
				words = append(words, part)
			}
			continue
		}
		for _, syllable := range pinyin.LazyPinyin(part, args) {
			words = append(words, strings.ReplaceAll(syllable, "ü", "v"))
		}
	}
	return strings.Join(words, joint)
}

// DatasetID is the id that a contract of the file at path may have: its name in
// lower-case letters, digits and hyphens.
func DatasetID(path string) string {
	base := filepath.Base(filepath.FromSlash(path))
	base = strings.TrimSuffix(base, filepath.Ext(base))
	var id strings.Builder
	for _, word := range strings.FieldsFunc(base, func(r rune) bool { return r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if w := asciiWords(strings.ToLower(word), "-"); w != "" {
			if id.Len() > 0 {
				id.WriteByte('-')
			}
			id.WriteString(w)
		}
	}
	out := id.String()
	if len(out) > 64 {
		out = out[:64]
	}
	if out = strings.Trim(out, "-"); out == "" {
		return "dataset"
	}
	return out
}
