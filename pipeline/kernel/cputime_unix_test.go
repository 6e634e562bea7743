//go:build unix

package kernel

import (
	"syscall"
	"time"
)

// cpuTime is the CPU time of the process so far: steadier than the wall clock where
// the machine is shared.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
