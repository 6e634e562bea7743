package contract

import (
	"math/big"
	"strings"

	"clearwell/rules/syntax"
	"clearwell/rules/wording"
)

// Quality says how the scores of a dataset are weighed and what a version must reach to be published.
type Quality struct {
	Pos       syntax.Pos                  `yaml:"-"`
	Weights   syntax.Ordered[syntax.Text] `yaml:"weights" doc:"Whole-number weights of dimensions in the total, such as {accuracy: 2}; a dimension that is not named weighs 1."`
	PublishIf Thresholds                  `yaml:"publish_if" doc:"What the published score, or a dimension of it, must reach, such as {score: '>= 90', completeness: '>= 98%'}; otherwise the version is refused."`
	Compare   *CompareWithLast            `yaml:"compare_with_last" doc:"How far a version may be from the one before it."`
}

// Doc implements syntax.Documented.
func (*Quality) Doc() string { return "Weights, and bounds below which a version is not published." }

// LaterKeys implements syntax.Later.
func (*Quality) LaterKeys() []string { return []string{"bands", "grades"} }

// Thresholds are least scores, by what they are of.
type Thresholds []Threshold

// Threshold is a least score in points of 100.
type Threshold struct {
	Of      syntax.Text // score, or a dimension
	AtLeast int64       // hundredths of a point
	Pos     syntax.Pos
}

// thresholdWords are what a threshold may be of.
var thresholdWords = []string{"score", "normativity", "completeness", "accuracy", "consistency", "timeliness", "accessibility"}

// DecodeYAML implements syntax.Decoder.
func (t *Thresholds) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	if !syntax.WantShape(n, syntax.Map, label, r) {
		return
	}
	if len(n.Entries) == 0 {
		r.Addf(n.Pos, "%q names no bound, such as score: '>= 90'", label)
	}
	for _, e := range n.Entries {
		of := syntax.Text{Value: e.Key, Pos: e.KeyPos}
		if !syntax.Among(of, wording.Textf("a bound of %s", label), thresholdWords, r) {
			continue
		}
		var text syntax.Text
		if !syntax.TextOf(e.Value, e.Key, &text, r) {
			continue
		}
		number := strings.TrimSpace(text.Value)
		for _, wrong := range []string{"<", "=", ">"} {
			if sign := strings.TrimSpace(strings.TrimPrefix(number, ">=")); strings.HasPrefix(sign, wrong) {
				number = ""
			}
		}
		number = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(number, ">="), "%"))
		points, ok := hundredths(number)
		if !ok || points > 10000 {
			r.Addf(text.Pos, "%q must be a least score of 100, such as '>= 90' or '>= 98.5%%', not %q", e.Key, text.Value)
			continue
		}
		*t = append(*t, Threshold{Of: of, AtLeast: points, Pos: text.Pos})
	}
}

// JSONSchema implements syntax.Schemer.
func (t *Thresholds) JSONSchema(*syntax.Schemas) syntax.Object {
	properties := syntax.Object{}
	for _, w := range thresholdWords {
		properties[w] = syntax.Object{"type": []string{"string", "number"}, "pattern": `^\s*(>=)?\s*[0-9]+(\.[0-9]{1,2})?\s*%?\s*$`}
	}
	return syntax.Keys(properties)
}

// hundredths reads a number from 0 with at most two decimals.
func hundredths(text string) (int64, bool) {
	if text == "" || len(text) > 12 || strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	x.Mul(x, big.NewRat(100, 1))
	if !x.IsInt() {
		return 0, false
	}
	return x.Num().Int64(), true
}

// CompareWithLast bounds the change from the last published version.
type CompareWithLast struct {
	Pos       syntax.Pos             `yaml:"-"`
	Rows      *Change                `yaml:"rows" doc:"Change of the number of published rows: ±20%, -20% (fall only) or +20% (rise only)."`
	Score     *Change                `yaml:"score" doc:"Points of 100 that the published score may fall: -5."`
	Scores    syntax.Ordered[Change] `yaml:"dimensions" doc:"Points that a dimension of the published score may fall, such as {accuracy: -2}."`
	NullShare *Change                `yaml:"null_share" doc:"Points of a percentage that the share of nulls of a field may rise or fall: +5%, ±5%."`
	Columns   syntax.Text            `yaml:"columns" oneof:"same may_add any" doc:"Published columns: same (none added, removed or of another type), may_add (none removed or of another type) or any (default)."`
	On        syntax.Text            `yaml:"on_exceed" oneof:"refuse warn" doc:"What happens where a bound is exceeded; default refuse."`
}

// Doc implements syntax.Documented.
func (*CompareWithLast) Doc() string { return "How far a version may be from the last one." }

// Change is how far a figure may fall and rise. Nil does not bind.
type Change struct {
	Pos        syntax.Pos
	Text       string // as written
	Fall, Rise *int64 // hundredths of a percent, or of a point
	Percent    bool   // written with %
}

// DecodeYAML implements syntax.Decoder.
func (c *Change) DecodeYAML(n *syntax.Node, label string, r *syntax.Report) {
	c.Pos = n.Pos
	var t syntax.Text
	if !syntax.TextOf(n, label, &t, r) {
		return
	}
	c.Text = strings.TrimSpace(t.Value)
	number, both := c.Text, false
	for _, sign := range []string{"±", "+-", "+/-"} {
		if rest, ok := strings.CutPrefix(number, sign); ok {
			number, both = rest, true
			break
		}
	}
	fall, rise := both, both
	if !both {
		if rest, ok := strings.CutPrefix(number, "-"); ok {
			number, fall = rest, true
		} else if rest, ok := strings.CutPrefix(number, "+"); ok {
			number, rise = rest, true
		}
	}
	number = strings.TrimSpace(number)
	number, c.Percent = strings.CutSuffix(number, "%")
	amount, ok := hundredths(strings.TrimSpace(number))
	if !ok || !fall && !rise {
		r.Addf(t.Pos, "%q must be a change with its sign, such as ±20%%, -5 or +5%%, not %q", label, t.Value)
		return
	}
	if fall {
		c.Fall = &amount
	}
	if rise {
		c.Rise = &amount
	}
}

// JSONSchema implements syntax.Schemer.
func (c *Change) JSONSchema(*syntax.Schemas) syntax.Object {
	return syntax.Object{"type": []string{"string", "number"}, "examples": []any{"±20%", "-5", "+5%"}}
}
