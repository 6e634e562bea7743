//go:build race

package pipeline

// raceDetector: the detector allocates for itself.
const raceDetector = true
