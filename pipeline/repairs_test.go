package pipeline

import (
	"testing"

	"clearwell/rules"
)

func TestRepairedValuesOfProtectedFieldsAreNotShownWhole(t *testing.T) {
	for _, c := range []struct {
		level      rules.Level
		text, want string
	}{
		{rules.L1, "杭州市", "杭州市"}, {rules.L2, "13800000001", "13800000001"}, {rules.L3, "13800000001", "1*********1"},
		{rules.L3, "浙江省杭州市", "浙****市"}, {rules.L3, "abc", "***"}, {rules.L3, "", ""}, {rules.L4, "330102199001010000", "***"}, {rules.L4, "a", "***"},
	} {
		if got := veiled(c.level, c.text); got != c.want {
			t.Errorf("%s %q is shown as %q, not %q", c.level, c.text, got, c.want)
		}
	}
}
