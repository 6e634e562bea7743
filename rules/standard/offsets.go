package standard

import (
	"clearwell/rules/wording"
)

// Times of day with an offset from UTC, ISO 8601-1 section 5.3.

// splitOffset takes Z or an offset such as +08:00, +0800 or -05 off the end of a
// time. ok is false if there is none.
func splitOffset(b []byte) (rest []byte, minutes int, ok bool) {
	n := len(b)
	if n > 0 && b[n-1]|0x20 == 'z' {
		return b[:n-1], 0, true
	}
	at := -1
	for i := n - 1; i >= 0 && i >= n-6; i-- {
		if b[i] == '+' || b[i] == '-' {
			at = i
			break
		}
	}
	if at < 0 {
		return b, 0, false
	}
	digits := b[at+1:]
	var hours, more []byte
	switch {
	case len(digits) == 5 && digits[2] == ':':
		hours, more = digits[:2], digits[3:]
	case len(digits) == 4:
		hours, more = digits[:2], digits[2:]
	case len(digits) == 2:
		hours = digits
	default:
		return b, 0, false
	}
	if !allDigits(hours) || !allDigits(more) {
		return b, 0, false
	}
	if minutes = two(hours) * 60; len(more) > 0 {
		minutes += two(more)
	}
	if minutes > 14*60 || len(more) > 0 && two(more) > 59 { // +14:00 is the farthest in use
		return b, 0, false
	}
	if b[at] == '-' {
		minutes = -minutes
	}
	return b[:at], minutes, true
}

// compileDateTime: option offset. A time with an offset becomes the wall clock
// of the option's offset.
func compileDateTime(o options) (*Compiled, error) {
	target, keep := 0, o.text("offset") == "written"
	if !keep {
		rest, minutes, ok := splitOffset([]byte(o.text("offset")))
		if !ok || len(rest) > 0 {
			return nil, &OptionError{Standard: o.standard.Name, Option: "offset", Value: o.text("offset"), Want: wording.Phrase("an offset such as +08:00 or Z, or written")}
		}
		target = minutes
	}
	parser, err := NewTimestampParser(o.standard.Formats, firstYear, lastYear)
	if err != nil {
		return nil, err
	}
	const microsPerMinute = 60 * microsPerSecond
	return &Compiled{Clean: func(dst, src []byte) ([]byte, bool) {
		clock, minutes, ok := splitOffset(src)
		if !ok {
			return dst, false
		}
		micros, ok := parser.Parse(clock)
		if !ok {
			return dst, false // a date such as 2024-02-29 ends like an offset
		}
		if !keep {
			micros += int64(target-minutes) * microsPerMinute
		}
		return AppendTimestamp(dst, micros), true
	}}, nil
}
