//go:build unix

package log

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"clearwell/durable"
)

// tesseraSequencer drives tessera's POSIX appender.
type tesseraSequencer struct {
	appender *tessera.Appender
	shutdown func(context.Context) error
	stop     context.CancelFunc
}

// Create makes an empty log in dir with a signed checkpoint over no entries. It
// appears under its name only when it is whole; an existing folder is an error.
func Create(ctx context.Context, cfg Config) error {
	if _, err := os.Lstat(cfg.Dir); err == nil {
		return fmt.Errorf("%s: there is a log already", cfg.Dir)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(cfg.Dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(parent, ".tmp-log-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil {
		return err
	}
	seq, err := startSequencer(staging, cfg.Signer)
	if err != nil {
		return err
	}
	if err := seq.Close(ctx); err != nil {
		return err
	}
	if err := durable.SyncTree(staging); err != nil {
		return err
	}
	return durable.Rename(staging, cfg.Dir)
}

// startSequencer starts tessera. The settings and why: no republishing, so that
// a size has one checkpoint; the smallest checkpoint interval, because a run
// waits for it; no garbage collection of its own (removePartials is earlier and
// keeps no state); no witnesses, because one dead witness would stop all publication.
func startSequencer(dir string, signer note.Signer) (sequencer, error) {
	quietKlog()
	ctx, stop := context.WithCancel(context.Background())
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		stop()
		return nil, err
	}
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(checkpointInterval).
		WithCheckpointRepublishInterval(0).
		WithBatching(BatchSize, batchAge).
		WithGarbageCollectionInterval(0).
		WithShutdownTimeout(publishTimeout))
	if err != nil {
		stop()
		return nil, err
	}
	return &tesseraSequencer{appender: appender, shutdown: shutdown, stop: stop}, nil
}

func (t *tesseraSequencer) Add(ctx context.Context, leaves [][]byte) ([]uint64, error) {
	futures := make([]tessera.IndexFuture, len(leaves))
	for i, leaf := range leaves {
		futures[i] = t.appender.Add(ctx, tessera.NewEntry(leaf))
	}
	indices := make([]uint64, len(leaves))
	var first error
	for i, future := range futures {
		index, err := future()
		if err != nil && first == nil {
			first = err
		}
		indices[i] = index.Index
	}
	return indices, first
}

func (t *tesseraSequencer) Trouble() error { return klogTail.err() }

func (t *tesseraSequencer) Close(ctx context.Context) error {
	defer t.stop()
	return t.shutdown(ctx)
}

// lastLine keeps the last line of tessera's log. Failures to publish are
// reported nowhere else.
type lastLine struct {
	mu   sync.Mutex
	line string
}

var (
	klogTail  lastLine
	klogQuiet sync.Once
)

func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = string(bytes.TrimSpace(p))
	return len(p), nil
}

func (l *lastLine) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == "" {
		return nil
	}
	_, text, found := strings.Cut(l.line, "] ")
	if !found {
		text = l.line
	}
	return errors.New("the log's writer last said: " + text)
}

// quietKlog takes tessera's klog lines off stderr. klog is global to the
// process; nothing else in this program uses it.
func quietKlog() {
	klogQuiet.Do(func() {
		flags := flag.NewFlagSet("klog", flag.ContinueOnError)
		klog.InitFlags(flags)
		for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
			if err := flags.Set(name, value); err != nil {
				panic("klog has no flag " + name)
			}
		}
		klog.SetOutput(&klogTail)
	})
}
