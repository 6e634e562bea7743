package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/entry"
)

func newStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestLogKeySignsNotesThatItsVKeyVerifies(t *testing.T) {
	s, _ := newStore(t)
	p, err := s.CreateLogKey("example.gov/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := s.Signer(RoleLog)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := note.Sign(&note.Note{Text: "hello\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(strings.TrimSuffix(p.Text, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(raw, note.VerifierList(v)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateLogKey("example.gov/other"); err == nil {
		t.Fatal("a log changed its origin")
	}
	for _, origin := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := s.CreateLogKey(origin); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}

func TestGenerationsOfARole(t *testing.T) {
	s, dir := newStore(t)
	if _, err := s.Signer(RoleEngine); !errors.Is(err, ErrNotFound) {
		t.Fatalf("empty store: %v", err)
	}
	for i := range 12 { // ten and more must not sort as text
		p, err := s.CreateSigningKey(RoleEngine)
		if err != nil || p.Generation != i+1 {
			t.Fatalf("%+v %v", p, err)
		}
	}
	all, err := s.PublicKeys(RoleEngine)
	if err != nil || len(all) != 12 {
		t.Fatal(err)
	}
	signer, err := s.Signer(RoleEngine)
	if err != nil || signer.Public().Generation != 12 || signer.KeyID() != all[11].ID || signer.KeyID() != entry.KeyID(all[11].Key) {
		t.Fatalf("%v %v", signer, err)
	}
	if err := os.Rename(filepath.Join(dir, "signing", "engine.3.pub"), filepath.Join(dir, "signing", "engine.12.pub")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Signer(RoleEngine); err == nil {
		t.Fatal("halves of different keys were put together")
	}
}

func TestSecretsAreKeptExactlyAndCheckedWhenRead(t *testing.T) {
	s, dir := newStore(t)
	file := filepath.Join(t.TempDir(), "bench.key")
	if err := os.WriteFile(file, []byte("bench-key-2026"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := s.ImportSecret("bench", file)
	if err != nil || !info.Weak || info.Bytes != 14 || info.Origin != "imported" {
		t.Fatalf("%+v %v", info, err)
	}
	if got, err := s.Secret("bench"); err != nil || string(got) != "bench-key-2026" {
		t.Fatal(err)
	}
	made, err := s.CreateSecret("residents")
	if err != nil || made.Weak || made.Bytes != 32 {
		t.Fatalf("%+v %v", made, err)
	}
	if _, err := s.CreateSecret("residents"); !errors.Is(err, ErrExists) {
		t.Fatalf("a secret was overwritten: %v", err)
	}
	if _, err := s.Secret("nobody"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	for _, name := range []string{"", "../engine", "a/b", ".hidden", "a.json"} {
		if _, err := s.CreateSecret(name); err == nil {
			t.Errorf("secret %q was made", name)
		}
	}
	list, err := s.List()
	if err != nil || len(list) != 2 || list[0].Name != "bench" {
		t.Fatalf("%+v %v", list, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets", "bench"), []byte("bench-key-2027"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Secret("bench"); err == nil {
		t.Fatal("other bytes were taken for the secret")
	}
}

func TestEqualSecretsHaveIDsThatCannotBeCompared(t *testing.T) {
	a, _ := newStore(t)
	b, _ := newStore(t)
	file := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(file, []byte("guessable"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := a.ImportSecret("k", file)
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.ImportSecret("k", file)
	if err != nil || x.ID == y.ID {
		t.Fatalf("%v: the id of a guessable secret gives it away", err)
	}
	if again, err := a.SecretID("k"); err != nil || again != x.ID {
		t.Fatal(err)
	}
}

func TestFilesThatOthersCanReadAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("reason: no permission bits on this system")
	}
	s, dir := newStore(t)
	if _, err := s.CreateSigningKey(RoleEngine); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateSecret("residents"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if info, statErr := os.Stat(path); statErr != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "secrets", "residents"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Secret("residents"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("got %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Fatalf("got %v", err)
	}
}

func TestSignerNeverPrintsItsSecret(t *testing.T) {
	s, dir := newStore(t)
	if _, err := s.CreateSigningKey(RoleEngine); err != nil {
		t.Fatal(err)
	}
	signer, err := s.Signer(RoleEngine)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "signer", signer)
	asJSON, err := json.Marshal(any(signer)) //lint:ignore SA9005 that nothing is marshaled is what is tested
	if err != nil {
		t.Fatal(err)
	}
	seed := signer.secret.Seed()
	said := fmt.Sprintf("%v %+v %#v %s %x %d", signer, signer, signer, signer, signer, signer) + log.String() + string(asJSON)
	for _, form := range []string{string(seed), fmt.Sprintf("%x", seed), fmt.Sprint(seed), fmt.Sprint([]byte(signer.secret))} {
		if strings.Contains(said, strings.Trim(form, "[]")) {
			t.Fatal("the secret was printed")
		}
	}
	if strings.Contains(said, dir) {
		t.Fatal("the folder was printed")
	}
}

func TestHalfAKeyOfACrashIsReplaced(t *testing.T) {
	s, dir := newStore(t)
	if _, err := s.CreateSigningKey(RoleEngine); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "signing", "engine.1.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateSigningKey(RoleEngine); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Signer(RoleEngine); err != nil {
		t.Fatal(err)
	}
}
