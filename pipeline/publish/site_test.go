package publish

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

const someHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// stage makes and seals a version of "registry".
func stage(t *testing.T, s *Site, run string, version int) *Staging {
	t.Helper()
	st, err := s.Stage(run, "registry", version)
	if err != nil {
		t.Fatal(err)
	}
	f, err := st.Create(PartName(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m := Manifest{Dataset: "registry", Version: version, Run: run, ContentRoot: "sha256:" + someHash, Files: []File{{Path: PartName(0, 1), SHA256: someHash}}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.WriteFile(manifestName, data), st.Seal()); err != nil {
		t.Fatal(err)
	}
	return st
}

// tree lists the files and folders below a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if p != dir {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAVersionBecomesCurrentAndTheNextCountsOn(t *testing.T) {
	s := Open(t.TempDir())
	if _, err := s.Current("registry"); !errors.Is(err, ErrNoVersion) {
		t.Fatalf("current of nothing: %v", err)
	}
	for want := 1; want <= 3; want++ {
		n, err := s.NextVersion("registry")
		if err != nil || n != want {
			t.Fatalf("next version %d, %v; want %d", n, err, want)
		}
		run := "run-" + string(rune('a'+want))
		stage(t, s, run, n)
		if err := s.Finish(run, "registry", n, map[string][]byte{"proof.json": []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		latest, err := s.Current("registry")
		if err != nil || latest.Version != want || latest.Path != versionName(want) {
			t.Fatalf("current %+v, %v", latest, err)
		}
		raw, err := os.ReadFile(filepath.Join(s.published, "registry", latest.Manifest))
		if err != nil || hexSHA256(raw) != latest.SHA256 {
			t.Fatalf("latest.json names a manifest of another hash (%v)", err)
		}
		if _, err := os.Stat(filepath.Join(s.root, VersionFolder("registry", n), "proof.json")); err != nil {
			t.Error(err)
		}
	}
	if v, err := s.Versions("registry"); err != nil || !reflect.DeepEqual(v, []int{1, 2, 3}) {
		t.Errorf("versions %v, %v", v, err)
	}
	if left := tree(t, s.staging); len(left) != 0 {
		t.Errorf("staging holds %v", left)
	}
}

// A kill leaves the state between two steps. From each of them Finish must lead
// to the same end, and to it again.
func TestFinishLeadsToTheSameEndFromEveryStateAKillLeaves(t *testing.T) {
	beside := map[string][]byte{"proof.json": []byte("{}"), "publication.dsse": []byte("x")}
	states := map[string]func(*testing.T, *Site, *Staging) error{
		"sealed":      func(*testing.T, *Site, *Staging) error { return nil },
		"half beside": func(_ *testing.T, _ *Site, st *Staging) error { return st.WriteFile("proof.json", []byte("{")) },
		"temporary file in staging": func(_ *testing.T, _ *Site, st *Staging) error {
			return os.WriteFile(st.Path(".tmp-1"), []byte("half"), 0o600)
		},
		"placed": func(_ *testing.T, s *Site, st *Staging) error { return s.Place(st) },
		"promoted": func(_ *testing.T, s *Site, st *Staging) error {
			return errors.Join(s.Place(st), s.Promote("registry", 2))
		},
		"all done": func(_ *testing.T, s *Site, _ *Staging) error { return s.Finish("run-2", "registry", 2, beside) },
	}
	var want []string
	for name, prepare := range states {
		t.Run(name, func(t *testing.T) {
			s := Open(t.TempDir())
			stage(t, s, "run-1", 1)
			if err := s.Finish("run-1", "registry", 1, beside); err != nil {
				t.Fatal(err)
			}
			st := stage(t, s, "run-2", 2)
			if err := prepare(t, s, st); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := s.Finish("run-2", "registry", 2, beside); err != nil {
					t.Fatal(err)
				}
			}
			if latest, err := s.Current("registry"); err != nil || latest.Version != 2 {
				t.Fatalf("current %+v, %v", latest, err)
			}
			if removed, err := s.Sweep(nil); err != nil || len(removed) != 0 {
				t.Errorf("left over: %v, %v", removed, err)
			}
			got := tree(t, s.root)
			if want == nil {
				want = got
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("files %v, want %v", got, want)
			}
		})
	}
}

func TestSweepRemovesWhatCrashesLeftAndNothingElse(t *testing.T) {
	s := Open(t.TempDir())
	stage(t, s, "done", 1)
	if err := s.Finish("done", "registry", 1, nil); err != nil {
		t.Fatal(err)
	}
	stage(t, s, "dead", 2)
	stage(t, s, "alive", 2)
	temporary := []string{filepath.Join(s.published, "registry", ".tmp-7"), filepath.Join(s.published, "registry", versionName(1), ".tmp-8")}
	for _, p := range temporary {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := s.Sweep(func(run string) bool { return run == "alive" })
	want := []string{".clearwell/staging/dead", "published/registry/.tmp-7", "published/registry/v=000001/.tmp-8"}
	if err != nil || !reflect.DeepEqual(removed, want) {
		t.Errorf("removed %v, %v; want %v", removed, err, want)
	}
	if err := s.Finish("alive", "registry", 2, nil); err != nil {
		t.Error(err)
	}
}

func TestAVersionIsNeverOverwritten(t *testing.T) {
	s := Open(t.TempDir())
	stage(t, s, "one", 1)
	if err := s.Finish("one", "registry", 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Place(stage(t, s, "two", 1)); err == nil || !strings.Contains(err.Error(), "published already") {
		t.Errorf("placed over a version: %v", err)
	}
	if err := s.Discard("two"); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish("two", "registry", 1, nil); err == nil || !strings.Contains(err.Error(), "of run one") {
		t.Errorf("finished another run's version: %v", err)
	}
	for _, name := range []string{manifestName, PartName(0, 1), "../latest.json", ".hidden", ""} {
		if err := s.Put("registry", 1, name, nil); err == nil {
			t.Errorf("put %q", name)
		}
	}
}

func TestPromoteNeverGoesBack(t *testing.T) {
	s := Open(t.TempDir())
	for _, v := range []int{1, 2} {
		stage(t, s, "r", v)
		if err := s.Finish("r", "registry", v, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Promote("registry", 1); err != nil {
		t.Fatal(err)
	}
	if latest, err := s.Current("registry"); err != nil || latest.Version != 2 {
		t.Errorf("current %+v, %v", latest, err)
	}
}

func TestNamesThatLeaveTheFolderAreRefused(t *testing.T) {
	s := Open(t.TempDir())
	for _, name := range []string{"", "..", "a/b", `a\b`, ".hidden"} {
		if _, err := s.Stage("run", name, 1); err == nil {
			t.Errorf("staged dataset %q", name)
		}
		if _, err := s.Stage(name, "registry", 1); err == nil {
			t.Errorf("staged run %q", name)
		}
		if _, err := s.Current(name); err == nil {
			t.Errorf("current of %q", name)
		}
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	s := Open(t.TempDir())
	if err := os.MkdirAll(filepath.Join(s.published, "registry"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{}", `{"dataset":"other","version":1}`} {
		if err := os.WriteFile(filepath.Join(s.published, "registry", latestName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.NextVersion("registry"); err == nil || !strings.Contains(err.Error(), "published/registry/latest.json is damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestManifestsAreChecked(t *testing.T) {
	good := Manifest{Dataset: "registry", Version: 1, Rows: 3, Files: []File{{Path: "part-00000-of-00001.parquet", SHA256: someHash, Rows: 3}}}
	data, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseManifest(data)
	if err != nil || again.Rows != 3 || again.Format != ManifestFormat {
		t.Fatalf("%+v, %v", again, err)
	}
	for name, spoil := range map[string]func(*Manifest){
		"rows":      func(m *Manifest) { m.Rows = 4 },
		"SHA-256":   func(m *Manifest) { m.Files = []File{{Path: "x", SHA256: strings.ToUpper(someHash)}} },
		"name of a": func(m *Manifest) { m.Files = []File{{Path: "../x", SHA256: someHash}} },
		"no files":  func(m *Manifest) { m.Files = nil },
		"version":   func(m *Manifest) { m.Version = 0 },
	} {
		m := good
		spoil(&m)
		if _, err := m.Encode(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
	if _, err := ParseManifest([]byte(`{"format":"clearwell/manifest/9"}`)); err == nil || !strings.Contains(err.Error(), "clearwell/manifest/9") {
		t.Errorf("a manifest of another format: %v", err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"format":"clearwell/manifest/1","dataset":"d","version":1,"rows":0,"files":[{"path":"p","bytes":0,"sha256":"` + someHash + `"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		if _, err := m.Encode(); err != nil {
			t.Errorf("a manifest that was read cannot be written: %v", err)
		}
	})
}

func TestDataPackageSaysWhatTheStandardAsks(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String, Metadata: arrow.NewMetadata([]string{"title.zh", "title.en", "level", "treatment"}, []string{"姓名", "Name", "L3", "mask"})},
		{Name: "amount", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "d", Type: arrow.FixedWidthTypes.Date32},
		{Name: "t", Type: &arrow.TimestampType{Unit: arrow.Microsecond}},
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean},
	}, nil)
	p, err := Describe(Description{
		Dataset: "resident-registry", Version: 12, Title: map[string]string{"zh": "居民登记信息", "en": "Resident registry"}, Owner: "民政局",
		License: "CC-BY-4.0", Parts: []File{{Path: PartName(0, 1), Bytes: 10, SHA256: someHash, Rows: 2}}, Schema: schema,
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := EncodeJSON(p)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	res := got["resources"].([]any)[0].(map[string]any)
	if got["$schema"] != packageProfile || got["name"] != "resident-registry" || res["path"] != PartName(0, 1) || res["hash"] != "sha256:"+someHash {
		t.Errorf("%s", data)
	}
	var types []string
	for _, f := range res["schema"].(map[string]any)["fields"].([]any) {
		types = append(types, f.(map[string]any)["type"].(string))
	}
	if want := []string{"string", "number", "integer", "date", "datetime", "boolean"}; !reflect.DeepEqual(types, want) {
		t.Errorf("types %v, want %v", types, want)
	}
	if _, err := Describe(Description{Dataset: "x"}); err == nil {
		t.Error("a package without files")
	}
}

func TestLicensesAreDescribedByNameOrPath(t *testing.T) {
	for text, want := range map[string]packageLicense{
		"CC-BY-4.0":                 {Name: "CC-BY-4.0"},
		"https://example.com/terms": {Path: "https://example.com/terms"},
		"政府公开数据许可":                  {Name: "notspecified", Title: "政府公开数据许可"},
	} {
		if got := describeLicense(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
