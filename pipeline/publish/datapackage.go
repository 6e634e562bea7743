package publish

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Profiles of Frictionless Data Package v2, https://datapackage.org.
const (
	packageProfile  = "https://datapackage.org/profiles/2.0/datapackage.json"
	resourceProfile = "https://datapackage.org/profiles/2.0/dataresource.json"
	tableProfile    = "https://datapackage.org/profiles/2.0/tableschema.json"
)

// Description is what datapackage.json is made of.
type Description struct {
	Dataset     string
	Version     int
	Title       map[string]string // by language
	Description map[string]string
	Owner       string // title of the publishing department
	License     string // identifier (CC-BY-4.0) or URL; empty: none said
	ContentRoot string
	Parts       []File // data files in row order
	Schema      *arrow.Schema
}

// DataPackage is datapackage.json, a Frictionless Data Package v2. Titles stand
// in one language where the standard has one; members beyond the standard give all.
type DataPackage struct {
	Profile      string            `json:"$schema"`
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Title        string            `json:"title,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	Licenses     []packageLicense  `json:"licenses,omitempty"`
	Contributors []contributor     `json:"contributors,omitempty"`
	ContentRoot  string            `json:"contentRoot,omitempty"`
	Resources    []resource        `json:"resources"`
}

type packageLicense struct {
	Name  string `json:"name,omitempty"`
	Path  string `json:"path,omitempty"`
	Title string `json:"title,omitempty"`
}

type contributor struct {
	Title string   `json:"title"`
	Roles []string `json:"roles"`
}

type resource struct {
	Profile   string      `json:"$schema"`
	Name      string      `json:"name"`
	Type      string      `json:"type"`
	Path      string      `json:"path"`
	Format    string      `json:"format"`
	Mediatype string      `json:"mediatype"`
	Bytes     int64       `json:"bytes"`
	Hash      string      `json:"hash"`
	Rows      int64       `json:"rows"`
	Schema    tableSchema `json:"schema"`
}

type tableSchema struct {
	Profile string       `json:"$schema"`
	Fields  []tableField `json:"fields"`
	// Nulls of a Parquet file are its own: no text stands for them.
	MissingValues []string `json:"missingValues"`
}

type tableField struct {
	Name         string            `json:"name"`
	Type         string            `json:"type"`
	Title        string            `json:"title,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	Level        string            `json:"level,omitempty"`
	Treatment    string            `json:"treatment,omitempty"`
}

// Describe makes the data package of a version: one resource per data file.
// It says nothing that differs between runs.
func Describe(d Description) (*DataPackage, error) {
	if len(d.Parts) == 0 {
		return nil, errors.New("datapackage: a package needs at least one file")
	}
	p := &DataPackage{
		Profile: packageProfile, Name: d.Dataset, Version: strconv.Itoa(d.Version),
		Title: oneTitle(d.Title), Titles: d.Title, Description: oneTitle(d.Description), Descriptions: d.Description, ContentRoot: d.ContentRoot,
	}
	if d.License != "" {
		p.Licenses = []packageLicense{describeLicense(d.License)}
	}
	if d.Owner != "" {
		p.Contributors = []contributor{{Title: d.Owner, Roles: []string{"publisher"}}}
	}
	schema, err := describeTable(d.Schema)
	if err != nil {
		return nil, err
	}
	for i, f := range d.Parts {
		name := d.Dataset
		if len(d.Parts) > 1 {
			name = fmt.Sprintf("%s-%05d-of-%05d", d.Dataset, i, len(d.Parts))
		}
		p.Resources = append(p.Resources, resource{
			Profile: resourceProfile, Name: name, Type: "table", Path: f.Path, Format: "parquet", Mediatype: "application/vnd.apache.parquet",
			Bytes: f.Bytes, Hash: "sha256:" + f.SHA256, Rows: f.Rows, Schema: schema,
		})
	}
	return p, nil
}

// licenseName is what the standard allows as the name of a licence.
var licenseName = regexp.MustCompile(`^[-a-zA-Z0-9._]+$`)

// describeLicense takes an identifier, a URL or, failing both, plain words.
func describeLicense(text string) packageLicense {
	switch {
	case licenseName.MatchString(text):
		return packageLicense{Name: text}
	case strings.HasPrefix(text, "http://"), strings.HasPrefix(text, "https://"):
		return packageLicense{Path: text}
	}
	return packageLicense{Name: "notspecified", Title: text} // the Open Definition's word for a licence without identifier
}

func describeTable(schema *arrow.Schema) (tableSchema, error) {
	out := tableSchema{Profile: tableProfile, MissingValues: []string{}}
	for _, f := range schema.Fields() {
		t, err := tableType(f.Type)
		if err != nil {
			return out, fmt.Errorf("datapackage: column %s: %w", f.Name, err)
		}
		field := tableField{Name: f.Name, Type: t}
		about := f.Metadata.ToMap()
		field.Titles, field.Descriptions = byLanguage(about, "title."), byLanguage(about, "description.")
		field.Title, field.Description = oneTitle(field.Titles), oneTitle(field.Descriptions)
		field.Level, field.Treatment = about["level"], about["treatment"]
		out.Fields = append(out.Fields, field)
	}
	return out, nil
}

// byLanguage are the members of a column's metadata that begin with a prefix, by the
// language behind it; nil if there are none.
func byLanguage(about map[string]string, prefix string) map[string]string {
	var out map[string]string
	for key, value := range about {
		if language, ok := strings.CutPrefix(key, prefix); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[language] = value
		}
	}
	return out
}

// tableType is the Table Schema type of a column.
func tableType(t arrow.DataType) (string, error) {
	switch t.ID() {
	case arrow.STRING:
		return "string", nil
	case arrow.INT64:
		return "integer", nil
	case arrow.FLOAT64, arrow.DECIMAL128:
		return "number", nil
	case arrow.DATE32:
		return "date", nil
	case arrow.TIMESTAMP:
		return "datetime", nil
	case arrow.BOOL:
		return "boolean", nil
	}
	return "", fmt.Errorf("type %s is not one that is published", t)
}

// oneTitle picks English for tools that know one language, else Chinese, else
// whatever comes first in the alphabet.
func oneTitle(titles map[string]string) string {
	for _, language := range []string{"en", "zh"} {
		if t := titles[language]; t != "" {
			return t
		}
	}
	first := ""
	for language, t := range titles {
		if t != "" && (first == "" || language < first) {
			first = language
		}
	}
	return titles[first]
}
