package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestTheSharesOfTheBudgetLeaveRoomForWorkers(t *testing.T) {
	for _, b := range []budget{1 << 20, 256 << 20, 1 << 30, 1 << 40} {
		scan := b.rows() + b.rejects() + b.contest()
		settle := b.rows() + 2*b.rejects() + b.contest() + b.losers()
		emit := b.rows() + 2*b.rejects() + b.losers() + b.root() + b.order()
		if most := max(scan, settle, emit); most > int64(b)/2 {
			t.Errorf("of %d bytes %d are given away", b, most)
		}
	}
}

func TestTheDefaultBudgetIsWithinMachineAndContainer(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("v2/memory.max", "max\n")
	write("v2/a/memory.max", "700000000\n")
	write("v2/a/b/memory.max", "max\n")
	write("inside/memory.max", "500\n")
	write("v1/memory/memory.limit_in_bytes", "9223372036854771712\n")
	write("v1/memory/x/memory.limit_in_bytes", "300\n")
	for _, c := range []struct {
		memberships, root string
		want              int64
	}{
		{"0::/a/b\n", "v2", 700_000_000},
		{"0::/\n", "v2", 0},
		{"0::/made/outside/of/the/container\n", "inside", 500},
		{"5:cpu,cpuacct:/y\n4:memory:/x\n0::/\n", "v1", 300},
		{"4:memory:/other\n", "v1", 9223372036854771712},
		{"4:memorable:/x\n", "v1", 0},
		{"nothing\n", "v1", 0},
	} {
		got := cgroupMemory(write("memberships", c.memberships), filepath.Join(dir, c.root))
		if got != c.want {
			t.Errorf("%q in %s: %d, want %d", c.memberships, c.root, got, c.want)
		}
	}
	for text, want := range map[string]int64{
		"MemTotal:       24689420 kB\nMemFree: 1 kB\n": 24689420 << 10, "MemFree: 1 kB\n": 0, "MemTotal: much\n": 0,
		"MemTotal: 9223372036854775807 kB\n": 0,
	} {
		if got := physicalMemory(write("meminfo", text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if physicalMemory("no such file") != 0 || cgroupMemory("no such file", dir) != 0 {
		t.Error("a limit out of nothing")
	}
	if m := DefaultMemory(); m <= 0 || m > math.MaxInt32 {
		t.Errorf("the default is %d bytes", m)
	}
}
