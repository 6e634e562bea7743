package rules

import (
	"regexp"

	"clearwell/rules/wording"
)

// scheduleForms are the messages of the library that reads schedules, with what we say instead.
var scheduleForms = []struct {
	form *regexp.Regexp
	say  func(m []string) error
}{
	{regexp.MustCompile(`^expected exactly \d+ fields, found (\d+)`), func(m []string) error {
		return wording.Errorf("fields in it: %s", m[1])
	}},
	{regexp.MustCompile(`^end of range \((\d+)\) above maximum \((\d+)\)`), func(m []string) error {
		return wording.Errorf("%s is above %s, the greatest value there", m[1], m[2])
	}},
	{regexp.MustCompile(`^beginning of range \((\d+)\) below minimum \((\d+)\)`), func(m []string) error {
		return wording.Errorf("%s is below %s, the least value there", m[1], m[2])
	}},
	{regexp.MustCompile(`^beginning of range \((\d+)\) beyond end of range \((\d+)\)`), func(m []string) error {
		return wording.Errorf("the range goes from %s back to %s", m[1], m[2])
	}},
	{regexp.MustCompile(`^unrecognized descriptor: (.*)$`), func(m []string) error {
		return wording.Errorf("there is no schedule called %s", m[1])
	}},
	{regexp.MustCompile(`^failed to parse int from (.*?):`), func(m []string) error {
		return wording.Errorf("%s is not a whole number", m[1])
	}},
	{regexp.MustCompile(`^failed to parse duration (.*?):`), func(m []string) error {
		return wording.Errorf("%s is not a duration such as 15m or 2h", m[1])
	}},
	{regexp.MustCompile(`^step of range should be a positive number`), func([]string) error {
		return wording.Errorf("the step is 0")
	}},
}

// scheduleProblem says an error of the library in plain words; others stay as they are.
func scheduleProblem(err error) error {
	for _, s := range scheduleForms {
		if m := s.form.FindStringSubmatch(err.Error()); m != nil {
			return s.say(m)
		}
	}
	return err
}
