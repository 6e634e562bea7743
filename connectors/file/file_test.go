package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"clearwell/connectors"
	"clearwell/connectors/connectorstest"
)

func TestFilesAreAConformingSource(t *testing.T) {
	var dir string
	connectorstest.Run(t, connectorstest.Fixture{
		Make: func(t *testing.T, objects map[string]string) connectors.Source {
			dir = t.TempDir()
			for name, text := range objects {
				write(t, filepath.Join(dir, "inbox", name), text)
			}
			os.MkdirAll(filepath.Join(dir, "inbox"), 0o755)
			s, err := New(dir, "inbox/*.csv")
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Remove: func(t *testing.T, name string) {
			if err := os.Remove(filepath.Join(dir, "inbox", name)); err != nil {
				t.Fatal(err)
			}
		},
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPathsAreTakenFromTheWorkspace(t *testing.T) {
	top := t.TempDir()
	ws := filepath.Join(top, "ws [2026]*")
	write(t, filepath.Join(ws, "inbox", "a.csv"), "a")
	write(t, filepath.Join(ws, "inbox", "[1].csv"), "bracket")
	write(t, filepath.Join(ws, "inbox", ".hidden.csv"), "h")
	write(t, filepath.Join(ws, "inbox", "sub.csv", "x"), "folder")
	write(t, filepath.Join(top, "out.csv"), "o")
	for _, c := range []struct {
		pattern string
		want    string // names, or the text of the error
		is      error
	}{
		{"inbox/a.csv", "inbox/a.csv", nil},
		{"./inbox/a.csv", "inbox/a.csv", nil},
		{"inbox/*.csv", "inbox/[1].csv inbox/a.csv", nil},
		{"inbox/[1].csv", "inbox/[1].csv", nil},
		{"inbox/.*.csv", "inbox/.hidden.csv", nil},
		{"*/a.csv", "inbox/a.csv", nil},
		{"../out.csv", "../out.csv", nil},
		{"../o*.csv", "../out.csv", nil},
		{filepath.ToSlash(filepath.Join(top, "out.csv")), filepath.ToSlash(filepath.Join(top, "out.csv")), nil},
		{filepath.ToSlash(filepath.Join(ws, "inbox", "a.csv")), "inbox/a.csv", nil},
		{"inbox/../../out.csv", "begin it with ../", connectors.ErrOutside},
		{"inbox", "inbox/*.csv", connectors.ErrDirectory},
		{"inbox/sub.csv", "folder", connectors.ErrDirectory},
		{"inbox/b.csv", "no such file", connectors.ErrNothing},
		{"inbox/b*.csv", "no file matches in inbox", connectors.ErrNothing},
		{"inbox/sub*", "folders, special and hidden files passed over: 1", connectors.ErrNothing},
		{"nowhere/*.csv", "read nowhere", connectors.ErrNothing},
		{"inbox/[", "bracket", filepath.ErrBadPattern},
		{" ", "empty", nil},
	} {
		s, err := New(ws, c.pattern)
		var list []connectors.Object
		if err == nil {
			list, err = s.List(context.Background())
		}
		var names []string
		for _, o := range list {
			names = append(names, o.Name)
		}
		if err == nil && strings.Join(names, " ") != c.want {
			t.Errorf("%s gives %q", c.pattern, names)
		}
		if err != nil && (!strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is)) {
			t.Errorf("%s: error %v", c.pattern, err)
		}
	}
}

func TestAFileThatMayNotBeReadSaysSo(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("reason: permissions do not bind this account")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.csv"), "a")
	if err := os.Chmod(filepath.Join(dir, "a.csv"), 0); err != nil {
		t.Fatal(err)
	}
	s, err := New(dir, "a.csv")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(context.Background(), list[0]); !errors.Is(err, connectors.ErrPermission) {
		t.Errorf("error %v", err)
	}
}

func TestANameThatIsNoTextIsRefusedWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "\xbe\xd3.csv"), nil, 0o644); err != nil {
		t.Skip("reason: this file system takes only names in UTF-8:", err)
	}
	s, err := New(dir, "*.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(context.Background()); err == nil || !strings.Contains(err.Error(), `the name "\xbe\xd3.csv" is not valid UTF-8`) || !strings.HasSuffix(err.Error(), "rename the file") {
		t.Errorf("error %v", err)
	}
}
