package quality

// Dimension is one of the six dimensions of GB/T 36344-2018.
type Dimension struct {
	Name string // as contracts write it
	EN   string
	ZH   string
}

// Dimensions are the six, in the order of the standard.
var Dimensions = []Dimension{
	{"normativity", "Normativity", "规范性"},
	{"completeness", "Completeness", "完整性"},
	{"accuracy", "Accuracy", "准确性"},
	{"consistency", "Consistency", "一致性"},
	{"timeliness", "Timeliness", "时效性"},
	{"accessibility", "Accessibility", "可访问性"},
}

// Indicator is one of the indicators of GB/T 36344-2018, each a ratio A/B. The
// two rates where less is better (0303, 0305) are turned round, as
// DB31/T 1523-2024 does, so that more is better everywhere.
type Indicator struct {
	Code      string
	Dimension string
	EN        string
	ZH        string
}

// Indicators are all of them, in the order of the standard.
var Indicators = []Indicator{
	{"0101", "normativity", "Data standard", "数据标准"},
	{"0102", "normativity", "Data model", "数据模型"},
	{"0103", "normativity", "Metadata", "元数据"},
	{"0104", "normativity", "Business rules", "业务规则"},
	{"0105", "normativity", "Reference data", "权威参考数据"},
	{"0106", "normativity", "Security rules", "安全规范"},
	{"0201", "completeness", "Data elements", "数据元素完整性"},
	{"0202", "completeness", "Data records", "数据记录完整性"},
	{"0301", "accuracy", "Content", "数据内容正确性"},
	{"0302", "accuracy", "Format", "数据格式合规性"},
	{"0303", "accuracy", "Free of duplicates", "数据重复率（取反）"},
	{"0304", "accuracy", "Uniqueness", "数据唯一性"},
	{"0305", "accuracy", "Clean as delivered", "脏数据出现率（取反）"},
	{"0401", "consistency", "Same data", "相同数据一致性"},
	{"0402", "consistency", "Related data", "关联数据一致性"},
	{"0501", "timeliness", "Within the period", "基于时间段的正确性"},
	{"0502", "timeliness", "On time", "基于时间点的及时性"},
	{"0503", "timeliness", "Order in time", "时序性"},
	{"0601", "accessibility", "Accessible", "可访问性"},
	{"0602", "accessibility", "Usable", "可用性"},
}

// The indicators that are evaluated from the balance of the run itself.
const (
	duplicateRate = "0303"
	dirtyRate     = "0305"
)

// IndicatorByCode finds an indicator.
func IndicatorByCode(code string) (Indicator, bool) {
	for _, i := range Indicators {
		if i.Code == code {
			return i, true
		}
	}
	return Indicator{}, false
}

func dimensionByName(name string) (Dimension, bool) {
	for _, d := range Dimensions {
		if d.Name == name {
			return d, true
		}
	}
	return Dimension{}, false
}
