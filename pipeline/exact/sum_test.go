package exact

import (
	"math"
	"math/big"
	"testing"
)

func TestCarriesOfASumComeInTime(t *testing.T) {
	var s Sum
	want := new(big.Rat)
	for range 100 {
		s.added = mostAdded - 2 // as if so much had been added
		for range 3 {
			m, e, _ := Parts(-math.MaxFloat64)
			s.Word(m, e, true)
			want.Add(want, new(big.Rat).SetFloat64(-math.MaxFloat64))
		}
	}
	if s.Rat().Cmp(want) != 0 {
		t.Errorf("the sum is %s, want %s", s.Rat(), want)
	}
}
