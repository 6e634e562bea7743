// Package verify gives the verdict on ledger evidence: on a published file with
// its proof.json, offline and without a workspace (File), and on a whole ledger
// folder (Log). It shares the forms of entries and proofs with the writer but
// neither its code for writing nor tessera: besides the standard library it
// stands on golang.org/x/mod/sumdb alone.
//
// Findings name the one artifact that is broken: a file, or an entry by its
// index. Start at Report.
package verify

import (
	"fmt"
	"strings"
	"time"

	"clearwell/lineage/entry"
	"clearwell/lineage/tiles"
)

// Verdict sums a report up.
type Verdict string

// The three verdicts. Without a trust policy nothing is ever Verified: anybody
// can make a ledger that is consistent with itself.
const (
	Verified   Verdict = "verified"
	Consistent Verdict = "internally consistent, signer unknown"
	Broken     Verdict = "broken"
)

// A Finding is one thing that does not hold.
type Finding struct {
	What string `json:"what"` // file relative to what was verified, or "entry N"
	Why  string `json:"why"`
}

func (f Finding) String() string { return f.What + ": " + f.Why }

// A Statement is an entry that takes part in the evidence, for people and for
// further checks by the caller.
type Statement struct {
	Index    uint64            `json:"index"`
	Kind     entry.Kind        `json:"kind"`
	Dataset  string            `json:"dataset"`
	Seq      int64             `json:"seq"`
	Run      string            `json:"run,omitempty"`
	Step     string            `json:"step,omitempty"`
	At       string            `json:"at"`
	Sentence string            `json:"sentence"`
	Subjects map[string]string `json:"subjects"` // name → SHA-256 in hex
	Body     map[string]any    `json:"body"`
}

// Report is what a verification found.
type Report struct {
	OK         bool        `json:"ok"` // nothing was found broken; whether the signer is known says Verdict
	Verdict    Verdict     `json:"verdict"`
	Summary    string      `json:"summary"` // one sentence for people
	Findings   []Finding   `json:"findings"`
	Statements []Statement `json:"statements,omitempty"`
	Notes      []string    `json:"notes,omitempty"` // what is worth knowing and breaks nothing
	Origin     string      `json:"origin,omitempty"`
	Size       uint64      `json:"size"`           // entries that the checkpoint covers
	Root       string      `json:"root,omitempty"` // of the checkpoint, hex
}

// maxFindings keeps a report readable when everything is broken.
const maxFindings = 200

// Add takes in what the caller's own checks found, and renews the verdict.
func (r *Report) Add(findings ...Finding) {
	for _, f := range findings {
		if len(r.Findings) < maxFindings {
			r.Findings = append(r.Findings, f)
		}
	}
	if len(r.Findings) > 0 {
		r.OK, r.Verdict = false, Broken
		r.Summary = "Broken: " + r.Findings[0].String()
		if n := len(r.Findings) - 1; n > 0 {
			r.Summary += fmt.Sprintf(" (and %d more)", n)
		}
	}
}

func (r *Report) addf(what, format string, args ...any) {
	r.Add(Finding{What: what, Why: fmt.Sprintf(format, args...)})
}

// addErr files an error under the artifact that it names.
func (r *Report) addErr(what string, err error) {
	if b, ok := err.(*tiles.BrokenError); ok {
		r.addf(what+b.What, "%s", b.Why)
		return
	}
	r.addf(what, "%v", err)
}

// conclude sets the verdict of a report without findings.
func (r *Report) conclude(trusted bool, what string) {
	if len(r.Findings) > 0 {
		return
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	r.OK, r.Verdict = true, Consistent
	r.Summary = what + " is internally consistent. Who signed it is unknown: give the trusted keys with --policy to know."
	if trusted {
		r.Verdict = Verified
		r.Summary = what + " is verified: complete, unchanged, and vouched for by keys that are trusted."
	}
}

func newStatement(index uint64, e *entry.Entry) Statement {
	s := Statement{
		Index: index, Kind: e.Kind, Dataset: e.Dataset, Seq: e.Seq, Run: e.Run, Step: e.Step,
		At: e.At.Format(time.RFC3339), Subjects: map[string]string{}, Body: e.Body,
	}
	var names []string
	for _, sub := range e.Subjects {
		s.Subjects[sub.Name] = sub.SHA256
		names = append(names, sub.Name)
	}
	const shown = 3
	list := strings.Join(names[:min(shown, len(names))], ", ")
	if more := len(names) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	s.Sentence = fmt.Sprintf("%s %s %s", s.At, sentences[e.Kind], list)
	if e.Step != "" && e.Kind == entry.Step {
		s.Sentence = fmt.Sprintf("%s the stage %s was run: %s", s.At, e.Step, list)
	}
	return s
}

var sentences = map[entry.Kind]string{
	entry.Delivery:    "the source was received:",
	entry.Contract:    "the contract was in force:",
	entry.Standards:   "the standards were in force:",
	entry.Step:        "a stage was run:",
	entry.Quality:     "the quality was assessed:",
	entry.Privacy:     "the disclosure risk was assessed:",
	entry.Publication: "these files were published:",
	entry.Withdrawal:  "a version was withdrawn:",
	entry.RunFailed:   "a run ended without publication:",
	entry.Decision:    "a person decided:",
	entry.Key:         "a key was introduced:",
	entry.Restore:     "a person adopted the ledger as it stands:",
}
