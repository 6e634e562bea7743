package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// A work is a kind of work of a run: how its samples are told in a CPU profile,
// and what the roofline knows of it.
type work struct {
	name   string
	frames *regexp.Regexp // of any frame of the sample; the first kind that matches gets it
	rate   string         // the roofline's name for it; empty: no roof is measured
	bytes  func(roof) int64
	note   string
}

// works are looked through in this order: collecting garbage before what it was collected for,
// hashing and compressing before the packages that ask for it.
var works = []work{
	{"garbage collection", regexp.MustCompile(`^runtime\.(gcBgMarkWorker|bgsweep|bgscavenge|gcAssistAlloc|gcStart)`), "", nil, ""},
	{"pseudonyms (HMAC)", regexp.MustCompile(`treat_pseudonym|pseudonym|hmac`), "", nil, "two blocks of SHA-256 a row"},
	{"content root", regexp.MustCompile(`publish/contentroot\.`), "root", func(r roof) int64 { return r.ColumnBytes }, "SHA-256 of each published row"},
	{"Parquet", regexp.MustCompile(`publish/parquet\.`), "encode", func(r roof) int64 { return r.ColumnBytes }, "published rows; the quarantine and duplicates come on top"},
	{"S2 compression", regexp.MustCompile(`s2\.(encode|\(\*Writer\)|Encode)`), "compress", func(r roof) int64 { return r.InputBytes }, "into the archive"},
	{"S2 decompression", regexp.MustCompile(`s2\.(s2Decode|\(\*Reader\)|Decode)`), "decompress", func(r roof) int64 { return r.InputBytes }, "out of the archive"},
	{"SHA-256 of the source", regexp.MustCompile(`sha256`), "hash", func(r roof) int64 { return 2 * r.InputBytes }, "on the way in, and again on the way out"},
	{"CSV", regexp.MustCompile(`connectors/csv\.`), "decode", func(r roof) int64 { return r.InputBytes }, "cut, unquote, check UTF-8"},
	{"clean, parse, check", regexp.MustCompile(`kernel\.\(\*Worker\)`), "", nil, "15 columns, 13 rules"},
	{"desensitize", regexp.MustCompile(`kernel\.\(\*Treater\)`), "", nil, ""},
	{"duplicates", regexp.MustCompile(`pipeline/dedupe\.|\(\*worker\)\.contest`), "", nil, "index of keys"},
	{"score", regexp.MustCompile(`pipeline/quality\.`), "", nil, "cells by indicator, both sides"},
	{"rows between the passes", regexp.MustCompile(`\(\*rowStore\)|\.appendBlock|\.parseBlock`), "", nil, "copied once into blocks"},
	{"reading and writing files", regexp.MustCompile(`syscall\.(read|write|pread|pwrite|fsync|Read|Write|Fsync|openat)|os\.\(\*File\)`), "read", func(r roof) int64 { return r.InputBytes + 2*r.StoredBytes + r.ParquetBytes }, "the source, the archive written and read, the published file"},
	{"other", regexp.MustCompile(``), "", nil, "row hashes, scheduling, the ledger"},
}

// stageSeconds sums up the samples of a CPU profile by kind of work. It reads what
// `go tool pprof -traces` prints: blocks between lines of hyphens, the first line of each
// begins with the time, every line ends with a frame.
func stageSeconds(traces io.Reader) (map[string]float64, error) {
	out := map[string]float64{}
	var took time.Duration
	var frames []string
	flush := func() {
		if took == 0 {
			return
		}
		out[workOf(frames).name] += took.Seconds()
		took, frames = 0, frames[:0]
	}
	in := bufio.NewScanner(traces)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if strings.HasPrefix(line, "-----") {
			flush()
			continue
		}
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasSuffix(words[0], ":") { // head of the output, labels of a sample
			continue
		}
		if d, err := time.ParseDuration(words[0]); err == nil && len(words) > 1 {
			flush()
			took, words = d, words[1:]
		}
		if took > 0 {
			frames = append(frames, strings.Join(words, " "))
		}
	}
	flush()
	if len(out) == 0 {
		return nil, fmt.Errorf("no samples: not the output of go tool pprof -traces")
	}
	return out, in.Err()
}

func workOf(frames []string) work {
	for _, w := range works {
		for _, f := range frames {
			if w.frames.MatchString(f) {
				return w
			}
		}
	}
	return works[len(works)-1]
}

// roof is what bench/roofline prints.
type roof struct {
	Rates        map[string]float64 `json:"bytes_per_second"`
	InputBytes   int64              `json:"input_bytes"`
	StoredBytes  int64              `json:"stored_bytes"`
	ColumnBytes  int64              `json:"column_bytes"`
	ParquetBytes int64              `json:"parquet_bytes"`
	FsyncSeconds float64            `json:"fsync_seconds"`
}

// rooflineTable lays what the job takes beside what the machine can do.
func rooflineTable(r roof, used map[string]float64) string {
	var b strings.Builder
	b.WriteString("| work | bytes through | this machine, a core | least CPU s | the job, CPU s | share of the job | of what it is |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n")
	var total, least float64
	for _, s := range used {
		total += s
	}
	for _, w := range works {
		took, share := used[w.name], ""
		if total > 0 {
			share = fmt.Sprintf("%.0f %%", 100*took/total)
		}
		through, rate, floor := "", "", ""
		if w.rate != "" && r.Rates[w.rate] > 0 {
			n := float64(w.bytes(r))
			through, rate, floor = fmt.Sprintf("%.0f MB", n/1e6), fmt.Sprintf("%.0f MB/s", r.Rates[w.rate]/1e6), fmt.Sprintf("%.2f", n/r.Rates[w.rate])
			least += n / r.Rates[w.rate]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.2f | %s | %s |\n", w.name, through, rate, floor, took, share, w.note)
	}
	fmt.Fprintf(&b, "| **all** | | | %.2f | %.2f | | |\n", least, total)
	return b.String()
}
