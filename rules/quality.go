package rules

// QualityBounds are the weights and bounds that a contract puts on the quality
// of a version. Points and percentages are in hundredths: 9850 is 98.50.
type QualityBounds struct {
	Weights   map[string]int64 `json:"weights,omitempty"` // of dimensions in the total; one that is not named weighs 1
	PublishIf []LeastScore     `json:"publish_if,omitempty"`
	Compare   *LastVersion     `json:"compare_with_last,omitempty"`
}

// LeastScore is the least published score of a version that may be published.
type LeastScore struct {
	Of      string `json:"of"` // score, or a dimension
	AtLeast int64  `json:"at_least"`
}

// LastVersion bounds the change from the version before. A nil Change does not bind.
type LastVersion struct {
	Rows       *Change           `json:"rows,omitempty"`       // percent of the rows published last
	Score      *Change           `json:"score,omitempty"`      // points
	Dimensions map[string]Change `json:"dimensions,omitempty"` // points
	NullShare  *Change           `json:"null_share,omitempty"` // points of a percentage, of every field
	Columns    string            `json:"columns,omitempty"`    // same | may_add; empty: any
	Warn       bool              `json:"warn,omitempty"`       // exceeding warns and does not refuse
}

// Change is how far a figure may fall and rise, in hundredths; nil does not bind.
type Change struct {
	Fall *int64 `json:"fall,omitempty"`
	Rise *int64 `json:"rise,omitempty"`
}
