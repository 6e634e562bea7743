package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"clearwell/durable"
)

// ErrNoVersion says that nothing of the dataset is published.
var ErrNoVersion = errors.New("no version is published")

const (
	publishedName = "published"
	latestName    = "latest.json"
	manifestName  = "manifest.json"
	versionPrefix = "v="

	// Published files are for everybody who may enter the folder.
	publicFile = 0o644
	publicDir  = 0o755
	// Nobody but the engine looks into staging.
	stagingDir = 0o700
)

// Site is the published side of a workspace. Its methods may be called from
// several goroutines and processes as long as each dataset has one publisher at a time.
type Site struct {
	root      string // the workspace
	published string
	staging   string
}

// Open names the published side of the workspace in a folder. It touches no file.
func Open(workspace string) *Site {
	return &Site{
		root:      workspace,
		published: filepath.Join(workspace, publishedName),
		staging:   filepath.Join(workspace, ".clearwell", "staging"),
	}
}

// VersionFolder is the folder of a version below the workspace, with slashes:
// published/<dataset>/v=000012.
func VersionFolder(dataset string, version int) string {
	return path.Join(publishedName, dataset, versionName(version))
}

func versionName(version int) string { return fmt.Sprintf("%s%06d", versionPrefix, version) }

// PartName is the file name of part i (from 0) of n.
func PartName(i, n int) string { return fmt.Sprintf("part-%05d-of-%05d.parquet", i, n) }

func (s *Site) folder(dataset string, version int) string {
	return filepath.Join(s.published, dataset, versionName(version))
}

// checkName refuses what would leave the folder that it is a name in.
func checkName(what, name string) error {
	if name == "" || strings.HasPrefix(name, ".") || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
		return fmt.Errorf("publish: %q cannot be the name of a %s", name, what)
	}
	return nil
}

// Versions lists the versions of a dataset in ascending order, withdrawn ones
// included: their folders keep a tombstone.
func (s *Site) Versions(dataset string) ([]int, error) {
	if err := checkName("dataset", dataset); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(s.published, dataset))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var versions []int
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), versionPrefix)
		n, err := strconv.Atoi(number)
		if ok && err == nil && n > 0 && e.IsDir() && e.Name() == versionName(n) {
			versions = append(versions, n)
		}
	}
	slices.Sort(versions)
	return versions, nil
}

// NextVersion is the number that the dataset's next version gets: one more than
// the greatest that ever had a folder or was current, 1 for the first.
func (s *Site) NextVersion(dataset string) (int, error) {
	versions, err := s.Versions(dataset)
	if err != nil {
		return 0, err
	}
	next := 1
	if len(versions) > 0 {
		next = versions[len(versions)-1] + 1
	}
	switch latest, err := s.Current(dataset); {
	case err == nil:
		next = max(next, latest.Version+1)
	case !errors.Is(err, ErrNoVersion):
		return 0, err
	}
	return next, nil
}

// Latest is latest.json: where readers begin.
type Latest struct {
	Dataset     string `json:"dataset"`
	Version     int    `json:"version"`
	Path        string `json:"path"`     // folder of the version, beside latest.json
	Manifest    string `json:"manifest"` // file, beside latest.json
	SHA256      string `json:"sha256"`   // of the manifest, hex
	Rows        int64  `json:"rows"`
	ContentRoot string `json:"content_root"`
}

// Current reads latest.json; ErrNoVersion if there is none.
func (s *Site) Current(dataset string) (*Latest, error) {
	if err := checkName("dataset", dataset); err != nil {
		return nil, err
	}
	name := path.Join(publishedName, dataset, latestName)
	data, err := os.ReadFile(filepath.Join(s.published, dataset, latestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dataset, ErrNoVersion)
	}
	if err != nil {
		return nil, err
	}
	var latest Latest
	if err := json.Unmarshal(data, &latest); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; publish again or restore it from a backup", name, err)
	}
	if latest.Dataset != dataset || latest.Version < 1 {
		return nil, fmt.Errorf("%s is damaged: it names dataset %q version %d; publish again or restore it from a backup", name, latest.Dataset, latest.Version)
	}
	return &latest, nil
}

// Promote makes a placed version current. It may be called again: a version
// that is current already, or older than the current one, changes nothing.
//
// Commit point "promoted": the rename of latest.json.
func (s *Site) Promote(dataset string, version int) error {
	if err := checkName("dataset", dataset); err != nil {
		return err
	}
	current, err := s.Current(dataset)
	if err == nil && current.Version >= version {
		return nil
	}
	if err != nil && !errors.Is(err, ErrNoVersion) {
		return err
	}
	latest, err := s.EncodeLatest(dataset, version)
	if err != nil {
		return fmt.Errorf("make version %d of %s current: %w", version, dataset, err)
	}
	return durable.WriteFile(filepath.Join(s.published, dataset, latestName), latest, publicFile)
}

// EncodeLatest gives the bytes that latest.json has while a placed version is
// current. They follow from the version's manifest alone.
func (s *Site) EncodeLatest(dataset string, version int) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(s.folder(dataset, version), manifestName))
	if err != nil {
		return nil, err
	}
	m, err := ParseManifest(raw)
	if err != nil {
		return nil, err
	}
	if m.Dataset != dataset || m.Version != version {
		return nil, fmt.Errorf("its manifest is of %s version %d", m.Dataset, m.Version)
	}
	return EncodeJSON(Latest{
		Dataset: dataset, Version: version, Path: versionName(version), Manifest: path.Join(versionName(version), manifestName),
		SHA256: hexSHA256(raw), Rows: m.Rows, ContentRoot: m.ContentRoot,
	})
}

// Put adds or replaces a file beside the data of a placed version in one atomic
// step: a proof with more cosignatures. Data files and the manifest are refused.
func (s *Site) Put(dataset string, version int, name string, data []byte) error {
	if err := errors.Join(checkName("dataset", dataset), checkName("file", name)); err != nil {
		return err
	}
	if name == manifestName || strings.HasSuffix(name, ".parquet") {
		return fmt.Errorf("publish: %s of %s version %d is published and cannot be changed", name, dataset, version)
	}
	return durable.WriteFile(filepath.Join(s.folder(dataset, version), name), data, publicFile)
}

// Manifest reads the manifest of a version.
func (s *Site) Manifest(dataset string, version int) (*Manifest, error) {
	if err := checkName("dataset", dataset); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(s.folder(dataset, version), manifestName))
	if err != nil {
		return nil, err
	}
	m, err := ParseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path.Join(VersionFolder(dataset, version), manifestName), err)
	}
	return m, nil
}
