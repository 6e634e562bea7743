package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// heard is what a command says; once it says word, enough is called.
type heard struct {
	mu     sync.Mutex
	text   bytes.Buffer
	word   string
	enough func()
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	if strings.Contains(h.text.String(), h.word) {
		h.enough()
	}
	return len(p), nil
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// TestServePassesOverDrafts: a draft in jobs.yaml is named once when serve starts, and its
// due times are recorded as skipped, not as failed.
func TestServePassesOverDrafts(t *testing.T) {
	dir := t.TempDir()
	contract := "dataset: NAME\nowner: civil\nSTATUS\nsource: {path: in.csv}\nfields:\n  id: {level: L1}\npublish: {audience: internal}\n"
	for name, text := range map[string]string{
		"clearwell.yaml":      "workspace: test\ndepartments:\n  civil: {title: Civil}\n",
		"in.csv":              "id\n1\n",
		"datasets/draft.yaml": strings.NewReplacer("NAME", "draft", "STATUS", "status: draft").Replace(contract),
		"datasets/ready.yaml": strings.NewReplacer("NAME", "ready", "STATUS\n", "").Replace(contract),
		"jobs.yaml":           "jobs:\n  - {id: both, dataset: [draft, ready], cron: \"* * * * *\"}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := func(ctx context.Context, said *heard, args ...string) {
		t.Helper()
		a := &app{}
		root := newRoot(a)
		root.SetArgs(append([]string{"-C", dir}, args...))
		root.SetOut(said)
		root.SetErr(said)
		if err := root.ExecuteContext(ctx); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, said)
		}
	}
	command(context.Background(), &heard{word: "\x00"}, "init", dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	said := &heard{word: "msg=serving", enough: stop}
	command(ctx, said, "serve")
	if n := strings.Count(said.String(), "passed over"); n != 1 || !strings.Contains(said.String(), "draft (") || strings.Contains(said.String(), "ready (") {
		t.Errorf("the draft is not named once:\n%s", said)
	}
	if testing.Short() {
		t.Skip("the next minute is not waited for")
	}
	// A whole minute is waited for: the due time of the one runs, that of the other does not.
	ctx, stop = context.WithCancel(context.Background())
	defer stop()
	said = &heard{word: "run ended", enough: stop}
	command(ctx, said, "serve")
	if got := said.String(); strings.Contains(got, "run failed") || strings.Contains(got, "dataset=draft") || !strings.Contains(got, "dataset=ready") {
		t.Errorf("serve said:\n%s", got)
	}
}
