package kernel

import (
	"testing"

	"clearwell/rules"
)

func TestACleanerCleansSingleValuesAsARunDoes(t *testing.T) {
	c, err := NewCleaner([]rules.Step{{Op: rules.HalfWidth}, {Op: rules.Trim}, {Op: rules.Upper}, {Op: rules.Remove, Chars: "-"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ in, want string }{
		{"　ａ-ｂ１ ", "AB1"}, {"AB1", "AB1"}, {"", ""}, {"x", "X"}, {"汉-字", "汉字"},
	} {
		got, err := c.Clean([]byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("%q became %q (%v), want %q", tt.in, got, err, tt.want)
		}
	}
	if _, err := NewCleaner([]rules.Step{{Op: "fly"}}); err == nil {
		t.Error("an unknown step was taken")
	}
}

func TestPlainIsHalfWidthAndTrim(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{" 12 ", "12"}, {"１２．５", "12.5"}, {"　\t王　伟\n", "王 伟"}, {"", ""}, {"  ", ""},
	} {
		if got := Plain(nil, []byte(tt.in)); string(got) != tt.want {
			t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
		}
	}
	if !IsFullWidth([]byte("Ａ")) || IsFullWidth([]byte("　")) || IsFullWidth([]byte("A")) {
		t.Error("full-width forms are not told from others")
	}
}
