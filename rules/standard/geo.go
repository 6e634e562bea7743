package standard

import (
	"bytes"
	"strconv"
)

// Degrees as integers, so that no rounding decides about a bound.
const degree = 10_000_000_000 // 10 decimals: a hundredth of a millimetre

// Bounds of China in whole degrees, islands and reefs included.
const chinaWest, chinaEast, chinaSouth, chinaNorth = 73, 136, 3, 54

// compilePosition: options order, within and to. A value is two decimal numbers
// of degrees with a comma between them, in the system from.
func compilePosition(from string) func(options) (*Compiled, error) {
	return func(o options) (*Compiled, error) {
		latFirst, china := o.text("order") == "lat_lon", o.text("within") == "china"
		c := &Compiled{Valid: func(b []byte) bool { return validPosition(b, latFirst, china) }}
		c.Clean = func(dst, _ []byte) ([]byte, bool) { return dst, false }
		if to := o.text("to"); shifted(to) != shifted(from) {
			shift := FromGCJ02
			if shifted(to) {
				shift = ToGCJ02
			}
			c.Clean = func(dst, src []byte) ([]byte, bool) { return shiftPosition(dst, src, latFirst, shift) }
		}
		return c, nil
	}
}

// shifted reports whether a system is the offset one. CGCS2000 and WGS 84 differ
// by centimetres, so that one stands for the other here.
func shifted(system string) bool { return system == "gcj02" }

func validPosition(b []byte, latFirst, china bool) bool {
	lon, lat, ok := splitPosition(b, latFirst)
	if !ok || lon < -180*degree || lon > 180*degree || lat < -90*degree || lat > 90*degree {
		return false
	}
	return !china || lon >= chinaWest*degree && lon <= chinaEast*degree && lat >= chinaSouth*degree && lat <= chinaNorth*degree
}

func splitPosition(b []byte, latFirst bool) (lon, lat int64, ok bool) {
	first, second, ok := bytes.Cut(b, []byte{','})
	if !ok {
		return 0, 0, false
	}
	if latFirst {
		first, second = second, first
	}
	lon, ok1 := parseDegrees(first)
	lat, ok2 := parseDegrees(second)
	return lon, lat, ok1 && ok2
}

// shiftPosition writes a position in the other system with six decimals, a tenth
// of a metre, which is finer than what the published offset promises.
func shiftPosition(dst, src []byte, latFirst bool, shift func(lon, lat float64) (float64, float64)) ([]byte, bool) {
	lon, lat, ok := splitPosition(src, latFirst)
	if !ok || !validPosition(src, latFirst, true) { // the offset is inside China only
		return dst, false
	}
	x, y := shift(float64(lon)/degree, float64(lat)/degree)
	if latFirst {
		x, y = y, x
	}
	dst = strconv.AppendFloat(dst, x, 'f', 6, 64)
	dst = append(dst, ',')
	return strconv.AppendFloat(dst, y, 'f', 6, 64), true
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
