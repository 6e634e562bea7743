package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// ManifestFormat names the form of manifest.json; it changes when a reader of
// the old form would misread the new one.
const ManifestFormat = "clearwell/manifest/1"

// Manifest is manifest.json: what one version holds, for programs. All hashes
// are SHA-256, lower-case hexadecimal.
//
// What differs between two runs of the same contract on the same source (Run,
// Ledger, Program) stands here and in the proof, nowhere in the data files.
type Manifest struct {
	Format   string            `json:"format"`
	Dataset  string            `json:"dataset"`
	Version  int               `json:"version"`
	Title    map[string]string `json:"title,omitempty"` // by language
	Owner    string            `json:"owner,omitempty"`
	Audience string            `json:"audience,omitempty"`
	License  string            `json:"license,omitempty"`

	Rows        int64    `json:"rows"`
	ContentRoot string   `json:"content_root"` // see package contentroot
	Files       []File   `json:"files"`        // data files in row order, then what stands beside them; not manifest and proof
	Columns     []Column `json:"columns"`

	Contract  string   `json:"contract"` // hash of the contract in force
	Plan      string   `json:"plan"`     // hash of the plan compiled from it
	Standards string   `json:"standards,omitempty"`
	Sources   []Source `json:"sources,omitempty"`
	Run       string   `json:"run,omitempty"`
	Program   string   `json:"program,omitempty"`
	Ledger    *Ledger  `json:"ledger,omitempty"`

	Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
}

// File is one file of a version.
type File struct {
	Path   string `json:"path"` // beside the manifest
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows,omitempty"` // data files only
}

// Source is one archived object that the version was made of.
type Source struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"`
}

// Column is one published column.
type Column struct {
	Name  string            `json:"name"`
	Type  string            `json:"type"`            // as Arrow names it
	About map[string]string `json:"about,omitempty"` // titles, level, treatment: the field metadata
}

// Ledger says where the ledger speaks of the version. Index is the position of
// the publication entry in the log, From that of the run's first entry.
type Ledger struct {
	Log         string `json:"log,omitempty"`         // origin of the log
	Publication string `json:"publication,omitempty"` // id of the publication entry
	From        *int64 `json:"from,omitempty"`
	Index       *int64 `json:"index,omitempty"`
}

// Withdrawal marks the manifest of a version whose data is gone.
type Withdrawal struct {
	Reason string `json:"reason"`
	At     string `json:"at"` // RFC 3339
}

// Columns describes the columns of a published schema.
func Columns(schema *arrow.Schema) []Column {
	out := make([]Column, 0, len(schema.Fields()))
	for _, f := range schema.Fields() {
		c := Column{Name: f.Name, Type: f.Type.String()}
		if f.Metadata.Len() > 0 {
			c.About = f.Metadata.ToMap()
		}
		out = append(out, c)
	}
	return out
}

// Encode gives the bytes of manifest.json. Format is filled in.
func (m *Manifest) Encode() ([]byte, error) {
	c := *m
	c.Format = ManifestFormat
	if err := c.check(); err != nil {
		return nil, err
	}
	return EncodeJSON(c)
}

// ParseManifest reads a manifest and checks what every user of it relies on.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("manifest is damaged: %w", err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

func (m *Manifest) check() error {
	switch {
	case m.Format != ManifestFormat:
		return fmt.Errorf("manifest is of format %q; this program reads %s", m.Format, ManifestFormat)
	case m.Dataset == "" || m.Version < 1:
		return errors.New("manifest names no dataset and version")
	case len(m.Files) == 0 && m.Withdrawn == nil:
		return errors.New("manifest lists no files")
	}
	var rows int64
	for _, f := range m.Files {
		if err := checkName("file", f.Path); err != nil {
			return fmt.Errorf("manifest: %w", err)
		}
		if b, err := hex.DecodeString(f.SHA256); err != nil || len(b) != sha256.Size || strings.ToLower(f.SHA256) != f.SHA256 {
			return fmt.Errorf("manifest: %s has no valid SHA-256", f.Path)
		}
		rows += f.Rows
	}
	if m.Withdrawn == nil && rows != m.Rows {
		return fmt.Errorf("manifest: its files have %d rows, the version %d", rows, m.Rows)
	}
	return nil
}

// EncodeJSON writes JSON that is the same for the same value: members in the
// order of the Go type, map keys sorted, two spaces, no HTML escapes, a line feed at the end.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func hexSHA256(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
