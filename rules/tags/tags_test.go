package tags

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestEveryNameIsATagOfTheLibrary asks the library itself: of a tag that it does not
// have it panics with "Undefined validation function".
func TestEveryNameIsATagOfTheLibrary(t *testing.T) {
	undefined := func(name string) (yes bool) {
		defer func() { yes = strings.Contains(fmt.Sprint(recover()), "Undefined validation") }()
		_ = engine().Var("1", name+"=1")
		return false
	}
	if !undefined("no_such_tag") {
		t.Fatal("the library takes any tag")
	}
	for _, name := range known {
		if undefined(name) {
			t.Errorf("the library has no tag %q", name)
		}
		if refused[name] != "" {
			t.Errorf("%q is both taken and refused", name)
		}
	}
	if !slices.IsSorted(known) {
		t.Error("the names are not sorted")
	}
}

func TestTagsJudgeValues(t *testing.T) {
	for _, c := range []struct {
		tags  string
		value any
		want  bool
	}{
		{"email,max=64", "a@example.org", true}, {"email,max=5", "a@example.org", false}, {"email", "a@", false},
		{"ipv4|ipv6", "::1", true}, {"ipv4|ipv6", "x", false}, {"oneof=red green", "green", true}, {"oneof=red green", "blue", false},
		{"contains=0x2C", "a,b", true}, {"contains=0x2C", "ab", false}, {"len=2", "甲乙", true},
		{"gte=1,lte=9", int64(9), true}, {"gte=1,lte=9", int64(10), false}, {"oneof=1 3", int64(3), true},
		{"gt=0.5", 0.6, true}, {"gt=0.5", 0.5, false}, {"latitude", 91.0, false}, {"isbn", "9787111128069", true},
	} {
		tags, err := Compile(c.tags, c.value)
		if err != nil {
			t.Errorf("%s: %v", c.tags, err)
			continue
		}
		if got, err := tags.Valid(c.value); got != c.want || err != nil {
			t.Errorf("%s on %v: %v %v", c.tags, c.value, got, err)
		}
	}
}

func TestWrongTagsAreRefusedAtTheirPlace(t *testing.T) {
	for _, c := range []struct {
		tags   string
		sample any
		offset int
		word   string
	}{
		{"emial", "", 0, "emial"}, {"max=64,emial", "", 7, "emial"}, {"ipv4|ipv7", "", 5, "ipv7"}, {"max=x", "", 0, ""}, {"len", "", 0, ""},
		{"email", int64(1), 0, ""}, {"email,required", "", 6, ""}, {"eqfield=A", "", 0, ""}, {"file", "", 0, ""}, {"", "", 0, ""},
		{"email,,max=1", "", 6, ""}, {"email, max=1", "", 6, ""}, {"email", nil, 0, ""}, {"dive", "", 0, ""}, {"validateFn", "", 0, ""},
	} {
		_, err := Compile(c.tags, c.sample)
		var p *Problem
		if !errors.As(err, &p) || p.Offset != c.offset || p.Word != c.word || p.Error() == "" {
			t.Errorf("%q: %+v", c.tags, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"email,max=64", "ipv4|ipv6", "oneof=a b", "len=", "max=9999999999999999999", "datetime=2006", "0x2C", "|", "min=1|,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, sample := range []any{"x", int64(1), 1.5} {
			if tags, err := Compile(text, sample); err == nil {
				_, _ = tags.Valid(sample)
			}
		}
	})
}

// TestTagsOfNumbersPassSomeNumber: a tag that no number passes is one of text.
func TestTagsOfNumbersPassSomeNumber(t *testing.T) {
	for _, name := range ofNumbers {
		passes := false
		for _, value := range []any{int64(0), int64(1), int64(2), int64(18), int64(8080)} {
			for _, tag := range []string{name, name + "=1"} {
				if tags, err := Compile(tag, value); err == nil {
					ok, err := tags.Valid(value)
					passes = passes || ok && err == nil
				}
			}
		}
		if !passes {
			t.Errorf("no number passes %s", name)
		}
	}
}
