package quality

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{"n": grouped}).Parse(reportText))

// reportWords are the words of the report, by language.
var reportWords = map[string]map[string]string{
	"zh": {
		"lang": "zh-Hans", "report": "数据质量报告", "dataset": "数据集", "owner": "责任部门", "delivered": "来源质量", "published": "发布质量", "coverage": "规则覆盖率",
		"dimension": "质量维度", "weight": "权重", "none": "未评价", "rows": "数据行去向", "read": "读取", "rpublished": "发布", "quarantined": "隔离", "duplicates": "去重", "suppressed": "隐私抑制", "excluded": "契约排除",
		"rules": "规则明细（按来源数据统计）", "trend": "历次评价趋势", "runs": "次运行", "since": "与上一版本相比", "before": "上一版本", "after": "本版本", "changed": "变化", "rowcount": "发布行数",
		"publish": "达标，可发布", "publish_warned": "可发布，有警告", "refuse": "未达标，不予发布", "bounds": "超出契约限值", "score": "总分",
		"added": "新增列", "removed": "减少列", "retyped": "类型变化",
		"foot": "依据 GB/T 36344-2018 计算；数值以 quality.json 为准。",
	},
	"en": {
		"lang": "en", "report": "Data quality report", "dataset": "Dataset", "owner": "Department", "delivered": "As delivered", "published": "As published", "coverage": "Fields with a rule",
		"dimension": "Dimension", "weight": "Weight", "none": "not evaluated", "rows": "Where the rows went", "read": "read", "rpublished": "published", "quarantined": "quarantined", "duplicates": "duplicates removed", "suppressed": "suppressed for privacy", "excluded": "excluded by the contract",
		"rules": "Rules, over the rows as delivered", "trend": "Trend", "runs": "runs", "since": "Since the version before", "before": "before", "after": "now", "changed": "change", "rowcount": "rows published",
		"publish": "Fit to publish", "publish_warned": "Fit to publish, with warnings", "refuse": "Refused: must not be published", "bounds": "Bounds of the contract that were exceeded", "score": "score",
		"added": "columns added", "removed": "columns removed", "retyped": "columns of another type",
		"foot": "Computed after GB/T 36344-2018; the figures are those of quality.json.",
	},
}

// reportView is a Result as the report shows it.
type reportView struct {
	*Result
	W          map[string]string
	Name       string
	Verdict    string
	Class      string
	Exceeded   []string
	Dimensions []reportDimension
	Header     []string
	Lines      []ReportRow
	Trend      *trendView
	Changes    []reportChange
}

type reportDimension struct {
	Name                 string
	Weight               int64
	Delivered, Published Percent
	DeliveredW           int64 // of 10000
	PublishedW           int64
}

type reportChange struct {
	Of, Before, After, Change string
}

// WriteReport writes the result as one page in one language, zh or en, with the
// columns of a quality report as bureaus know it. trend is what the runs of the dataset came to, oldest first.
func (r *Result) WriteReport(w io.Writer, lang string, trend []Point) error {
	words := reportWords[lang]
	if words == nil {
		return fmt.Errorf("quality report of %s: no words in the language %q; it is zh or en", r.Dataset, lang)
	}
	v := reportView{Result: r, W: words, Name: r.Title[lang], Verdict: words[string(r.Decision)], Header: ReportHeader(lang), Lines: r.Report(lang), Trend: newTrend(trend), Class: verdictOf(r).Class}
	for _, other := range []string{r.Title["zh"], r.Title["en"], r.Dataset} {
		if v.Name == "" {
			v.Name = other
		}
	}
	for _, g := range slices.Concat(r.Refusals(), r.Warnings()) {
		v.Exceeded = append(v.Exceeded, g.SentenceIn(lang))
	}
	at := dimensionWords(lang)
	for i, d := range r.Delivered.Dimensions {
		p := r.Published.Dimensions[i].Score
		v.Dimensions = append(v.Dimensions, reportDimension{at[d.Dimension], d.Weight, d.Score, p, max(0, int64(d.Score)), max(0, int64(p))})
	}
	if c := r.Comparison; c != nil {
		v.Changes = append(v.Changes, reportChange{words["rowcount"], grouped(c.RowsBefore), grouped(c.RowsAfter), fmt.Sprintf("%+d", c.RowsAfter-c.RowsBefore)})
		for _, s := range c.Scores {
			x := reportChange{words["score"], s.Before.String(), s.After.String(), "–"}
			if s.Of != "score" {
				x.Of = at[s.Of]
			}
			if p, ok := s.Change(); ok {
				x.Change = p.String()
			}
			v.Changes = append(v.Changes, x)
		}
	}
	if err := reportPage.Execute(w, v); err != nil {
		return fmt.Errorf("quality report of %s: %w", r.Dataset, err)
	}
	return nil
}

// WritePage writes the page that is published beside the data: in the language of
// the workspace, zh or en, else one page in both.
func (r *Result) WritePage(w io.Writer, lang string) error {
	if lang == "" {
		return r.WriteHTML(w)
	}
	return r.WriteReport(w, lang, nil)
}

// dimensionWords are the names of the dimensions in a language.
func dimensionWords(lang string) map[string]string {
	out := map[string]string{}
	for _, d := range Dimensions {
		out[d.Name] = d.EN
		if lang == "zh" {
			out[d.Name] = d.ZH
		}
	}
	return out
}

// SentenceIn is Sentence in a language: zh, or en for any other.
func (g Gate) SentenceIn(lang string) string {
	if lang != "zh" {
		return g.Sentence()
	}
	of := dimensionWords("zh")[g.Of]
	switch {
	case g.Of == "score":
		of = "总分"
	case g.Of == "rows":
		of = "发布行数"
	case g.Of == "columns":
		of = "发布列"
	case of == "":
		of = g.Of
	}
	switch {
	case g.Kind == CompareGate && g.Last != nil:
		return fmt.Sprintf("%s与第 %d 版相比：%s，契约允许 %s", of, g.Last.Version, g.Last.Found, g.Last.Allowed)
	case g.Kind == PublishIfGate && g.Score != nil && g.AtLeast != nil:
		if !g.Score.Evaluated() {
			return fmt.Sprintf("%s应不低于 %s，但未评价", of, g.AtLeast)
		}
		return fmt.Sprintf("%s为 %s，契约要求不低于 %s", of, g.Score, g.AtLeast)
	case g.Kind == MistakesGate && g.Count != nil:
		return fmt.Sprintf("规则 %s 在 %s 行上无法计算，这些行未检查；请检查除数为零或超出 64 位的数", g.Of, grouped(*g.Count))
	case g.Kind == DeriveGate && g.Count != nil:
		return fmt.Sprintf("字段 %s 在 %s 行上无法推导，值为空；请检查除数为零或超出类型范围的数", g.Of, grouped(*g.Count))
	case g.Kind == MeasureGate && g.Measure != nil && g.Measure.Reason != "":
		return fmt.Sprintf("检查 %s 未能评价：%s", g.Of, g.Measure.Reason)
	case g.Kind == MeasureGate && g.Measure != nil:
		return fmt.Sprintf("检查 %s 实际为 %s，契约要求 %s", g.Of, g.Measure.Observed, g.Measure.Expected)
	case g.Kind == RowsGate && g.Rows != nil:
		return fmt.Sprintf("读取 %s 行，没有可发布的行", grouped(g.Rows.Read))
	case g.Kind == AllowGate && g.Counts != nil:
		bound := g.Share
		if g.Count != nil {
			if bound != "" {
				bound += " 或 "
			}
			bound += grouped(*g.Count)
		}
		return fmt.Sprintf("规则 %s 在 %s 行中有 %s 行不通过（%s%%），契约允许 %s", g.Of, grouped(g.Counts.Checked), grouped(g.Counts.Failed), RatioOf(g.Counts.Failed, g.Counts.Checked), bound)
	}
	return g.Sentence()
}
