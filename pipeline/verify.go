package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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
// files, every file of every published version, the proof beside it, and
// latest.json. It takes no lock: runs may go on meanwhile.
func VerifyWorkspace(ctx context.Context, root string, o VerifyOptions) (*verify.Report, error) {
	w := &workspaceCheck{ctx: ctx, root: root, o: o, site: publish.Open(root), newest: map[string]publication{}, seen: map[string]bool{}, waiting: map[string]bool{}}
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
	// Read before the ledger: what is current then is recorded then.
	if w.current, err = w.readLatest(); err != nil {
		return nil, err
	}
	present, err := w.listPublished()
	if err != nil {
		return nil, err
	}
	report, err := verify.Log(ctx, opts)
	if err != nil {
		return nil, err
	}
	for i, f := range report.Findings {
		if strings.HasPrefix(f.What, "log/") || strings.HasPrefix(f.What, "checkpoints/") || f.What == "log.vkey" {
			report.Findings[i].What = path.Join(LedgerDir, f.What)
		}
	}
	for _, check := range w.later {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.Add(check()...)
	}
	report.Add(w.checkLatest()...)
	report.Add(w.checkStrangers(present)...)
	for _, run := range slices.Sorted(maps.Keys(w.waiting)) {
		report.Notes = append(report.Notes, fmt.Sprintf("Run %s is recorded and not in its place yet: it is just ending, or was interrupted and the next run finishes it.", run))
	}
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
	site    *publish.Site
	archive *archive.Store
	later   []func() []verify.Finding
	current map[string][]byte      // latest.json by dataset, as read before the ledger
	newest  map[string]publication // newest published version by dataset
	seen    map[string]bool        // artifacts in later, by place and hash
	waiting map[string]bool        // runs that are recorded and not in their place yet
}

// publication is a version as the ledger has it.
type publication struct {
	version  int
	run      string
	manifest string // SHA-256 of its manifest, hex
}

func (w *workspaceCheck) visit(index uint64, e *entry.Entry) []verify.Finding {
	if w.o.Dataset != "" && e.Dataset != w.o.Dataset {
		return nil
	}
	where := fmt.Sprintf("entry %d", index)
	for _, s := range e.Subjects {
		key := s.Name + "\x00" + s.SHA256
		if w.seen[key] {
			continue
		}
		w.seen[key] = true
		switch place, rest, _ := strings.Cut(s.Name, "/"); place {
		case "archive", "plan":
			w.later = append(w.later, func() []verify.Finding { return w.checkArchived(s, where) })
		case "published":
			dataset, _, _ := strings.Cut(rest, "/")
			staged := path.Join(StateDir, "staging", e.Run, dataset, path.Base(s.Name))
			w.later = append(w.later, func() []verify.Finding { return w.checkFile(e.Run, s.Name, staged, s, where) })
		case "quarantine":
			staged := path.Join(StateDir, "work", e.Run, path.Base(s.Name))
			w.later = append(w.later, func() []verify.Finding {
				return w.checkFile(e.Run, path.Join(StateDir, s.Name), staged, s, where)
			})
		}
	}
	if e.Kind != entry.Publication {
		return nil
	}
	var body publicationBody
	if err := e.DecodeBody(&body); err != nil {
		return found(where, "%v", err)
	}
	p := publication{version: int(body.Version), run: e.Run}
	for _, s := range e.Subjects {
		if path.Base(s.Name) == manifestName {
			p.manifest = s.SHA256
		}
	}
	if p.version > w.newest[e.Dataset].version {
		w.newest[e.Dataset] = p
	}
	w.later = append(w.later, func() []verify.Finding { return w.checkProof(e, p.version) })
	return nil
}

func (w *workspaceCheck) checkArchived(s entry.Subject, where string) []verify.Finding {
	err := w.archive.Verify(w.ctx, s.SHA256)
	name := path.Join(StateDir, "archive", filepath.ToSlash(w.archive.Name(s.SHA256)))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, archive.ErrNotFound):
		return found(name, "is missing; %s names it as %s", where, s.Name)
	default:
		return found(name, "is damaged; %s names it as %s: %v", where, s.Name, err)
	}
}

// open opens a file by its name relative to the workspace, or where it is staged
// while its run is not in its place yet. The run may just be moving it, so the
// first place is looked at a second time.
func (w *workspaceCheck) open(run, name, staged string) (*os.File, error) {
	var f *os.File
	var err error
	for _, place := range []string{name, staged, name} {
		if !filepath.IsLocal(filepath.FromSlash(place)) {
			return nil, errors.New("names a file outside of the workspace")
		}
		if f, err = os.Open(filepath.Join(w.root, filepath.FromSlash(place))); err == nil {
			if place == staged {
				w.waiting[run] = true
			}
			return f, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return nil, err
}

// checkFile compares a file with its subject.
func (w *workspaceCheck) checkFile(run, name, staged string, s entry.Subject, where string) []verify.Finding {
	f, err := w.open(run, name, staged)
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
	if w.waiting[e.Run] { // the proof is made when the version is put in its place
		if _, err := os.Stat(filepath.Join(w.root, folder)); errors.Is(err, os.ErrNotExist) {
			return nil
		}
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
	for _, f := range out {
		if _, isFile := digests[f.What]; isFile { // these are the ledger's digests: it is the proof that does not fit
			return found(path.Join(folder, proofName), "does not prove this version: it says of %s that it %s", f.What, f.Why)
		}
	}
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

// readLatest reads the pointers that readers follow.
func (w *workspaceCheck) readLatest() (map[string][]byte, error) {
	current := map[string][]byte{}
	datasets, err := os.ReadDir(filepath.Join(w.root, "published"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, d := range datasets {
		if w.o.Dataset != "" && d.Name() != w.o.Dataset {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(w.root, filepath.FromSlash(latestName(d.Name()))))
		switch {
		case err == nil:
			current[d.Name()] = raw
		case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			return nil, err
		}
	}
	return current, nil
}

// listPublished names every file that readers could take for a publication. It
// is called before the ledger is read: what is there then is recorded then.
func (w *workspaceCheck) listPublished() (names []string, err error) {
	dir := filepath.Join(w.root, "published", filepath.FromSlash(w.o.Dataset))
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") { // what begins with a dot is on its way to its name
			return err
		}
		rel, err := filepath.Rel(w.root, name)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	return names, err
}

// checkStrangers finds files among the published ones that no entry vouches for.
func (w *workspaceCheck) checkStrangers(present []string) (out []verify.Finding) {
	known := map[string]bool{}
	for key := range w.seen {
		name, _, _ := strings.Cut(key, "\x00")
		known[name] = true
		for _, beside := range []string{proofName, tlogProofName, dsseName} {
			known[path.Join(path.Dir(name), beside)] = true
		}
	}
	for dataset := range w.newest {
		known[latestName(dataset)] = true
	}
	for _, name := range present {
		if !known[name] {
			out = append(out, found(name, "no entry of the ledger names it: it was put there by hand, or the ledger is older than it")...)
		}
	}
	return out
}

func latestName(dataset string) string { return path.Join("published", dataset, "latest.json") }

// checkLatest holds the pointers that readers follow against the ledger.
func (w *workspaceCheck) checkLatest() (out []verify.Finding) {
	for _, dataset := range slices.Sorted(maps.Keys(w.current)) {
		if _, ok := w.newest[dataset]; !ok {
			out = append(out, found(latestName(dataset), "points to a version, the ledger has none of the dataset")...)
		}
	}
	for _, dataset := range slices.Sorted(maps.Keys(w.newest)) {
		p, name := w.newest[dataset], latestName(dataset)
		latest, err := w.site.Current(dataset)
		switch {
		case err != nil && w.ending(p.run):
			w.waiting[p.run] = true
		case errors.Is(err, publish.ErrNoVersion):
			out = append(out, found(name, "is missing; the newest version in the ledger is %d", p.version)...)
		case err != nil:
			out = append(out, found(name, "%v", err)...)
		case latest.Version < p.version && w.ending(p.run):
			w.waiting[p.run] = true
		case latest.Version < p.version || latest.Version > p.version && bytes.Equal(w.current[dataset], w.latestNow(dataset)):
			out = append(out, found(name, "points to version %d, the newest in the ledger is %d", latest.Version, p.version)...)
		case latest.Version == p.version:
			out = append(out, w.compareLatest(dataset, p)...)
		}
	}
	return out
}

// ending says whether a run has recorded its publication and is not yet done with the rest.
func (w *workspaceCheck) ending(run string) bool {
	_, err := os.Stat(filepath.Join(w.root, StateDir, "work", run, journalName))
	return err == nil
}

func (w *workspaceCheck) latestNow(dataset string) []byte {
	raw, _ := os.ReadFile(filepath.Join(w.root, filepath.FromSlash(latestName(dataset)))) // unreadable: not equal to what was read
	return raw
}

// compareLatest compares latest.json with what follows from the manifest; a
// manifest that is not the ledger's is a finding of its own.
func (w *workspaceCheck) compareLatest(dataset string, p publication) []verify.Finding {
	raw, err := os.ReadFile(filepath.Join(w.root, publish.VersionFolder(dataset, p.version), manifestName))
	if err != nil || sha256Hex(raw) != p.manifest {
		return nil
	}
	want, err := w.site.EncodeLatest(dataset, p.version)
	if err != nil {
		return found(latestName(dataset), "%v", err)
	}
	if !bytes.Equal(w.latestNow(dataset), want) {
		return found(latestName(dataset), "was changed: it is not what the manifest of version %d gives", p.version)
	}
	return nil
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
