package standard

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// TestVATNumbersAreJudgedAsByAnotherImplementation reads testdata/eu_vat.txt:
// invented numbers of every country with the verdict of an independent program.
func TestVATNumbersAreJudgedAsByAnotherImplementation(t *testing.T) {
	f, err := os.Open("testdata/eu_vat.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	right := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		verdict, number, ok := strings.Cut(lines.Text(), " ")
		if !ok || verdict == "#" {
			continue
		}
		if got := ValidVAT([]byte(number)); got != (verdict == "right") {
			t.Errorf("%s is %s, got %v", number, verdict, got)
		}
		if verdict == "right" {
			right[number[:2]]++
		}
	}
	for _, rule := range vatRules {
		if right[rule.country] < 3 {
			t.Errorf("%s: %d right numbers in the file", rule.country, right[rule.country])
		}
	}
}
