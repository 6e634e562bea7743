package rules

// leastTreatments is the policy: the weakest treatment that a field of a level
// may have for an audience. A stronger one always serves.
//
//	level   open        shared      restricted  internal
//	L1      none        none        none        none
//	L2      none        none        none        none
//	L3      band        band        none        none
//	L4      pseudonym   pseudonym   mask        none
//
// Band and truncate are equally strong, so are replace and pseudonym; see
// Method.Strength. A field that is not published needs no treatment.
var leastTreatments = map[string]map[Level]Method{
	"open":       {L1: Plain, L2: Plain, L3: Band, L4: Pseudonym},
	"shared":     {L1: Plain, L2: Plain, L3: Band, L4: Pseudonym},
	"restricted": {L1: Plain, L2: Plain, L3: Plain, L4: Mask},
	"internal":   {L1: Plain, L2: Plain, L3: Plain, L4: Plain},
}

// strengths orders the methods by how little they leave of a value.
var strengths = map[Method]int{
	Plain:     0,
	Band:      1, // a coarser value that is still true
	Truncate:  1,
	Mask:      2, // parts of the value, not meant to be read as a value
	ReplaceIt: 3, // nothing of the value
	Pseudonym: 3, // nothing of the value without the key
	Drop:      4,
}

// Strength orders the methods: 0 leaves everything, 4 publishes nothing.
func (m Method) Strength() int { return strengths[m] }

// LeastTreatment is the weakest treatment that the policy takes for a field of
// level l that audience reads. An unknown audience is taken for open.
func LeastTreatment(l Level, audience string) Method {
	byLevel, ok := leastTreatments[audience]
	if !ok {
		byLevel = leastTreatments["open"]
	}
	if m, ok := byLevel[l]; ok {
		return m
	}
	return Drop
}

// exampleTreatment is a line that would satisfy the policy for a field of type t.
func exampleTreatment(least Method, t Type) string {
	switch {
	case least == Pseudonym:
		return "desensitize: {pseudonym: {key: NAME}}"
	case t.Kind == Date || t.Kind == Timestamp:
		return "desensitize: {band: 5y}"
	case t.Kind == String:
		return "desensitize: {mask: {keep_first: 1}}"
	case t.Kind == Boolean:
		return "publish: false"
	}
	return "desensitize: {band: 10}"
}
