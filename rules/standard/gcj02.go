package standard

import "math"

// GCJ-02, the system of Chinese map services: WGS 84 shifted inside China by an
// offset of some hundred metres. The transform was never printed; this is the one
// published with eviltransform and others (Krasovsky 1940 ellipsoid), which agrees
// with the services to about a metre.
const (
	krasovskyAxis         = 6378245.0              // metres
	krasovskyEccentricity = 0.00669342162296594323 // first eccentricity squared
)

// ToGCJ02 shifts a position of WGS 84 or CGCS2000, degrees inside China, to GCJ-02.
func ToGCJ02(lon, lat float64) (shiftedLon, shiftedLat float64) {
	dLon, dLat := gcjOffset(lon, lat)
	return lon + dLon, lat + dLat
}

// FromGCJ02 is the inverse of ToGCJ02, by iteration to less than a centimetre.
func FromGCJ02(lon, lat float64) (trueLon, trueLat float64) {
	trueLon, trueLat = lon, lat
	for range 8 { // each step makes the error about a thousand times smaller
		dLon, dLat := gcjOffset(trueLon, trueLat)
		nextLon, nextLat := lon-dLon, lat-dLat
		done := math.Abs(nextLon-trueLon) < 1e-9 && math.Abs(nextLat-trueLat) < 1e-9
		trueLon, trueLat = nextLon, nextLat
		if done {
			break
		}
	}
	return trueLon, trueLat
}

// gcjOffset is the offset in degrees. Products are converted so that no machine
// fuses them with the sums around them: the same digits everywhere.
func gcjOffset(lon, lat float64) (dLon, dLat float64) {
	x, y := lon-105, lat-35
	root := math.Sqrt(math.Abs(x))
	waves := float64(20*math.Sin(6*x*math.Pi)) + float64(20*math.Sin(2*x*math.Pi))
	east := 300 + x + float64(2*y) + float64(float64(0.1*x)*x) + float64(float64(0.1*x)*y) + float64(0.1*root) +
		float64((waves+float64(20*math.Sin(x*math.Pi))+float64(40*math.Sin(x/3*math.Pi))+float64(150*math.Sin(x/12*math.Pi))+float64(300*math.Sin(x/30*math.Pi)))*2/3)
	north := -100 + float64(2*x) + float64(3*y) + float64(float64(0.2*y)*y) + float64(float64(0.1*x)*y) + float64(0.2*root) +
		float64((waves+float64(20*math.Sin(y*math.Pi))+float64(40*math.Sin(y/3*math.Pi))+float64(160*math.Sin(y/12*math.Pi))+float64(320*math.Sin(y*math.Pi/30)))*2/3)
	phi := lat / 180 * math.Pi
	sin := math.Sin(phi)
	magic := 1 - float64(float64(krasovskyEccentricity*sin)*sin)
	rootMagic := math.Sqrt(magic)
	dLat = north * 180 / (krasovskyAxis * (1 - krasovskyEccentricity) / (magic * rootMagic) * math.Pi)
	dLon = east * 180 / (krasovskyAxis / rootMagic * math.Cos(phi) * math.Pi)
	return dLon, dLat
}
