package quality

import (
	"cmp"
	"math/big"
	"strings"
)

// ReportRow is one line of the report as bureaus know it: a rule, a measure or an
// indicator that the run itself shows.
type ReportRow struct {
	Dimension   string
	Class       string // the indicator, with its code
	Name        string // id of the rule
	Description string
	Basis       string
	Level       string // how much the rule weighs
	Checked     int64
	Failed      int64
	Share       Percent // of failures
	Score       Percent
}

// ReportHeader names the columns of a ReportRow in a language, zh or en.
func ReportHeader(lang string) []string {
	if lang == "zh" {
		return []string{"质量维度", "规则类别", "规则名称", "规则描述", "依据", "级别", "检查数", "问题数", "问题率(%)", "得分"}
	}
	return []string{"dimension", "rule class", "rule", "description", "basis", "level", "checked", "failed", "share (%)", "score"}
}

// levelWords are the severities by language.
var levelWords = map[string]map[string]string{
	"zh": {"error": "错误", "warn": "警告", "gate": "门禁", "": "错误"},
	"en": {"error": "error", "warn": "warning", "gate": "gate", "": "error"},
}

// measuredNames say what an indicator counts that the run itself shows.
var measuredNames = map[string][2]string{
	dataModel:     {"Fields of the contract that the delivery has", "交付数据具备契约字段"},
	metadata:      {"Title, level and type of every field", "字段具备标题、级别与类型"},
	securityRules: {"Fields treated as their level and audience demand", "字段按级别与受众脱敏"},
	dataRecords:   {"Records that could be read", "记录可被读取"},
	duplicateRate: {"Rows that are no copies", "非重复记录"},
	dirtyRate:     {"Cells that needed no cleaning and broke no rule", "来源即合格的单元格"},
	withinPeriod:  {"Cycles with a delivery", "更新周期内按期交付"},
	onTime:        {"New data when it was due", "到期时有新数据"},
	accessible:    {"Published files that could be read back", "发布文件可读取"},
	usable:        {"Titles, licence and owner of the publication", "发布信息完整（标题、许可、责任部门）"},
}

// Report lists rules, measures and indicators of the run in the order of the standard, as delivered.
func (r *Result) Report(lang string) []ReportRow {
	at := 0
	if lang == "zh" {
		at = 1
	}
	var out []ReportRow
	for _, d := range Dimensions {
		for _, i := range Indicators {
			if i.Dimension != d.Name {
				continue
			}
			base := ReportRow{Dimension: [2]string{d.EN, d.ZH}[at], Class: i.Code + " " + [2]string{i.EN, i.ZH}[at]}
			for _, rule := range r.Rules {
				if rule.Indicator != i.Code {
					continue
				}
				row := base
				row.Name, row.Basis = rule.ID, rule.Basis
				row.Description = cmp.Or(rule.Title[lang], rule.Title["zh"], rule.Title["en"], rule.Field, strings.Join(rule.Reads, ", "))
				row.Level = levelWords[lang][string(rule.Severity)]
				out = append(out, row.counts(rule.Delivered))
			}
			for _, m := range r.Measures {
				if m.Indicator != i.Code {
					continue
				}
				row := base
				row.Name, row.Basis, row.Level = m.ID, m.Basis, levelWords[lang][m.Severity]
				row.Description = cmp.Or(m.Title[lang], m.Title["zh"], m.Title["en"], string(m.Kind)+" "+m.Expected)
				var c Counts
				switch m.Verdict {
				case MeasurePassed:
					c = Counts{Checked: 1}
				case MeasureFailed, MeasureWarned:
					c = Counts{Checked: 1, Failed: 1}
				}
				out = append(out, row.counts(c))
			}
			if c, ok := r.shown(i.Code); ok {
				row := base
				row.Name, row.Description = i.Code, measuredNames[i.Code][at]
				out = append(out, row.counts(c))
			}
		}
	}
	return out
}

// shown are the counts of an indicator that the run itself shows, as delivered or, where it is only then evaluated, as published.
func (r *Result) shown(code string) (Counts, bool) {
	if code == dirtyRate || code == duplicateRate {
		if s := r.Delivered.indicator(code); s != nil {
			return Counts{Checked: s.Checked, Failed: s.Checked - s.Passed}, true
		}
	}
	for _, m := range r.Measured {
		if m.Indicator == code {
			if m.Delivered.Checked > 0 {
				return m.Delivered, true
			}
			return m.Published, true
		}
	}
	return Counts{}, false
}

func (row ReportRow) counts(c Counts) ReportRow {
	row.Checked, row.Failed = c.Checked, c.Failed
	row.Share, row.Score = RatioOf(c.Failed, c.Checked), RatioOf(c.Checked-c.Failed, c.Checked)
	return row
}

// Mean is the mean of the percentages that are evaluated: how datasets roll up to their department.
func Mean(values []Percent) Percent {
	sum, n := int64(0), int64(0)
	for _, v := range values {
		if v.Evaluated() {
			sum += int64(v)
			n++
		}
	}
	if n == 0 {
		return NotEvaluated
	}
	return roundRatio(big.NewRat(sum, n*int64(Full)))
}
