package pipeline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"clearwell/lineage"
	"clearwell/lineage/entry"
	"clearwell/pipeline/publish"
	"clearwell/pipeline/publish/contentroot"
	"clearwell/pipeline/publish/parquet"
	"clearwell/pipeline/quality"
	"clearwell/rules"
)

// A statement is what a finished run says of itself: the files beside the data
// and the ledger entries. No raw values stand in either.
type statement struct {
	*job
	emission   *emission
	settled    *settled
	data       parquet.Stats
	root       contentroot.Root
	rejects    written
	duplicates written
	result     *quality.Result
	published  []entry.Subject // every file of the version
	qualitySum string
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Names of the steps of a run in the ledger.
const (
	stepDelivery  = "delivery"
	stepContract  = "contract"
	stepClean     = "clean"
	stepValidate  = "validate"
	stepDedupe    = "dedupe"
	stepTreat     = "desensitize"
	stepQuality   = "quality"
	stepPublish   = "publication"
	stepRunFailed = "run-failed"
	qualityJSON   = "quality.json"
	qualityHTML   = "quality.html"
	manifestName  = "manifest.json"
	packageName   = "datapackage.json"
	proofName     = "proof.json"
	tlogProofName = "publication.tlog-proof"
	dsseName      = "publication.dsse"
)

// publicationBody is the body of a publication entry; verification and recovery read it back.
type publicationBody struct {
	Version     int64  `json:"version"`
	ContentRoot string `json:"content_root"`
	Audience    string `json:"audience"`
	License     string `json:"license"`
	Owner       string `json:"owner"`
	Published   int64  `json:"rows"`
	Read        int64  `json:"rows_read"`
	Quarantined int64  `json:"rows_quarantined"`
	Duplicates  int64  `json:"rows_duplicates"`
	Suppressed  int64  `json:"rows_suppressed"`
	Excluded    int64  `json:"rows_excluded"`
	Entries     int64  `json:"entries"` // of the run, this one included: a proof with fewer leaves some out
}

func (b publicationBody) rows() RunRows {
	return RunRows{Read: b.Read, Published: b.Published, Quarantined: b.Quarantined, Duplicates: b.Duplicates, Suppressed: b.Suppressed, Excluded: b.Excluded}
}

// runFailedBody is the body of a run-failed entry.
type runFailedBody struct {
	Stage  string `json:"stage"`
	Status string `json:"status"`
}

// subjectBytes is how much of an entry the subjects of a delivery, or the detail of a step, may take. An entry
// has 65,535 bytes with its payload in base64, so 49,000 of payload; the rest is for the other fields.
const subjectBytes = 40_000

// deliveryDrafts are the entries of what was handed over: as many objects in each as
// it holds. With an entry to each of 10,000 small files the proof of a version had 22 MB.
func deliveryDrafts(j *job, objects []sourceObject) []lineage.Draft {
	var drafts []lineage.Draft
	for len(objects) > 0 {
		var subjects []entry.Subject
		var size, room int64
		for _, o := range objects {
			s := entry.Subject{Name: "archive/" + o.Name, SHA256: o.Archive.SHA256}
			// {"digest":{"sha256":"…"},"name":"…"}, and an escape takes six characters where a control character took one.
			if room += int64(len(strconv.Quote(s.Name))) + 110; len(subjects) > 0 && room > subjectBytes {
				break
			}
			subjects = append(subjects, s)
			size += o.Archive.Size
		}
		body := map[string]any{
			"owner": j.plan.Owner, "connector": j.plan.Source.Connector, "bytes": size, "signature": "absent",
		}
		if len(subjects) == 1 {
			body["object"] = objects[0].Name
		} else {
			body["objects"] = int64(len(subjects))
		}
		drafts = append(drafts, lineage.Draft{
			Kind: entry.Delivery, Dataset: j.data.ID, Run: j.record.ID, Attempt: int64(j.record.Attempt),
			Step: fmt.Sprintf("%s-%d", stepDelivery, len(drafts)+1), Subjects: subjects, Body: body,
		})
		objects = objects[len(subjects):]
	}
	return drafts
}

func (s *statement) draft(kind entry.Kind, step string, subjects []entry.Subject, body any) lineage.Draft {
	return lineage.Draft{Kind: kind, Dataset: s.job.data.ID, Run: s.record.ID, Attempt: int64(s.record.Attempt), Step: step, Subjects: subjects, Body: body}
}

// drafts are the entries of the run, the publication last.
func (s *statement) drafts() []lineage.Draft {
	plan := s.plan
	planHash := plan.Hash()
	planSubject := entry.Subject{Name: "plan/" + plan.Dataset, SHA256: hex.EncodeToString(planHash[:])}
	assessed := entry.Subject{Name: path.Join(s.folder(), qualityJSON), SHA256: s.qualitySum}
	t := &s.scan.totals
	read := s.record.Rows.Read
	decoded := t.decoded
	passed := decoded - t.excluded - t.quarantined - s.settled.late.rows
	quarantineName := path.Join("quarantine", plan.Dataset, s.record.ID, quarantineName)
	drafts := []lineage.Draft{
		s.draft(entry.Contract, stepContract,
			[]entry.Subject{{Name: path.Join("archive", s.job.data.File), SHA256: sha256Hex(s.job.data.Text)}, planSubject},
			s.contractBody()),
		s.draft(entry.Step, stepClean, []entry.Subject{planSubject}, withDetail(map[string]any{
			"rows_in": read, "rows_bad": t.bad, "rows_excluded": t.excluded, "rows_out": decoded - t.excluded,
		}, "cells_changed", s.cellsChanged(), assessed.Name)),
		s.draft(entry.Step, stepValidate, s.repairSubject([]entry.Subject{planSubject, {Name: quarantineName, SHA256: hex.EncodeToString(s.rejects.SHA256[:])}, s.defectsSubject()}), withDetail(s.withRepairs(map[string]any{
			"rows_in": decoded - t.excluded, "rows_quarantined": s.record.Rows.Quarantined - t.bad, "rows_out": passed, "checksum_out": s.settled.passed.text(),
		}), "rules", s.ruleCounts(), assessed.Name)),
	}
	kept := passed
	if d := plan.Dedupe; d != nil {
		name := path.Join("quarantine", plan.Dataset, s.record.ID, duplicatesName)
		kept -= s.settled.removed
		drafts = append(drafts, s.draft(entry.Step, stepDedupe, []entry.Subject{planSubject, {Name: name, SHA256: hex.EncodeToString(s.duplicates.SHA256[:])}}, map[string]any{
			"rows_in": passed, "rows_removed": s.settled.removed, "rows_out": kept, "checksum_out": s.emission.published.text(), "key": texts(d.Key),
		}))
	}
	drafts = append(drafts,
		s.draft(entry.Step, stepTreat, []entry.Subject{planSubject}, withDetail(map[string]any{
			"rows_in": kept, "rows_out": s.record.Rows.Published, "checksum_in": s.emission.published.text(),
			"content_root": hex.EncodeToString(s.root.Hash[:]), "keys": s.keyIDs(),
		}, "treatments", s.treatments(), planSubject.Name)),
		s.draft(entry.Quality, stepQuality, []entry.Subject{assessed}, s.scores()),
	)
	return append(drafts, s.draft(entry.Publication, stepPublish, s.published, publicationBody{
		Version: int64(s.journal.Version), ContentRoot: hex.EncodeToString(s.root.Hash[:]),
		Audience: plan.Publish.Audience, License: plan.Publish.License, Owner: plan.Owner,
		Published: s.record.Rows.Published, Read: read, Quarantined: s.record.Rows.Quarantined,
		Duplicates: s.record.Rows.Duplicates, Suppressed: s.record.Rows.Suppressed, Excluded: s.record.Rows.Excluded,
		Entries: int64(s.outcome.Entries + len(drafts) + 1), // the deliveries are written already
	}))
}

// contractBody says which contract was in force, and who approved it.
func (s *statement) contractBody() map[string]any {
	body := map[string]any{"file": s.job.data.File, "standards": s.plan.Standards, "owner": s.plan.Owner, "audience": s.plan.Publish.Audience, "state": "in force"}
	l := s.job.data.Lifecycle
	if l.Version != "" {
		body["contract_version"] = l.Version
	}
	if a := l.Approval; a != nil {
		body["approved_by"], body["approved_on"] = a.By, a.On
		if s.stale != "" {
			body["approval"] = "of another text"
		}
	}
	return body
}

// withDetail puts a detail that grows with the contract into the body of a step;
// one that a leaf of the log would not take is left to a subject of the run's entries, which has it too.
func withDetail(body map[string]any, name string, detail map[string]any, subject string) map[string]any {
	if data, err := json.Marshal(detail); err == nil && len(data) <= subjectBytes {
		body[name] = detail
	} else {
		body[name+"_in"] = subject
	}
	return body
}

func (s *statement) folder() string { return publish.VersionFolder(s.job.data.ID, s.journal.Version) }

func (c Checksum) text() string { return fmt.Sprintf("%016x%016x", c.Hi, c.Lo) }

func texts(v []string) []any {
	out := make([]any, len(v))
	for i, s := range v {
		out[i] = s
	}
	return out
}

// cellsChanged is field -> step -> cells, zeroes left out.
func (s *statement) cellsChanged() map[string]any {
	out := map[string]any{}
	for i, f := range s.plan.Fields {
		steps := map[string]any{}
		for k, step := range f.Clean {
			if n := s.changed(i, k); n > 0 {
				steps[step.ID] = n
			}
		}
		if len(steps) > 0 {
			out[f.Name] = steps
		}
	}
	return out
}

func (s *statement) changed(field, step int) int64 {
	if s.scan.totals.counts == nil {
		return 0
	}
	return s.scan.totals.counts.Changed[field][step]
}

func (s *statement) ruleCounts() map[string]any {
	out := map[string]any{}
	for _, r := range s.result.Rules {
		counts := map[string]any{"checked": r.Delivered.Checked, "failed": r.Delivered.Failed}
		if r.Repaired > 0 {
			counts["repaired"] = r.Repaired
		}
		out[r.ID] = counts
	}
	return out
}

// repairSubject adds the file in which repaired cells stand one by one, if the plan repairs any.
func (s *statement) repairSubject(subjects []entry.Subject) []entry.Subject {
	if !s.job.repairs.exists {
		return subjects
	}
	return append(subjects, entry.Subject{Name: path.Join("quarantine", s.plan.Dataset, s.record.ID, repairsName), SHA256: hex.EncodeToString(s.job.repairs.SHA256[:])})
}

// withRepairs adds to the body of the validation how many cells were repaired, and which versions of other datasets the rows were compared with.
func (s *statement) withRepairs(body map[string]any) map[string]any {
	if s.job.repairs.exists {
		body["cells_repaired"] = s.job.repairs.Rows
	}
	if compared := s.job.referred.ledgerText(); len(compared) > 0 {
		body["compared_with"] = compared
	}
	return body
}

// keyIDs is name -> id of the keys that pseudonyms were made with; the keys are never told.
func (s *statement) keyIDs() map[string]any {
	out := map[string]any{}
	for _, f := range s.plan.Fields {
		if f.Treatment.Key != "" && f.PublishAs != "" {
			if id, err := s.Keys.SecretID(f.Treatment.Key); err == nil {
				out[f.Treatment.Key] = id
			}
		}
	}
	return out
}

// treatments is field -> level, method and published column; a pseudonym names its key.
func (s *statement) treatments() map[string]any {
	out := map[string]any{}
	for _, f := range s.plan.Fields {
		t := map[string]any{"method": string(f.Treatment.Method), "level": f.Level.String()}
		if f.Treatment.Key != "" {
			t["key"] = f.Treatment.Key
		}
		if f.PublishAs == "" {
			t["method"] = string(rules.Drop)
		} else {
			t["column"] = f.PublishAs
		}
		out[f.Name] = t
	}
	return out
}

// scores is the body of the quality entry: integers A and B per indicator, and the gate's decision.
func (s *statement) scores() map[string]any {
	side := func(score quality.Score) map[string]any {
		dims := map[string]any{}
		for _, d := range score.Dimensions {
			for _, i := range d.Indicators {
				dims[i.Indicator] = map[string]any{"a": i.Passed, "b": i.Checked}
			}
		}
		return map[string]any{"score_hundredths": int64(score.Total), "indicators": dims}
	}
	body := map[string]any{"delivered": side(s.result.Delivered), "published": side(s.result.Published), "decision": string(s.result.Decision)}
	if verdicts, references := s.measureVerdicts(); len(verdicts) > 0 {
		assessed := path.Join(s.folder(), qualityJSON)
		withDetail(body, "measures", verdicts, assessed)
		withDetail(body, "measured_against", references, assessed)
	}
	return body
}

// writeFiles writes what stands beside the data, the manifest last: it lists the others.
func (s *statement) writeFiles() error {
	report, err := s.result.JSON()
	if err != nil {
		return err
	}
	s.qualitySum = sha256Hex(report)
	var page bytes.Buffer
	if err := s.result.WritePage(&page, s.Workspace.Language); err != nil {
		return err
	}
	part := publish.PartName(0, 1)
	files := map[string]publish.File{part: {Path: part, Bytes: s.data.Bytes, SHA256: hex.EncodeToString(s.data.SHA256[:]), Rows: s.data.Rows}}
	put := func(name string, data []byte) error {
		files[name] = publish.File{Path: name, Bytes: int64(len(data)), SHA256: sha256Hex(data)}
		return s.staging.WriteFile(name, data)
	}
	if err := put(qualityJSON, report); err != nil {
		return err
	}
	if err := put(qualityHTML, page.Bytes()); err != nil {
		return err
	}
	pkg, err := publish.Describe(publish.Description{
		Dataset: s.job.data.ID, Version: s.journal.Version, Title: s.plan.Title, Description: s.plan.About, Owner: s.ownerTitle(), License: s.plan.Publish.License,
		ContentRoot: hex.EncodeToString(s.root.Hash[:]), Parts: []publish.File{files[part]}, Schema: s.schema,
	})
	if err != nil {
		return err
	}
	described, err := publish.EncodeJSON(pkg)
	if err != nil {
		return err
	}
	if err := put(packageName, described); err != nil {
		return err
	}
	manifest, err := s.manifest(files).Encode()
	if err != nil {
		return err
	}
	if err := put(manifestName, manifest); err != nil {
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(files)) {
		s.published = append(s.published, entry.Subject{Name: path.Join(s.folder(), n), SHA256: files[n].SHA256})
	}
	return nil
}

// manifest lists the version: the data first, then what stands beside it.
func (s *statement) manifest(files map[string]publish.File) *publish.Manifest {
	planHash := s.plan.Hash()
	m := &publish.Manifest{
		Dataset: s.job.data.ID, Version: s.journal.Version, Title: s.plan.Title, Owner: s.plan.Owner, Audience: s.plan.Publish.Audience, License: s.plan.Publish.License,
		Rows: s.data.Rows, ContentRoot: hex.EncodeToString(s.root.Hash[:]), Columns: publish.Columns(s.schema),
		Contract: sha256Hex(s.job.data.Text), Plan: hex.EncodeToString(planHash[:]), Standards: s.plan.Standards, Run: s.record.ID, Program: s.Program,
	}
	part := publish.PartName(0, 1)
	m.Files = append(m.Files, files[part])
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != part {
			m.Files = append(m.Files, files[name])
		}
	}
	for _, o := range s.scan.objects {
		m.Sources = append(m.Sources, publish.Source{Name: o.Name, Bytes: o.Archive.Size, SHA256: o.Archive.SHA256, Rows: o.Records})
	}
	return m
}

func (s *statement) ownerTitle() string {
	d := s.Workspace.Department(s.plan.Owner)
	if d == nil {
		return s.plan.Owner
	}
	return cmp.Or(d.Title["en"], d.Title["zh"], d.ID)
}

// qualityInput collects the counts of both passes.
func (j *job) qualityInput(e *emission, settled *settled, rows RunRows) quality.Input {
	planHash := j.plan.Hash()
	in := quality.Input{
		Dataset: j.data.ID, Title: j.plan.Title, Owner: j.plan.Owner, Plan: hex.EncodeToString(planHash[:]), Contract: sha256Hex(j.data.Text),
		Standards: j.plan.Standards, Dedupe: j.plan.Dedupe != nil, AllowEmpty: j.plan.Publish.AllowEmpty,
		Rows: quality.Rows{Read: rows.Read, BadRecords: j.scan.totals.bad, Published: rows.Published, Quarantined: rows.Quarantined,
			Duplicates: rows.Duplicates, Suppressed: rows.Suppressed, Excluded: rows.Excluded},
	}
	for _, o := range j.scan.objects {
		in.Sources = append(in.Sources, quality.Source{Name: o.Name, SHA256: o.Archive.SHA256, Bytes: o.Archive.Size, Rows: o.Records})
	}
	counts := j.scan.totals.counts
	inScope := j.scan.totals.decoded - j.scan.totals.excluded
	for i, f := range j.plan.Fields {
		q := quality.Field{Name: f.Name, Title: f.Title, Type: f.Type.String(), Level: f.Level, Treatment: string(f.Treatment.Method), PublishAs: f.PublishAs, Rows: inScope}
		for k, step := range f.Clean {
			n := int64(0)
			if counts != nil {
				n = counts.Changed[i][k]
			}
			q.Changed = append(q.Changed, quality.StepChange{Step: step.ID, Cells: n})
		}
		if counts != nil {
			q.Nulls, q.Clean, q.Mistakes = counts.Nulls[i], counts.DeliveredClean[i], counts.DeriveMistakes[i]
		}
		in.Fields = append(in.Fields, q)
	}
	in.Measures = j.measureResults()
	hints := suggesters(j.plan)
	for i, r := range j.plan.Rules {
		q := quality.Rule{ID: r.ID, Title: r.Title, Field: r.Field, Reads: r.Reads, Dimension: r.Dimension, Indicator: r.Indicator,
			OnFail: r.OnFail, Allow: r.Allow, Basis: r.Basis, Fix: r.Fix, Severity: r.Severity, InScope: inScope,
			Published: quality.Counts{Checked: e.checked[i], Failed: e.failed[i]}}
		if u, ok := settled.outcomes[i]; ok {
			q.Delivered = quality.Counts{Checked: u.checked, Failed: u.failed}
			q.SkippedByWhen, q.SkippedNull = inScope-u.scoped, u.scoped-u.checked
		} else if counts != nil {
			c := counts.Rules[i]
			q.SkippedByWhen, q.SkippedNull, q.Mistakes = c.SkippedByWhen, c.SkippedNull, c.Mistakes
			q.Delivered = quality.Counts{Checked: c.Checked, Failed: c.Failed}
		}
		q.Unmatched = j.scan.unmatchedOf(i, hints)
		if j.repaired != nil {
			q.Repaired = j.repaired[i]
		}
		in.Rules = append(in.Rules, q)
	}
	if j.repairs.exists {
		in.Repairs = &quality.Repairs{Cells: j.repairs.Rows, SHA256: hex.EncodeToString(j.repairs.SHA256[:])}
	}
	if j.scan.totals.cells != nil {
		cells := quality.NewCellCounter(cellRules(j.plan))
		cells.Merge(j.scan.totals.cells)
		cells.Merge(e.cells)
		in.Cells = cells.Cells()
	}
	return in
}
