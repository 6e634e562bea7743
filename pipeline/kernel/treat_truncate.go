package kernel

import (
	"bytes"
	"fmt"
	"strconv"

	"clearwell/rules"
	"clearwell/rules/standard"
)

// newTruncate keeps one part of a value: month (2024-05) or year (2024) of a date or
// timestamp, city or province of an address, domain of an e-mail address. A value
// without such a part becomes Else, or null.
func newTruncate(kind rules.Kind, t *rules.Treatment) (cellTreatment, error) {
	dated := kind == rules.Date || kind == rules.Timestamp
	switch t.To {
	case "month", "year":
		if !dated {
			return nil, fmt.Errorf("a %s has no %s", kind, t.To)
		}
		return datePart{months: t.To == "month"}, nil
	case "city", "province", "domain":
		if kind != rules.String {
			return nil, fmt.Errorf("a %s has no %s", kind, t.To)
		}
		part := map[string]func([]byte) ([]byte, bool){"city": cityOf, "province": provinceOf, "domain": domainOf}[t.To]
		return &textPart{part: part, others: t.Else}, nil
	}
	return nil, fmt.Errorf("to %q is not one of month, year, city, province, domain", t.To)
}

type datePart struct{ months bool }

func (p datePart) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	y, m := from.civil(row)
	switch {
	case y >= 1000:
		dst = strconv.AppendInt(dst, int64(y), 10)
	default:
		dst = fmt.Appendf(dst, "%04d", y)
	}
	if p.months {
		dst = append(dst, '-', byte('0'+m/10), byte('0'+m%10))
	}
	return dst, true
}

// textPart keeps what part finds.
type textPart struct {
	part   func(v []byte) ([]byte, bool)
	others *string
}

func (p *textPart) appendTreated(dst []byte, from *textSource, row int) ([]byte, bool) {
	if v, ok := p.part(from.value(row)); ok {
		return append(dst, v...), true
	}
	if p.others == nil {
		return dst, false
	}
	return append(dst, *p.others...), true
}

func cityOf(v []byte) ([]byte, bool) {
	n, ok := standard.CityPart(v)
	return v[:n], ok
}

func provinceOf(v []byte) ([]byte, bool) {
	n, ok := standard.ProvincePart(v)
	return v[:n], ok
}

// domainOf is what follows the last @.
func domainOf(v []byte) ([]byte, bool) {
	k := bytes.LastIndexByte(v, '@')
	return v[k+1:], k >= 0 && k+1 < len(v)
}
