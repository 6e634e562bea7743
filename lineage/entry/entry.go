// Package entry is the form of one ledger entry: an in-toto Statement v1 about
// one event, in a DSSE envelope, in a strict subset of canonical JSON. Writer
// and verifier share it, so it depends on the standard library only and knows
// neither the log nor files.
//
// Start at Entry; Seal makes the leaf of the log out of it, Open reads one
// back. The format for a second implementation is docs/ledger/format.md.
package entry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"

	// PredicateBase and "/v1" enclose the kind in the predicateType URI.
	PredicateBase = "https://clearwell.dev/provenance/"

	// MaxSize is the largest envelope in bytes: the 16-bit length of an entry in
	// a C2SP tlog-tiles bundle.
	MaxSize = 1<<16 - 1

	// TimeFormat is how at is written: UTC, milliseconds.
	TimeFormat = "2006-01-02T15:04:05.000Z"

	// WorkspaceChain is the chain of entries that concern the ledger itself (keys,
	// adoption) and no dataset. No dataset id can begin with the sign.
	WorkspaceChain = "@workspace"
)

// Kind says what an entry is about.
type Kind string

// The kinds of entries and what each one says.
const (
	Delivery    Kind = "delivery"    // a department handed over these bytes; subjects: archived sources
	Contract    Kind = "contract"    // the contract in force; subject: the file
	Standards   Kind = "standards"   // the standards in force; subjects: the files
	Step        Kind = "step"        // one stage of a run: counts, changes, checksums; subject: the plan
	Quality     Kind = "quality"     // scores as integers and gates; subject: quality.json
	Privacy     Kind = "privacy"     // achieved k/l/t, leak scan; subjects: staged files
	Publication Kind = "publication" // a version; subjects: every published file
	Withdrawal  Kind = "withdrawal"  // a version is taken back, and why
	RunFailed   Kind = "run-failed"  // a run ended without publication: where and why
	Decision    Kind = "decision"    // a person's act: approval, override, review
	Key         Kind = "key"         // a key was introduced, rotated or revoked
	Restore     Kind = "restore"     // a person adopted the log as it stands
)

var kinds = map[Kind]bool{Delivery: true, Contract: true, Standards: true, Step: true, Quality: true, Privacy: true,
	Publication: true, Withdrawal: true, RunFailed: true, Decision: true, Key: true, Restore: true}

// PredicateType is the URI of the kind's predicate.
func (k Kind) PredicateType() string { return PredicateBase + string(k) + "/v1" }

// A Subject is an artifact that an entry is about.
type Subject struct {
	Name   string // path or name as the caller's checks know it; UTF-8
	SHA256 string // 64 lower-case hexadecimal digits
}

// Seen is the newest checkpoint that the writer knew: a lower bound in time.
type Seen struct {
	Size uint64 // entries
	Root string // 64 lower-case hexadecimal digits
}

// Program says which program wrote the entry.
type Program struct {
	Version string // as the program prints it
	Hash    string // SHA-256 of the executable in hex, or empty when unknown
}

// An Entry is one statement about one event.
//
// Seq counts the entries of a dataset from 1 and Prev is the leaf hash of the
// one before (empty for the first): together they are the dataset's chain.
type Entry struct {
	Kind     Kind
	Subjects []Subject
	Dataset  string // dataset id, or WorkspaceChain
	Seq      int64
	Prev     string // 64 hex digits, or empty
	Run      string // run id, or empty for an act outside runs
	Attempt  int64  // attempt of the run, from 1; 0 outside runs
	Step     string // name of the stage or of what distinguishes entries of one kind in one run
	ID       string // ID(Run, Attempt, Step, Kind)
	At       time.Time
	Seen     Seen
	Program  Program
	Body     map[string]any
}

// ID is the identity by which a retry recognises an entry that is there already:
// the SHA-256 of run, attempt, step and kind, in hex.
func ID(run string, attempt int64, step string, kind Kind) string {
	h := sha256.New()
	for _, part := range []string{"clearwell.dev/provenance/id/v1", run, fmt.Sprint(attempt), step, string(kind)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// DecodeBody reads the body into a struct or map; members that it does not know are errors.
func (e *Entry) DecodeBody(into any) error {
	raw, err := Canonical(e.Body)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("body of the %s entry %s/%d: %w", e.Kind, e.Dataset, e.Seq, err)
	}
	return nil
}

// Payload is the in-toto statement in canonical JSON.
func (e *Entry) Payload() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	subjects := make([]any, len(e.Subjects))
	for i, s := range e.Subjects {
		subjects[i] = map[string]any{"name": s.Name, "digest": map[string]any{"sha256": s.SHA256}}
	}
	body := e.Body
	if body == nil {
		body = map[string]any{}
	}
	return Canonical(map[string]any{
		"_type":         statementType,
		"subject":       subjects,
		"predicateType": e.Kind.PredicateType(),
		"predicate": map[string]any{
			"dataset": e.Dataset, "seq": e.Seq, "prev": e.Prev,
			"run": e.Run, "attempt": e.Attempt, "step": e.Step, "id": e.ID,
			"at":      e.At.UTC().Format(TimeFormat),
			"seen":    map[string]any{"size": e.Seen.Size, "root": e.Seen.Root},
			"program": map[string]any{"version": e.Program.Version, "hash": e.Program.Hash},
			"body":    body,
		},
	})
}

// ParsePayload reads a statement. Every member must be there, and no other.
func ParsePayload(data []byte) (*Entry, error) {
	m, err := ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	f := fields{path: "statement", m: m}
	e := &Entry{}
	if t := f.text("_type"); f.err == nil && t != statementType {
		f.fail("_type", "is %q, not %q", t, statementType)
	}
	uri := f.text("predicateType")
	kind, ok := strings.CutPrefix(uri, PredicateBase)
	kind, ok2 := strings.CutSuffix(kind, "/v1")
	if f.err == nil && (!ok || !ok2) {
		f.fail("predicateType", "%q is not one of this ledger's", uri)
	}
	e.Kind = Kind(kind)
	for i, item := range f.list("subject") {
		sf := fields{path: fmt.Sprintf("statement.subject[%d]", i)}
		if sf.m, ok = item.(map[string]any); !ok {
			sf.fail("", "is not an object")
		}
		s := Subject{Name: sf.text("name")}
		digest := sf.object("digest")
		s.SHA256 = digest.text("sha256")
		e.Subjects = append(e.Subjects, s)
		f.take(sf.done(), digest.done())
	}
	p := f.object("predicate")
	e.Dataset, e.Seq, e.Prev = p.text("dataset"), p.integer("seq"), p.text("prev")
	e.Run, e.Attempt, e.Step, e.ID = p.text("run"), p.integer("attempt"), p.text("step"), p.text("id")
	at := p.text("at")
	seen, program, body := p.object("seen"), p.object("program"), p.object("body")
	e.Seen = Seen{Size: uint64(seen.integer("size")), Root: seen.text("root")}
	e.Program = Program{Version: program.text("version"), Hash: program.text("hash")}
	e.Body = body.m
	f.take(f.done(), p.done(), seen.done(), program.done(), body.err)
	if f.err != nil {
		return nil, f.err
	}
	if e.At, err = time.Parse(TimeFormat, at); err != nil || e.At.Format(TimeFormat) != at {
		return nil, fmt.Errorf("statement.predicate.at: %q is not a time like %s", at, TimeFormat)
	}
	return e, e.check()
}

// check holds what is true of every entry, written or read.
func (e *Entry) check() error {
	where := fmt.Sprintf("entry %s/%d (%s)", e.Dataset, e.Seq, e.Kind)
	switch {
	case !kinds[e.Kind]:
		return fmt.Errorf("%s: unknown kind", where)
	case e.Dataset == "":
		return fmt.Errorf("%s: the dataset is missing", where)
	case e.Seq < 1:
		return fmt.Errorf("%s: seq counts from 1", where)
	case e.Seq == 1 && e.Prev != "":
		return fmt.Errorf("%s: the first entry of a chain has no prev", where)
	case e.Seq > 1 && !isDigest(e.Prev):
		return fmt.Errorf("%s: prev is not a SHA-256 in hex", where)
	case e.Attempt < 0:
		return fmt.Errorf("%s: attempt is negative", where)
	case e.ID != ID(e.Run, e.Attempt, e.Step, e.Kind):
		return fmt.Errorf("%s: id is not the hash of run, attempt, step and kind", where)
	case !isDigest(e.Seen.Root) || e.Seen.Size > maxInteger:
		return fmt.Errorf("%s: seen is not a size and a SHA-256 in hex", where)
	case e.Program.Hash != "" && !isDigest(e.Program.Hash):
		return fmt.Errorf("%s: program.hash is not a SHA-256 in hex", where)
	case len(e.Subjects) == 0:
		return fmt.Errorf("%s: an in-toto statement needs a subject", where)
	}
	for _, s := range e.Subjects {
		if s.Name == "" || !isDigest(s.SHA256) {
			return fmt.Errorf("%s: subject %q needs a name and a SHA-256 in lower-case hex", where, s.Name)
		}
	}
	return nil
}

func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if !(s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'f') {
			return false
		}
	}
	return true
}

// fields reads the members of one object and remembers the first error; done
// reports members that nobody asked for.
type fields struct {
	path string
	m    map[string]any
	used int
	err  error
}

func (f *fields) fail(name, format string, args ...any) {
	if f.err == nil {
		f.err = errors.New(strings.TrimSuffix(f.path+"."+name, ".") + ": " + fmt.Sprintf(format, args...))
	}
}

func (f *fields) take(errs ...error) {
	for _, err := range errs {
		if f.err == nil {
			f.err = err
		}
	}
}

func member[T any](f *fields, name, what string) T {
	v, ok := f.m[name].(T)
	if !ok {
		f.fail(name, "is missing or not %s", what)
	} else {
		f.used++
	}
	return v
}

func (f *fields) text(name string) string   { return member[string](f, name, "a text") }
func (f *fields) integer(name string) int64 { return member[int64](f, name, "an integer") }
func (f *fields) list(name string) []any    { return member[[]any](f, name, "an array") }
func (f *fields) object(name string) fields {
	return fields{path: f.path + "." + name, m: member[map[string]any](f, name, "an object"), err: f.err}
}

func (f *fields) done() error {
	if f.err == nil && f.used != len(f.m) {
		return fmt.Errorf("%s: has %d members that the format does not know", f.path, len(f.m)-f.used)
	}
	return f.err
}
