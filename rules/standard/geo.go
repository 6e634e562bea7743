package standard

import "bytes"

// Degrees as integers, so that no rounding decides about a bound.
const degree = 10_000_000_000 // 10 decimals: a hundredth of a millimetre

// Bounds of China in whole degrees, islands and reefs included.
const chinaWest, chinaEast, chinaSouth, chinaNorth = 73, 136, 3, 54

// compileWGS84: options order and within. A value is two decimal numbers of
// degrees with a comma between them.
func compileWGS84(o options) (*Compiled, error) {
	latFirst, china := o.text("order") == "lat_lon", o.text("within") == "china"
	return &Compiled{Valid: func(b []byte) bool {
		first, second, ok := bytes.Cut(b, []byte{','})
		if !ok {
			return false
		}
		if latFirst {
			first, second = second, first
		}
		lon, ok1 := parseDegrees(first)
		lat, ok2 := parseDegrees(second)
		if !ok1 || !ok2 || lon < -180*degree || lon > 180*degree || lat < -90*degree || lat > 90*degree {
			return false
		}
		return !china || lon >= chinaWest*degree && lon <= chinaEast*degree && lat >= chinaSouth*degree && lat <= chinaNorth*degree
	}}, nil
}

// parseDegrees reads an optional sign, one to three digits and, after a point,
// one to seventeen decimals, of which ten count.
func parseDegrees(b []byte) (value int64, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, b = b[0] == '-', b[1:]
	}
	whole, decimals, point := bytes.Cut(b, []byte{'.'})
	if len(whole) == 0 || len(whole) > 3 || point && (len(decimals) == 0 || len(decimals) > 17) || !allDigits(decimals) {
		return 0, false
	}
	n, ok := decimal(whole)
	if !ok {
		return 0, false
	}
	value = int64(n) * degree
	for i, unit := 0, int64(degree/10); i < len(decimals) && unit > 0; i, unit = i+1, unit/10 {
		value += int64(decimals[i]-'0') * unit
	}
	if negative {
		value = -value
	}
	return value, true
}
