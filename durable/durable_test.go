package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestMakeDirMakesWhatIsMissingAndRefusesAFileInItsPlace(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b", "c")
	for range 2 {
		if err := MakeDir(deep, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	file := filepath.Join(root, "file")
	if err := WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "below")} {
		if err := MakeDir(path, 0o700); err == nil {
			t.Errorf("%s was made where a file stands", path)
		}
	}
}

func TestAWriteThatFailsLeavesThePreviousFileAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteFile(path, []byte("before"), 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Write(path, 0o640, func(w io.Writer) error {
		w.Write([]byte("half"))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	data, err := os.ReadFile(path)
	left, _ := os.ReadDir(dir)
	if err != nil || string(data) != "before" || len(left) != 1 {
		t.Errorf("%q, %v, %d files", data, err, len(left))
	}
}
