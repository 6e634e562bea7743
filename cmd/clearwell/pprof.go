package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiled runs do and leaves in dir what `go tool pprof` reads: cpu.pprof, and
// heap.pprof as memory stood at the end.
func profiled(dir string, do func() error) (err error) {
	if dir == "" {
		return do()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cpu.Close()) }()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	failed := do()
	pprof.StopCPUProfile()
	heap, err := os.Create(filepath.Join(dir, "heap.pprof"))
	if err != nil {
		return errors.Join(failed, err)
	}
	runtime.GC()
	return errors.Join(failed, pprof.Lookup("allocs").WriteTo(heap, 0), heap.Close())
}
