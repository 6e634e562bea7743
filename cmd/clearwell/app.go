package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"clearwell/jobs"
	"clearwell/pipeline"
	"clearwell/rules"
)

// app is what all commands share: the global flags and how a workspace is opened.
type app struct {
	dir  string
	json bool
	lang languageFlag
}

// version is that of the module, with the commit where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += "+" + s.Value[:12]
			}
		}
	}
	return v
}

// program names this binary in ledger entries: its version and the hash of its bytes.
func program() pipeline.Named { return pipeline.Named{Version: version(), Hash: programHash} }

// programHash reads some 80 MB: a twentieth of a second, which commands that write to the ledger let begin
// beside the rest of their work.
var programHash = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// called is what a person types to call this program from where they are, so
// that the commands we print can be pasted.
func called() string {
	const name = "clearwell"
	if here, err := os.Stat(os.Args[0]); err == nil {
		if path, err := exec.LookPath(name); err == nil {
			if found, err := os.Stat(path); err == nil && os.SameFile(here, found) {
				return name
			}
		}
		return os.Args[0]
	}
	return name
}

// root is the folder of the workspace.
func (a *app) root() (string, error) {
	dir := a.dir
	if dir == "" {
		dir = "."
	}
	root, err := rules.Find(dir)
	if err != nil {
		return "", usageError{err}
	}
	return root, nil
}

// load reads and checks the workspace.
func (a *app) load() (*rules.Workspace, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	return rules.Load(root)
}

// opened is a workspace ready to run.
type opened struct {
	*pipeline.Runner
	store *jobs.Store
}

func (o *opened) close() error { return errors.Join(o.Runner.Close(), o.store.Close()) }

// open opens the workspace for running; a workspace that was never run gets its keys and ledger first.
func (a *app) open(ctx context.Context, stderr io.Writer) (*opened, error) {
	ws, err := a.load()
	if err != nil {
		return nil, err
	}
	return openWorkspace(ctx, ws, stderr)
}

func openWorkspace(ctx context.Context, ws *rules.Workspace, stderr io.Writer) (*opened, error) {
	go programHash()
	prog := program()
	if err := os.MkdirAll(filepath.Join(ws.Root, pipeline.StateDir), 0o700); err != nil {
		return nil, err
	}
	store, err := jobs.OpenStore(ctx, filepath.Join(ws.Root, pipeline.StateFile))
	if err != nil {
		return nil, err
	}
	fresh, err := pipeline.IsNew(ws.Root, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if fresh {
		secrets, err := pipeline.Create(ctx, ws, store, prog)
		for _, name := range secrets {
			fmt.Fprintf(stderr, "made the secret %q for pseudonyms; keep a copy of %s in a safe place\n", name, pipeline.KeysDir)
		}
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		fmt.Fprintf(stderr, "made the keys and the ledger of workspace %s; hand %s to whoever is to verify it\n", ws.Name, filepath.Join(pipeline.LedgerDir, "log.vkey"))
	}
	runner, err := pipeline.Open(ctx, ws, store, prog)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	o := &opened{runner, store}
	finished, abandoned, err := runner.Recover(ctx)
	for _, run := range finished {
		fmt.Fprintf(stderr, "finished run %s, which was interrupted after it was recorded\n", run)
	}
	for _, run := range abandoned {
		fmt.Fprintf(stderr, "run %s was interrupted before it was recorded; it published nothing, and the ledger says so\n", run)
	}
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	// A run without a working folder (somebody removed it) is not found by Recover.
	left, err := store.Interrupt(ctx)
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	for _, run := range left {
		fmt.Fprintf(stderr, "run %s of %s was interrupted and its working folder is gone; it is marked so\n", run.ID, run.Dataset)
	}
	return o, nil
}

// history opens the run history of a workspace for reading; nil if it was never run.
func history(ctx context.Context, root string) (*jobs.Store, error) {
	path := filepath.Join(root, pipeline.StateFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return jobs.OpenStore(ctx, path)
}

// printJSON prints v indented, for machines and for people who look.
func printJSON(c *cobra.Command, v any) error {
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// datasetArg takes the dataset that a command names, or the only one there is.
func datasetArg(ws *rules.Workspace, args []string) (*rules.Dataset, error) {
	if len(args) == 0 {
		if len(ws.Datasets) == 1 {
			return ws.Datasets[0], nil
		}
		return nil, usageError{fmt.Errorf("name a dataset: %s", datasetNames(ws))}
	}
	if ds := ws.Dataset(args[0]); ds != nil {
		return ds, nil
	}
	hint := ""
	if near := ws.Nearest(args[0]); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, usageError{fmt.Errorf("no dataset %q%s (there are: %s)", args[0], hint, datasetNames(ws))}
}

func datasetNames(ws *rules.Workspace) string {
	names := ""
	for i, d := range ws.Datasets {
		if i > 0 {
			names += ", "
		}
		names += d.ID
	}
	return names
}
