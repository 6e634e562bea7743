//go:build race

package kernel

// raceDetector: the detector allocates for itself.
const raceDetector = true
