package lineage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearwell/durable"
	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
	"clearwell/lineage/verify"
)

// adoptedDir keeps, below Config.Dir, checkpoints that an adopted ledger no longer covers.
const adoptedDir = "adopted"

// Adopt takes the ledger as it stands on a person's word, when the remembered
// head is lost or contradicts it, or when the writer's own state file is lost.
// Everything that can be checked without that memory must hold; else it is
// ErrDamaged and nothing changes. The reason becomes a restore entry, together
// with what was remembered, so that the adoption itself can be judged later.
// Checkpoints over entries that the ledger lost are kept as evidence in
// Dir/adopted. The caller remembers the returned head.
func Adopt(ctx context.Context, cfg Config, reason string) (Head, error) {
	if strings.TrimSpace(reason) == "" {
		return Head{}, errors.New("adopting a ledger needs a reason: it becomes part of the record")
	}
	open := cfg
	open.Remembered = nil
	l, err := prepare(open)
	if err != nil {
		return Head{}, err
	}
	a := adoption{ledger: l, reason: reason, remembered: cfg.Remembered}
	if err := a.check(ctx); err != nil {
		return Head{}, errors.Join(err, l.lock.Close())
	}
	if err := a.repair(); err != nil {
		return Head{}, errors.Join(err, l.lock.Close())
	}
	if err := l.start(ctx, &Head{}); err != nil {
		return Head{}, errors.Join(err, l.lock.Close())
	}
	r, err := l.Append(ctx, []Draft{a.draft()})
	return r.Head, errors.Join(err, l.Close())
}

type adoption struct {
	ledger     *Ledger
	reason     string
	remembered *Head
	checkpoint *tiles.Checkpoint
	rebuild    bool     // the writer's state is written anew
	superseded []string // archived checkpoints over more entries than there are
	missing    []string // archived checkpoints that entries were written after
}

// adoptBody is the body of a restore entry.
type adoptBody struct {
	Reason         string   `json:"reason"`
	Size           uint64   `json:"size"`
	Root           string   `json:"root"`
	RememberedSize *uint64  `json:"remembered_size,omitempty"`
	RememberedRoot string   `json:"remembered_root,omitempty"`
	StateRebuilt   bool     `json:"state_rebuilt"`
	Superseded     []string `json:"superseded,omitempty"`
	Missing        []string `json:"missing,omitempty"`
}

func (a *adoption) check(ctx context.Context) error {
	l := a.ledger
	cp, err := l.dir.Checkpoint(l.key)
	if err != nil {
		return l.explain(err)
	}
	a.checkpoint = cp
	state, err := l.dir.State()
	a.rebuild = err != nil || state.N < cp.Tree.N || state.N == cp.Tree.N && state.Hash != cp.Tree.Hash
	report, err := verify.Log(ctx, verify.LogOptions{Dir: l.cfg.Dir, VKey: l.vkey})
	if err != nil {
		return err
	}
	size := max(uint64(state.N), uint64(cp.Tree.N))
	if a.superseded, err = archivedBeyond(l.cfg.Dir, size); err != nil {
		return err
	}
	left := slices.DeleteFunc(report.Findings, func(f verify.Finding) bool {
		if _, err := os.Lstat(filepath.Join(l.cfg.Dir, filepath.FromSlash(f.What))); errors.Is(err, os.ErrNotExist) && strings.HasPrefix(f.What, CheckpointDir+"/") {
			a.missing = append(a.missing, f.What)
			return true
		}
		return slices.Contains(a.superseded, f.What) || a.rebuild && strings.HasPrefix(f.What, LogDir+"/.state/")
	})
	if len(left) > 0 {
		return fmt.Errorf("%s: %w: %s; only an undamaged ledger can be adopted: restore it from a backup", l.cfg.Dir, ErrDamaged, left[0])
	}
	return nil
}

// repair writes the state anew from the signed checkpoint and moves checkpoints
// away that would contradict the next ones. Each step may be repeated after a crash.
func (a *adoption) repair() error {
	l := a.ledger
	if a.rebuild {
		for path, data := range map[string][]byte{tiles.StatePath: tiles.FormatState(a.checkpoint.Tree), tiles.VersionPath: []byte(tiles.Version)} {
			file := filepath.Join(string(l.dir), filepath.FromSlash(path))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := durable.WriteFile(file, data, 0o644); err != nil {
				return err
			}
		}
	}
	for _, path := range a.superseded {
		to := filepath.Join(l.cfg.Dir, adoptedDir, l.cfg.Clock().UTC().Format("20060102T150405Z"), filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := durable.Rename(filepath.Join(l.cfg.Dir, filepath.FromSlash(path)), to); err != nil {
			return err
		}
	}
	return nil
}

func (a *adoption) draft() Draft {
	tree := a.ledger.log.Tree()
	b := adoptBody{Reason: a.reason, Size: uint64(tree.N), Root: hexRoot(tree.Hash), StateRebuilt: a.rebuild, Superseded: a.superseded, Missing: a.missing}
	if a.remembered != nil {
		b.RememberedSize, b.RememberedRoot = &a.remembered.Size, a.remembered.Root
	}
	step := fmt.Sprintf("adopt %d %s", tree.N, a.ledger.cfg.Clock().UTC().Format(entry.TimeFormat))
	return Draft{Kind: entry.Restore, Dataset: entry.WorkspaceChain, Step: step, Body: b}
}

// archivedBeyond lists archived checkpoints over more than size entries, below the ledger's folder.
func archivedBeyond(dir string, size uint64) ([]string, error) {
	var beyond []string
	root := filepath.Join(dir, CheckpointDir)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if n, ok := tiles.ParsePathNumber(filepath.ToSlash(rel)); err == nil && ok && n > size {
			beyond = append(beyond, CheckpointDir+"/"+filepath.ToSlash(rel))
		}
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	slices.Sort(beyond)
	return beyond, err
}
