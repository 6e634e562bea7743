package kernel

import (
	"fmt"
	"testing"
)

// TestVerdictsStayWithinTheirShare: whatever the number of different values, what is
// remembered stays within the share of the condition, and conditions share what a program has.
func TestVerdictsStayWithinTheirShare(t *testing.T) {
	p := &Program{slots: 4}
	if got := p.verdictBytes(); got != maxVerdictBytes {
		t.Errorf("unbounded: %d", got)
	}
	p.LimitVerdicts(64 << 10)
	if got := p.verdictBytes(); got != 16<<10 {
		t.Errorf("a quarter of 64 KiB: %d", got)
	}
	p.LimitVerdicts(1)
	if got := p.verdictBytes(); got != minVerdictBytes {
		t.Errorf("of nothing: %d", got)
	}
	m := &remembered[string]{most: 16 << 10}
	for i := range 10_000 {
		k := fmt.Sprintf("value %d", i)
		m.keep(k, len(k), passedVerdict)
		if m.bytes > m.most || len(m.of)*verdictPlace > m.most {
			t.Fatalf("%d values, %d bytes", len(m.of), m.bytes)
		}
	}
}
