//go:build !unix

package kernel

import "time"

var began = time.Now()

// cpuTime is the wall clock, where the CPU clock is not known.
func cpuTime() time.Duration { return time.Since(began) }
