package standard

import "slices"

// Version names the state of tables and algorithms. It stands in every plan
// and so in its hash. The part behind the plus sign is the beginning of the
// SHA-256 over the tables; raise the part before it when an algorithm changes
// what it accepts or writes. A test keeps the digest right.
const Version = "2+aeda148177b3"

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
var library = slices.Concat(chinese, international)

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
