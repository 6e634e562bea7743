package verify

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clearwell/lineage/tiles"
)

// witness is a cosigner for tests, in the cosignature/v1 form.
type witness struct {
	name string
	key  ed25519.PrivateKey
}

func newWitness(t testing.TB, name string) witness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return witness{name, key}
}

func (w witness) material() []byte {
	return append([]byte{typeCosignature}, w.key.Public().(ed25519.PublicKey)...)
}

func (w witness) hash() uint32 {
	sum := sha256.Sum256(append([]byte(w.name+"\n"), w.material()...))
	return binary.BigEndian.Uint32(sum[:])
}

func (w witness) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.hash(), base64.StdEncoding.EncodeToString(w.material()))
}

// cosign appends the witness's signature line to a checkpoint.
func (w witness) cosign(cp string) string {
	text, _, _ := strings.Cut(cp, "\n\n")
	const at = 1679315147
	sig := ed25519.Sign(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", at, text))
	raw := binary.BigEndian.AppendUint32(nil, w.hash())
	raw = binary.BigEndian.AppendUint64(raw, at)
	return cp + fmt.Sprintf("— %s %s\n", w.name, base64.StdEncoding.EncodeToString(append(raw, sig...)))
}

func newLog(t testing.TB, origin string) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return s, vkey
}

func TestPolicyAsksForLogAndQuorum(t *testing.T) {
	signer, vkey := newLog(t, "example.gov/log")
	raw, err := note.Sign(&note.Note{Text: tiles.TreeHead("example.gov/log", tlog.Tree{N: 1})}, signer)
	if err != nil {
		t.Fatal(err)
	}
	x1, x2, y := newWitness(t, "x1.example"), newWitness(t, "x2.example"), newWitness(t, "y.example")
	lines := fmt.Sprintf("# trust of the portal\nlog %s https://example.gov/log\n\nwitness X1 %s\n\twitness X2 %s\nwitness Y %s\ngroup X any X1 X2\ngroup both all X Y\n", vkey, x1.vkey(), x2.vkey(), y.vkey())
	check := func(policy, cp string) error {
		t.Helper()
		p, err := ParsePolicy([]byte(policy))
		if err != nil {
			t.Fatal(err)
		}
		key, err := note.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tiles.ParseCheckpoint([]byte(cp), key)
		if err != nil {
			t.Fatal(err)
		}
		return p.Check(c, vkey)
	}
	plain := string(raw)
	for name, c := range map[string]struct {
		policy, cp string
		accepted   bool
	}{
		"no witness asked for":      {lines + "quorum none\n", plain, true},
		"one asked for and missing": {lines + "quorum Y\n", plain, false},
		"one asked for and there":   {lines + "quorum Y\n", y.cosign(plain), true},
		"another one is there":      {lines + "quorum Y\n", x1.cosign(plain), false},
		"group reached":             {lines + "quorum both\n", x2.cosign(y.cosign(plain)), true},
		"group half reached":        {lines + "quorum both\n", x2.cosign(x1.cosign(plain)), false},
	} {
		if err := check(c.policy, c.cp); (err == nil) != c.accepted {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, other := newLog(t, "example.gov/log")
	if err := check("log "+other+"\nquorum none\n", plain); err == nil {
		t.Error("a log that the policy does not name was accepted")
	}
	foreign, err := note.Sign(&note.Note{Text: tiles.TreeHead("example.gov/log", tlog.Tree{N: 2})}, signer)
	if err != nil {
		t.Fatal(err)
	}
	// y's line for the tree of one entry under the checkpoint over two.
	moved := string(foreign) + strings.TrimPrefix(y.cosign(plain), plain)
	if err := check(lines+"quorum Y\n", moved); err == nil {
		t.Error("a cosignature of another checkpoint was accepted")
	}
}

func TestPolicyErrorsNameTheLine(t *testing.T) {
	_, vkey := newLog(t, "example.gov/log")
	w := newWitness(t, "w.example")
	for want, text := range map[string]string{
		"quorum NAME":    "log " + vkey + "\n",
		"line 2":         "log " + vkey + "\nlog " + vkey + "\nquorum none\n",
		"line 1":         "witness none " + w.vkey() + "\nquorum none\n",
		"type 1":         "witness W " + vkey + "\nquorum none\n",
		"type 4":         "log " + w.vkey() + "\nquorum none\n",
		"threshold":      "witness W " + w.vkey() + "\ngroup G 2 W\nquorum G\n",
		"line of":        "hello\n",
		"line above":     "quorum W\nwitness W " + w.vkey() + "\n",
		"already":        "quorum none\nquorum none\n",
		"belong":         "log x" + vkey + "\nquorum none\n",
		"member of a":    "witness W " + w.vkey() + "\ngroup G any W\ngroup H any W\nquorum H\n",
		"control":        "quorum none\r\n",
		"is taken":       "witness W " + w.vkey() + "\ngroup W any W\nquorum W\n",
		"not a vkey":     "log abc\nquorum none\n",
		"not any, all, ": "witness W " + w.vkey() + "\ngroup G 01 W\nquorum G\n",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("log a+00000000+AQ==\nquorum none\n"))
	f.Add([]byte("group g any g\nquorum g\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ParsePolicy(data); err == nil && p.quorum == "" {
			t.Fatal("a policy without a quorum was read")
		}
	})
}
