package standard

import (
	"bytes"
	"time"

	"clearwell/rules/wording"
)

// Forms of dates and times that are brought into one form before a field is read:
// serial numbers of spreadsheets, years of two digits, years of the Republic,
// clocks of another zone. Each function appends the new form to dst and reports
// whether it did; with false dst is as it was and the value stays.

// Days of the two date systems of spreadsheets (ECMA-376 part 1, 18.17.4.1).
const (
	serialZero1900 = -25569    // 1899-12-30; right from serial 61 (1900-03-01) on
	serialZero1904 = -24107    // 1904-01-01
	lastSerial     = 2_958_465 // 9999-12-31 in the 1900 system
)

// AppendSerial reads src as the serial number of a day in a spreadsheet, 45292 or
// 45292.75, and appends the date, or date and time (to the millisecond, as far as
// spreadsheets go) where there is a fraction. system is 1900 or 1904. The day
// 60 of the 1900 system, 1900-02-29, never was and stays; so do 1900 to 2100,
// which are years.
func AppendSerial(dst, src []byte, system int) ([]byte, bool) {
	whole, fraction, _ := bytes.Cut(src, []byte("."))
	if len(whole) == 0 || len(whole) > 7 || len(fraction) > 17 || len(fraction) == 0 && len(whole) < len(src) {
		return dst, false
	}
	day, ok := decimal(whole)
	if !ok || !allDigits(fraction) || day > lastSerial || day < 1 && system == 1900 || len(fraction) == 0 && day >= 1900 && day <= 2100 {
		return dst, false
	}
	zero := serialZero1904
	if system == 1900 {
		if zero = serialZero1900; day == 60 {
			return dst, false
		}
		if day < 60 {
			zero++ // before the day that never was
		}
	} else if day > lastSerial-1462 {
		return dst, false
	}
	days := int32(day + zero)
	const msPerDay = 86_400_000
	var n, unit uint64 = 0, 1
	for _, d := range fraction {
		if unit == 1e11 { // beyond a microsecond of the day
			break
		}
		n, unit = n*10+uint64(d-'0'), unit*10
	}
	ms := (n*msPerDay + unit/2) / unit
	if ms == msPerDay {
		days, ms = days+1, 0
	}
	if ms == 0 {
		return AppendDate(dst, days), true
	}
	return AppendTimestamp(dst, int64(days)*microsPerDay+int64(ms)*1000), true
}

// AppendFullYear gives a date with a year of two digits its century: up to pivot
// 20.., above it 19... Three numbers stand between equal separators (- / . or
// 年 月 日) in the order of order, ymd, dmy or mdy, and maybe a time behind them;
// with ymd also yyMMdd. The other parts stay as they are.
func AppendFullYear(dst, src []byte, pivot int, order string) ([]byte, bool) {
	at := 0
	if order[len(order)-1] == 'y' {
		at = 2
	}
	if at == 0 && len(src) == 6 && allDigits(src) {
		y, _ := decimal(src[:2])
		m, _ := decimal(src[2:4])
		d, _ := decimal(src[4:])
		if !ValidDate(century(y, pivot), m, d) {
			return dst, false
		}
		return append(appendYear(dst, century(y, pivot)), src[2:]...), true
	}
	var from, to [3]int
	pos, sep := 0, []byte(nil)
	for k := range 3 {
		from[k] = pos
		for pos < len(src) && src[pos]-'0' <= 9 {
			pos++
		}
		if to[k] = pos; pos == from[k] || pos-from[k] > 2 {
			return dst, false
		}
		if k == 2 {
			break
		}
		var here []byte
		for _, s := range [...]string{"-", "/", ".", "年", "月"} {
			if hasAt(src, pos, s) {
				here = src[pos : pos+len(s)]
			}
		}
		chinese := k == 1 && string(sep) == "年" && string(here) == "月"
		if here == nil || k == 0 && string(here) == "月" || k == 1 && !chinese && (!bytes.Equal(here, sep) || string(here) == "年") {
			return dst, false
		}
		sep = here
		pos += len(here)
	}
	if to[at]-from[at] != 2 || pos < len(src) && src[pos] != ' ' && src[pos] != 'T' && !(string(sep) == "月" && hasAt(src, pos, "日")) {
		return dst, false
	}
	y, _ := decimal(src[from[at]:to[at]])
	dst = append(dst, src[:from[at]]...)
	dst = appendYear(dst, century(y, pivot))
	return append(dst, src[to[at]:]...), true
}

func century(y, pivot int) int {
	if y <= pivot {
		return 2000 + y
	}
	return 1900 + y
}

// AppendRepublicDate reads a date of the calendar of the Republic (year 1 is 1912):
// 民國113年5月6日, 民国元年1月1日, 民國113/05/06, and appends it as yyyy-MM-dd. With
// bare, 民國 may be left out: 113/5/6, 1130506, 990506.
func AppendRepublicDate(dst, src []byte, bare bool) ([]byte, bool) {
	rest, named := src, false
	for _, prefix := range [...]string{"中華民國", "中华民国", "民國", "民国"} {
		if hasAt(rest, 0, prefix) {
			rest, named = bytes.TrimLeft(rest[len(prefix):], " "), true
			break
		}
	}
	if !named && !bare {
		return dst, false
	}
	var part [3]int
	switch {
	case !named && (len(rest) == 6 || len(rest) == 7) && allDigits(rest):
		n := len(rest)
		part[0], _ = decimal(rest[:n-4])
		part[1], _ = decimal(rest[n-4 : n-2])
		part[2], _ = decimal(rest[n-2:])
	default:
		for k := range part {
			n := 0
			for n < len(rest) && n < 3 && rest[n]-'0' <= 9 {
				n++
			}
			if k == 0 && n == 0 && hasAt(rest, 0, "元年") {
				part[0], n = 1, len("元")
			} else if part[k], _ = decimal(rest[:n]); n == 0 || k > 0 && n > 2 {
				return dst, false
			}
			rest = bytes.TrimLeft(rest[n:], " ")
			word := [...]string{"年", "月", "日"}[k]
			switch {
			case hasAt(rest, 0, word):
				rest = rest[len(word):]
			case k < 2 && len(rest) > 0 && (rest[0] == '/' || rest[0] == '-' || rest[0] == '.'):
				rest = rest[1:]
			case k < 2:
				return dst, false
			}
			rest = bytes.TrimLeft(rest, " ")
		}
		if len(rest) > 0 {
			return dst, false
		}
	}
	if part[0] < 1 || !ValidDate(part[0]+1911, part[1], part[2]) {
		return dst, false
	}
	return AppendDate(dst, DaysFromCivil(part[0]+1911, part[1], part[2])), true
}

// A ZoneShift reads clocks with their offset from UTC behind them, or of a known
// zone, and gives the wall clock of another zone. It is immutable.
type ZoneShift struct {
	from, to *time.Location
	parser   *TimestampParser
}

// zoneFormats are the clocks that a ZoneShift reads when no formats are given.
var zoneFormats = []string{"yyyy-MM-dd HH:mm:ss[.SSSSSS]", "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]", "yyyy-MM-dd HH:mm:ss[.SSS]", "yyyy-MM-dd'T'HH:mm:ss[.SSS]",
	"yyyy-MM-dd HH:mm", "yyyy-MM-dd'T'HH:mm", "yyyy/M/d H:mm:ss", "yyyy/M/d H:mm"}

// NewZoneShift makes a shift between IANA zones. from is the zone of clocks
// without an offset, empty: they stay as they are. formats are those of clocks
// without their offset; nil: ISO 8601 and yyyy/M/d H:mm[:ss].
func NewZoneShift(from, to string, formats []string) (*ZoneShift, error) {
	s := &ZoneShift{}
	var err error
	if s.to, err = zone(to); err != nil {
		return nil, err
	}
	if from != "" {
		if s.from, err = zone(from); err != nil {
			return nil, err
		}
	}
	if len(formats) == 0 {
		formats = zoneFormats
	}
	s.parser, err = NewTimestampParser(formats, 1, 9999)
	return s, err
}

func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" { // depends on the machine
		return nil, wording.Errorf("unknown time zone %q; write a name such as Asia/Shanghai or UTC", name)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, wording.Errorf("unknown time zone %q; write a name such as Asia/Shanghai or UTC", name)
	}
	return z, nil
}

// Append gives the wall clock in the target zone as yyyy-MM-dd HH:mm:ss[.SSSSSS].
// A clock that the zone from skipped (the hour lost in spring) is moved on by what
// was skipped; of one that it had twice the first is meant. java.time does the same.
func (s *ZoneShift) Append(dst, src []byte) ([]byte, bool) {
	wall, offset, known := cutOffset(src)
	micros, ok := s.parser.Parse(wall)
	if !ok && known {
		known = false
		micros, ok = s.parser.Parse(src)
	}
	if !ok || !known && s.from == nil {
		return dst, false
	}
	var unix int64 // seconds
	seconds, rest := floorDiv(micros, microsPerSecond)
	if known {
		unix = seconds - int64(offset)
	} else {
		unix = instant(seconds, s.from)
	}
	return AppendTimestamp(dst, (unix+offsetAt(unix, s.to))*microsPerSecond+rest), true
}

func floorDiv(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient, rest = quotient-1, rest+by
	}
	return quotient, rest
}

func offsetAt(unix int64, z *time.Location) int64 {
	_, offset := time.Unix(unix, 0).In(z).Zone()
	return int64(offset)
}

// instant is when a wall clock, in seconds, was shown in z.
func instant(wall int64, z *time.Location) int64 {
	const day = 86400
	before, after := offsetAt(wall-day, z), offsetAt(wall+day, z)
	if early := wall - before; before == after || offsetAt(early, z) == before {
		return early
	}
	if late := wall - after; offsetAt(late, z) == after {
		return late
	}
	return wall - before // skipped: the clock of before, which reads later now
}

// cutOffset takes Z, +08:00, +0800, +08 or UTC+8 off the end of a clock; the offset is in seconds.
func cutOffset(b []byte) (wall []byte, offset int, ok bool) {
	if n := len(b); n > 1 && (b[n-1] == 'Z' || b[n-1] == 'z') {
		return bytes.TrimRight(b[:n-1], " "), 0, true
	}
	sign := bytes.LastIndexAny(b, "+-")
	if sign < 1 || bytes.IndexByte(b[:sign], ':') < 0 {
		if wall, utc := bytes.CutSuffix(b, []byte("UTC")); utc {
			return bytes.TrimRight(wall, " "), 0, true
		}
		return b, 0, false
	}
	hours, minutes := b[sign+1:], []byte(nil)
	switch {
	case len(hours) == 5 && hours[2] == ':':
		hours, minutes = hours[:2], hours[3:]
	case len(hours) == 4:
		hours, minutes = hours[:2], hours[2:]
	case len(hours) == 0 || len(hours) > 2:
		return b, 0, false
	}
	h, ok1 := decimal(hours)
	m, ok2 := decimal(minutes)
	if !ok1 || !ok2 || h > 18 || m > 59 {
		return b, 0, false
	}
	offset = h*3600 + m*60
	if b[sign] == '-' {
		offset = -offset
	}
	wall = bytes.TrimRight(b[:sign], " ")
	for _, word := range [...]string{"UTC", "GMT"} {
		wall = bytes.TrimRight(bytes.TrimSuffix(wall, []byte(word)), " ")
	}
	return wall, offset, true
}
