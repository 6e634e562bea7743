package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"clearwell/connectors/archive"
	"clearwell/lineage/entry"
	"clearwell/lineage/keys"
	"clearwell/lineage/proof"
	"clearwell/lineage/verify"
	"clearwell/pipeline/publish"
)

// VerifyOptions say what a workspace is checked against.
type VerifyOptions struct {
	Policy  *verify.Policy // nil: the workspace's own key store is what is trusted
	State   State          // for the remembered head; nil: the workspace has none
	Dataset string         // only the artifacts of this dataset; empty: of all
}

// VerifyWorkspace checks the whole ledger, and every artifact that its entries
// name against the hash in the entry: archived sources, contracts, quarantine
// files, every file of every published version, and the proof beside it.
func VerifyWorkspace(ctx context.Context, root string, o VerifyOptions) (*verify.Report, error) {
	w := &workspaceCheck{ctx: ctx, root: root, o: o, latest: map[string]int64{}, seen: map[string]bool{}}
	opts := verify.LogOptions{Dir: filepath.Join(root, LedgerDir), Policy: o.Policy, Visit: w.visit}
	store, err := keys.Open(filepath.Join(root, KeysDir))
	if err != nil {
		return nil, err
	}
	if own, err := store.PublicKeys(keys.RoleLog); err == nil && len(own) > 0 {
		opts.VKey = strings.TrimSpace(own[len(own)-1].Text)
	}
	if o.State != nil {
		if opts.Remembered, err = RememberedHead(o.State); err != nil {
			return nil, err
		}
	}
	if w.archive, err = archive.Open(filepath.Join(root, StateDir, "archive")); err != nil {
		return nil, err
	}
	report, err := verify.Log(ctx, opts)
	if err != nil {
		return nil, err
	}
	for _, check := range w.later {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.Add(check()...)
	}
	report.Add(w.checkLatest()...)
	if len(w.later) > 0 && report.OK {
		report.Notes = append(report.Notes, fmt.Sprintf("%d artifacts that entries name were compared with their hashes.", len(w.seen)))
	}
	return report, nil
}

// workspaceCheck collects what the entries name while the log is read, and checks it afterwards.
type workspaceCheck struct {
	ctx     context.Context
	root    string
	o       VerifyOptions
	archive *archive.Store
	later   []func() []verify.Finding
	latest  map[string]int64 // newest published version by dataset
	seen    map[string]bool  // artifacts in later, by place and hash
}

func (w *workspaceCheck) visit(index uint64, e *entry.Entry) []verify.Finding {
	if w.o.Dataset != "" && e.Dataset != w.o.Dataset {
		return nil
	}
	for _, s := range e.Subjects {
		key := s.Name + "\x00" + s.SHA256
		if w.seen[key] {
			continue
		}
		w.seen[key] = true
		where := fmt.Sprintf("entry %d", index)
		switch place, _, _ := strings.Cut(s.Name, "/"); place {
		case "archive", "plan":
			w.later = append(w.later, func() []verify.Finding { return w.checkArchived(s, where) })
		case "published":
			w.later = append(w.later, func() []verify.Finding { return w.checkFile(s.Name, s, where) })
		case "quarantine":
			w.later = append(w.later, func() []verify.Finding { return w.checkFile(path.Join(StateDir, s.Name), s, where) })
		}
	}
	if e.Kind == entry.Publication {
		var body struct {
			Version int64 `json:"version"`
		}
		if err := e.DecodeBody(&body); err == nil {
			w.latest[e.Dataset] = max(w.latest[e.Dataset], body.Version)
			w.later = append(w.later, func() []verify.Finding { return w.checkProof(e, int(body.Version)) })
		}
	}
	return nil
}

func (w *workspaceCheck) checkArchived(s entry.Subject, where string) []verify.Finding {
	err := w.archive.Verify(w.ctx, s.SHA256)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, archive.ErrNotFound):
		return found(path.Join(StateDir, s.Name), "the archived bytes %s that %s names are missing", short(s.SHA256), where)
	default:
		return found(path.Join(StateDir, s.Name), "the archived bytes %s that %s names are damaged: %v", short(s.SHA256), where, err)
	}
}

// checkFile compares a file, named relative to the workspace, with its subject.
func (w *workspaceCheck) checkFile(name string, s entry.Subject, where string) []verify.Finding {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return found(where, "names a file outside of the workspace")
	}
	f, err := os.Open(filepath.Join(w.root, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return found(name, "is missing; %s says that it was written", where)
	}
	if err != nil {
		return found(name, "cannot be read: %v", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return found(name, "cannot be read: %v", err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != s.SHA256 {
		return found(name, "was changed: its SHA-256 is %s, %s says %s", short(got), where, short(s.SHA256))
	}
	return nil
}

// checkProof checks what stands beside a published version for outsiders.
func (w *workspaceCheck) checkProof(e *entry.Entry, version int) []verify.Finding {
	folder := publish.VersionFolder(e.Dataset, version)
	read := func(name string) ([]byte, []verify.Finding) {
		data, err := os.ReadFile(filepath.Join(w.root, folder, name))
		if err != nil {
			return nil, found(path.Join(folder, name), "cannot be read: %v", errors.Unwrap(err))
		}
		return data, nil
	}
	raw, missing := read(proofName)
	if missing != nil {
		return missing
	}
	digests := map[string]string{}
	for _, s := range e.Subjects {
		digests[path.Base(s.Name)] = s.SHA256
	}
	report := verify.Proof(raw, path.Join(folder, proofName), digests, nil)
	out := report.Findings
	bundle, err := proof.Parse(raw)
	if err != nil || len(out) > 0 {
		return out
	}
	for name, want := range map[string][]byte{tlogProofName: bundle.Publication().Proof.Marshal(), dsseName: bundle.Publication().Leaf} {
		got, missing := read(name)
		out = append(out, missing...)
		if missing == nil && !bytes.Equal(got, want) {
			out = append(out, found(path.Join(folder, name), "differs from what %s holds of it", proofName)...)
		}
	}
	return out
}

// checkLatest holds the pointers that readers follow against the ledger.
func (w *workspaceCheck) checkLatest() (out []verify.Finding) {
	site := publish.Open(w.root)
	for dataset, version := range w.latest {
		name := path.Join("published", dataset, "latest.json")
		latest, err := site.Current(dataset)
		switch {
		case err != nil:
			out = append(out, found(name, "%v", err)...)
		case int64(latest.Version) != version:
			out = append(out, found(name, "points to version %d, the newest in the ledger is %d", latest.Version, version)...)
		}
	}
	return out
}

func found(what, format string, args ...any) []verify.Finding {
	return []verify.Finding{{What: filepath.ToSlash(what), Why: fmt.Sprintf(format, args...)}}
}

func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12] + "…"
	}
	return digest
}
