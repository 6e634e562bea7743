package standard

import (
	"fmt"
	"math/rand/v2"

	"clearwell/rules/wording"
)

// Samples and reasons of the international standards.

func inventDate(_ options, r *rand.Rand) []byte {
	b := inventDay(r)
	switch r.IntN(4) {
	case 0:
		return b
	case 1:
		return fmt.Appendf(nil, "%s/%d/%d", b[:4], two(b[4:]), two(b[6:]))
	case 2:
		return fmt.Appendf(nil, "%s年%d月%d日", b[:4], two(b[4:]), two(b[6:]))
	}
	return fmt.Appendf(nil, "%s-%s-%s", b[:4], b[4:6], b[6:])
}

// Years of dates without a bound of the contract.
const firstYear, lastYear = 1, 9999

var dateShape = shape{
	make:  inventDate,
	spoil: []spoiler{instead("2023-02-29", "2024-13-01", "2024-04-31", "24-01-01", "2024-1", "29/02/2024", "00000000")},
	accepts: func(o options) func([]byte) bool {
		p, err := NewDateParser(o.standard.Formats, firstYear, lastYear)
		return func(b []byte) bool {
			if err != nil {
				return false
			}
			_, ok := p.Parse(b)
			return ok
		}
	},
	why: whyDate,
}

var dateTimeShape = shape{
	make: func(o options, r *rand.Rand) []byte {
		b := inventDay(r)
		return fmt.Appendf(nil, "%s-%s-%s %02d:%02d:%02d", b[:4], b[4:6], b[6:], r.IntN(24), r.IntN(60), r.IntN(60))
	},
	spoil: []spoiler{instead("2023-02-29 08:00:00", "2024-02-29 24:00:01", "2024-02-29 08:60", "2024-02-29 08:00:60", "2024-02-29", "08:00:00")},
	accepts: func(o options) func([]byte) bool {
		p, err := NewTimestampParser(o.standard.Formats, firstYear, lastYear)
		return func(b []byte) bool {
			if err != nil {
				return false
			}
			_, ok := p.Parse(b)
			return ok
		}
	},
	why: whyDate,
}

// whyDate tells a day that does not exist from what is no date at all.
func whyDate(_ options, b []byte) *Reason {
	var n [3]int
	part, digits := 0, 0
	for _, c := range b {
		switch {
		case c-'0' <= 9 && part < 3:
			n[part] = n[part]*10 + digit(c)
			if digits++; part == 0 && digits == 4 && isDigits(b, 8) || part == 1 && digits == 2 {
				part, digits = part+1, 0
			}
		case digits > 0:
			part, digits = part+1, 0
		}
	}
	if n[0] >= 1000 && n[0] <= lastYear && n[1] > 0 && n[2] > 0 && !ValidDate(n[0], n[1], n[2]) {
		return because(ReasonDate, "there is no day %04d-%02d-%02d", "日期 %04d-%02d-%02d 不存在", n[0], n[1], n[2])
	}
	return nil
}

func whyPhone(_ options, b []byte) *Reason {
	if b[0] != '+' || len(b) < 4 || !allDigits(b[1:]) {
		return nil
	}
	code := 0
	for n := 1; n <= 3; n++ {
		if code = code*10 + digit(b[n]); code > 0 && numberPlans()[code] != nil {
			return because(ReasonForm, "the plan of the calling code %d has no such number", "国际区号 %d 的号码计划中无此号码", code)
		}
	}
	return because(ReasonPrefix, "no calling code is given that begins so", "无此国际区号")
}

var positionShape = shape{
	make: func(o options, r *rand.Rand) []byte {
		lon, lat := fmt.Sprintf("%d.%06d", 80+r.IntN(45), r.IntN(1_000_000)), fmt.Sprintf("%d.%06d", 20+r.IntN(30), r.IntN(1_000_000))
		if o.text("order") == "lat_lon" {
			lon, lat = lat, lon
		}
		return []byte(lon + "," + lat)
	},
	spoil: []spoiler{instead("39.909,116.397", "200.5,39.9", "116.397", "116.397;39.909", "116°23′,39°54′")},
	why: func(o options, b []byte) *Reason {
		latFirst, china := o.text("order") == "lat_lon", o.text("within") == "china"
		_, _, ok := splitPosition(b, latFirst)
		switch {
		case !ok:
			return nil
		case validPosition(b, !latFirst, china):
			return because(ReasonRange, "longitude and latitude seem to be exchanged", "经度和纬度似乎颠倒")
		case china:
			return because(ReasonRange, "the position is not within 73 to 136 E and 3 to 54 N", "坐标不在东经 73—136、北纬 3—54 范围内")
		}
		return because(ReasonRange, "the longitude is not within 180 degrees or the latitude not within 90", "经度超出 ±180 或纬度超出 ±90")
	},
}

// compileVAT: option country.
func compileVAT(o options) (*Compiled, error) {
	home := o.text("country")
	if home != "" && vatRuleOf([]byte(home+"00")) == nil {
		return nil, &OptionError{Standard: o.standard.Name, Option: "country", Value: home, Want: wording.Phrase("a prefix such as DE, EL or XI, or empty")}
	}
	return &Compiled{
		Clean: func(dst, src []byte) ([]byte, bool) {
			start := len(dst)
			out, changed := cleanGroups(dst, src)
			if home == "" {
				return out, changed
			}
			number := src
			if changed {
				number = out[start:]
			}
			if len(number) == 0 || vatRuleOf(number) != nil {
				return out, changed
			}
			n := len(number)
			if !changed {
				out = append(out, src...)
			}
			out = append(out, home...)
			copy(out[start+len(home):], out[start:start+n])
			copy(out[start:], home)
			return out, true
		},
		Valid: ValidVAT,
	}, nil
}

var vatShape = shape{
	check: vatCheck,
	make: func(_ options, r *rand.Rand) []byte {
		rule := &vatRules[r.IntN(len(vatRules))]
		for {
			if b := fill(r, rule.samples[r.IntN(len(rule.samples))]); rule.valid(b) {
				return append([]byte(rule.country), b...)
			}
		}
	},
	spoil: []spoiler{swapFor(0, "GB", "US", "GR"), func(_ *rand.Rand, b []byte) []byte { return append(b, '0', '0', '0', '0') }},
	why: func(_ options, b []byte) *Reason {
		rule := vatRuleOf(b)
		if rule == nil {
			return because(ReasonPrefix, "no member state has the prefix %.2q", "无成员国使用前缀 %.2q", string(b))
		}
		if right := vatCheck.fitting(b, ValidVAT); right != "" {
			return nil // the check characters say it
		}
		return because(ReasonForm, "it is no number of %s: %s, with check digits", "不符合 %[1]s 的号码格式或校验位", rule.country, rule.form)
	},
}

var vatCheck = checkPlace{from: -1, width: 1, chars: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
