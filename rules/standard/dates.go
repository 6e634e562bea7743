package standard

// DaysFromCivil is the number of days from 1970-01-01 to a date of the
// proleptic Gregorian calendar; negative before. The date must be real (see
// ValidDate). Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms", days_from_civil.
func DaysFromCivil(y, m, d int) int32 {
	if m <= 2 {
		y--
		m += 9
	} else {
		m -= 3
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	doy := (153*m+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int32(era*146097 + doe - 719468)
}

// CivilFromDays is the inverse of DaysFromCivil: C. Neri and L. Schneider, Euclidean affine functions and their
// application to calendar algorithms, Software: Practice and Experience 53 (2023), which multiplies where others divide.
func CivilFromDays(days int32) (y, m, d int) {
	const eras = 14704 // of 400 years, so many that no day is negative
	n := 4*uint64(int64(days)+719468+146097*eras) + 3
	century, day := n/146097, n%146097/4
	p := 2939745 * (4*day + 3)
	year, doy := p>>32, p&(1<<32-1)/2939745/4 // from the 1st of March
	k := 2141*doy + 197913
	y, m, d = int(100*century+year)-400*eras, int(k>>16), int(k&(1<<16-1)/2141)+1
	if doy >= 306 { // January and February
		y, m = y+1, m-12
	}
	return y, m, d
}

// monthDays are the lengths of the months of a year that is no leap year;
// index 0 and 13..15 are there so that a masked index needs no bounds check.
var monthDays = [16]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// ValidDate reports whether the date exists in the proleptic Gregorian calendar.
func ValidDate(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 {
		return false
	}
	if d <= int(monthDays[m&15]) {
		return true
	}
	return m == 2 && d == 29 && leap(y)
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// AppendDate appends the canonical text of a date, 2006-01-02 (ISO 8601
// extended form). Years before 0 or after 9999 get a sign.
func AppendDate(dst []byte, days int32) []byte {
	y, m, d := CivilFromDays(days)
	dst = appendYear(dst, y)
	return append(dst, '-', '0'+byte(m/10), '0'+byte(m%10), '-', '0'+byte(d/10), '0'+byte(d%10))
}

// AppendTimestamp appends the canonical text of a wall clock in microseconds
// since 1970-01-01 00:00:00: 2006-01-02 15:04:05, with six decimals of the
// second when they are not all zero.
func AppendTimestamp(dst []byte, micros int64) []byte {
	days := micros / microsPerDay
	rest := micros % microsPerDay
	if rest < 0 {
		days--
		rest += microsPerDay
	}
	dst = AppendDate(dst, int32(days))
	seconds, fraction := int(rest/microsPerSecond), int(rest%microsPerSecond)
	h, mi, s := seconds/3600, seconds/60%60, seconds%60
	dst = append(dst, ' ', '0'+byte(h/10), '0'+byte(h%10), ':', '0'+byte(mi/10), '0'+byte(mi%10), ':', '0'+byte(s/10), '0'+byte(s%10))
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := 100_000; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(fraction/unit%10))
	}
	return dst
}

func appendYear(dst []byte, y int) []byte {
	switch {
	case y < 0:
		dst, y = append(dst, '-'), -y
	case y > 9999:
		dst = append(dst, '+')
	}
	started := false
	for unit := 1_000_000_000; unit > 0; unit /= 10 {
		digit := byte(y / unit % 10)
		if started = started || digit != 0 || unit <= 1000; started {
			dst = append(dst, '0'+digit)
		}
	}
	return dst
}

// decimal reads exactly len(b) ASCII digits; ok is false if one is none.
func decimal(b []byte) (n int, ok bool) {
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return n, true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}
