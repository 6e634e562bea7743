package entry

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCanonicalFollowsRFC8785 has the vectors of RFC 8785 that are within the
// subset: strings of section 3.2.2.2 and appendix E's object without its floats.
func TestCanonicalFollowsRFC8785(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"string escapes":      {`{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}`, "{\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
		"literals":            {`{"literals":[true, false]}`, `{"literals":[true,false]}`},
		"order and spaces":    {"{\n\"1\": {\"f\": {\"F\": 5, \"f\": \"hi\"} ,\"\\u0031\": [ 56 ]}, \"A\": 2, \"10\": {} }", `{"1":{"1":[56],"f":{"F":5,"f":"hi"}},"10":{},"A":2}`},
		"two-letter escapes":  {`{"a":"\u0008\u0009\u000a\u000c\u000d"}`, `{"a":"\b\t\n\f\r"}`},
		"controls":            {`{"a":"\u0000\u001F\u007f"}`, "{\"a\":\"\\u0000\\u001f\u007f\"}"},
		"surrogate pair":      {`{"a":"\uD83D\uDE02"}`, `{"a":"😂"}`},
		"integers":            {`{"a":[0,-1,9007199254740991,-9007199254740991]}`, `{"a":[0,-1,9007199254740991,-9007199254740991]}`},
		"no escape of others": {`{"a":"<>&\u2028"}`, "{\"a\":\"<>&\u2028\"}"},
	} {
		v, err := parseJSON([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := Canonical(v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, c.want)
		}
		if _, err := Parse(got); err != nil {
			t.Errorf("%s: what was written is not read: %v", name, err)
		}
	}
}

func TestParseRefusesEverythingButCanonical(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `{}x`, ` {}`, `{} `, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a" 1}`, `{a:1}`, `{"b":1,"a":2}`, `{"a":1,"a":1}`,
		`{"":1}`, `{"é":1}`, `{"a\n":1}`, `1.0`, `1e3`, `-0`, `01`, `-`, `9007199254740992`, `-9007199254740992`, `99999999999999999999`,
		`null`, `[null]`, `nul`, `tru`, `"\u0041"`, `"\/"`, `"\u000F"`, `"\u000a"`, "\"\n\"", `"\ud800"`, `"\udc00"`, `"\ud800\u0041"`, `"\x"`, `"abc`,
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", `+1`, `NaN`, strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		if v, err := Parse([]byte(in)); err == nil {
			t.Errorf("%q was read as %v", in, v)
		}
	}
}

// value draws any value of the subset.
func value(t *rapid.T, depth int) any {
	kinds := 5
	if depth > 3 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "text")
	case 1:
		return rapid.Int64Range(-maxInteger, maxInteger).Draw(t, "integer")
	case 2:
		return rapid.Bool().Draw(t, "bool")
	case 3:
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "length") {
			list = append(list, value(t, depth+1))
		}
		return list
	default:
		m := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			m[rapid.StringMatching(`[ -~]{1,8}`).Draw(t, "key")] = value(t, depth+1)
		}
		return m
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw, err := Canonical(value(t, 0))
		if err != nil {
			t.Fatal(err)
		}
		v, err := Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if again, err := Canonical(v); err != nil || string(again) != string(raw) {
			t.Fatalf("%v: %s became %s", err, raw, again)
		}
	})
}

func TestBodyNamesWhatTheLedgerCannotHold(t *testing.T) {
	type nested struct {
		Share float64 `json:"share"`
	}
	for want, v := range map[string]any{
		"share":    map[string]any{"quality": nested{0.5}},
		"null":     map[string]any{"a": nil},
		"2^53":     map[string]any{"a": int64(1) << 60},
		"object":   []string{"a"},
		"ASCII":    map[string]any{"键": 1},
		"fraction": map[string]float64{"a": 1.25},
	} {
		if _, err := Body(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want it to say %q", v, err, want)
		}
	}
	b, err := Body(struct {
		Rows  int      `json:"rows"`
		Names []string `json:"names"`
		Zero  *int     `json:"zero,omitempty"`
	}{3, []string{"<a>"}, nil})
	if err != nil || b["rows"] != int64(3) || b["names"].([]any)[0] != "<a>" || len(b) != 2 {
		t.Fatalf("%v %v", b, err)
	}
}

// testSigner is an Ed25519 key from a fixed seed.
type testSigner struct{ key ed25519.PrivateKey }

func newTestSigner(seed byte) testSigner {
	s := make([]byte, ed25519.SeedSize)
	s[0] = seed
	return testSigner{ed25519.NewKeyFromSeed(s)}
}

func (s testSigner) public() ed25519.PublicKey           { return s.key.Public().(ed25519.PublicKey) }
func (s testSigner) KeyID() string                       { return KeyID(s.public()) }
func (s testSigner) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }

func sample() *Entry {
	return &Entry{
		Kind: Step, Dataset: "residents", Seq: 2, Prev: strings.Repeat("ab", 32), Run: "r1", Attempt: 1, Step: "clean",
		ID:       ID("r1", 1, "clean", Step),
		Subjects: []Subject{{Name: "plan", SHA256: strings.Repeat("0f", 32)}},
		At:       time.Date(2026, 3, 1, 8, 0, 0, 5e6, time.UTC),
		Seen:     Seen{Size: 7, Root: strings.Repeat("00", 32)},
		Program:  Program{Version: "1.0"},
		Body:     map[string]any{"rows": int64(10), "title": "清洗"},
	}
}

func TestSealedEntryIsReadBack(t *testing.T) {
	officer, engine := newTestSigner(1), newTestSigner(2)
	leaf, err := Seal(sample(), engine, officer)
	if err != nil {
		t.Fatal(err)
	}
	env, e, err := Open(leaf)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Seal(e, engine, officer)
	if err != nil || string(again) != string(leaf) {
		t.Fatalf("%v\n%s\n%s", err, leaf, again)
	}
	keys := map[string]ed25519.PublicKey{engine.KeyID(): engine.public(), officer.KeyID(): officer.public()}
	lookup := func(id string) (ed25519.PublicKey, bool) { k, ok := keys[id]; return k, ok }
	if err := env.Verify(lookup); err != nil {
		t.Fatal(err)
	}
	delete(keys, officer.KeyID())
	if err := env.Verify(lookup); !errors.Is(err, ErrUnknownKey) {
		t.Fatalf("a signature that cannot be checked: %v", err)
	}
	keys[officer.KeyID()] = engine.public()
	if err := env.Verify(lookup); err == nil {
		t.Fatal("a wrong key verified")
	}
}

// TestDSSEVector is the example of the DSSE protocol document.
func TestDSSEVector(t *testing.T) {
	if got := string(PAE("http://example.com/HelloWorld", []byte("hello world"))); got != "DSSEv1 29 http://example.com/HelloWorld 11 hello world" {
		t.Fatal(got)
	}
}

// TestKeyIDVector uses the public key of RFC 8032 section 7.1 test 1; the id is
// what openssl and sha256sum give for it.
func TestKeyIDVector(t *testing.T) {
	raw, err := hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	if err != nil {
		t.Fatal(err)
	}
	der := MarshalPublic(raw)
	if hex.EncodeToString(der[:12]) != "302a300506032b6570032100" || len(der) != 44 {
		t.Fatalf("%x", der)
	}
	if got := KeyID(raw); got != "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9" {
		t.Fatal(got)
	}
	if again, err := ParsePublic(der); err != nil || !again.Equal(ed25519.PublicKey(raw)) {
		t.Fatal(err)
	}
}

func TestEntriesThatSayTooLittleOrTooMuchAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"unknown kind":       func(e *Entry) { e.Kind = "rumour"; e.ID = ID(e.Run, e.Attempt, e.Step, e.Kind) },
		"no dataset":         func(e *Entry) { e.Dataset = "" },
		"seq zero":           func(e *Entry) { e.Seq = 0 },
		"first with prev":    func(e *Entry) { e.Seq = 1 },
		"second without":     func(e *Entry) { e.Prev = "" },
		"id of another":      func(e *Entry) { e.Attempt = 2 },
		"no subject":         func(e *Entry) { e.Subjects = nil },
		"upper-case digest":  func(e *Entry) { e.Subjects[0].SHA256 = strings.Repeat("AB", 32) },
		"text not UTF-8":     func(e *Entry) { e.Body = map[string]any{"a": "\xff"} },
		"float in the body":  func(e *Entry) { e.Body = map[string]any{"a": 1.5} },
		"too large an entry": func(e *Entry) { e.Body = map[string]any{"a": strings.Repeat("x", MaxSize)} },
	} {
		e := sample()
		change(e)
		if _, err := Seal(e, newTestSigner(1)); err == nil {
			t.Errorf("%s was sealed", name)
		}
	}
	payload, err := sample().Payload()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"attempt":1,`, ``}, {`"attempt":1`, `"attempt":"1"`}, {`"seq":2`, `"more":1,"seq":2`}, {`/step/v1`, `/step/v2`}, {`Statement/v1`, `Statement/v0.1`},
		{`08:00:00.005Z`, `08:00:00.00Z`}, {`08:00:00.005Z`, `08:60:00.005Z`}, {`"digest":{`, `"digest":{"md5":"",`}, {`"hash":""`, `"hash":"x"`},
	} {
		changed := strings.Replace(string(payload), change[0], change[1], 1)
		if changed == string(payload) {
			t.Fatalf("nothing to replace: %s", change[0])
		}
		if _, err := ParsePayload([]byte(changed)); err == nil {
			t.Errorf("%s -> %s was read", change[0], change[1])
		}
	}
}

func TestIDTellsItsPartsApart(t *testing.T) {
	if ID("a", 1, "b", Step) == ID("a", 11, "b", Step) || ID("ab", 1, "", Step) == ID("a", 1, "b", Step) || ID("a", 1, "", Step) == ID("a", 1, "", Key) {
		t.Fatal("two identities have one id")
	}
}

func FuzzOpen(f *testing.F) {
	leaf, err := Seal(sample(), newTestSigner(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(leaf)
	f.Add([]byte(`{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}`))
	f.Add([]byte(`{"a":[1,2,{"b":"\u0001"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if env, e, err := Open(data); err == nil {
			if again, err := env.Marshal(); err != nil || string(again) != string(data) {
				t.Fatalf("%v: read, but written otherwise", err)
			}
			if p, err := e.Payload(); err != nil || string(p) != string(env.Payload) {
				t.Fatalf("%v: statement read, but written otherwise", err)
			}
		}
		if v, err := Parse(data); err == nil {
			if again, err := Canonical(v); err != nil || string(again) != string(data) {
				t.Fatalf("%v: not canonical, but read", err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := newTestSigner(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(sample(), s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAndVerify(b *testing.B) {
	s := newTestSigner(1)
	leaf, err := Seal(sample(), s)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(leaf)))
	b.ReportAllocs()
	for b.Loop() {
		env, _, err := Open(leaf)
		if err != nil {
			b.Fatal(err)
		}
		if err := env.Verify(func(string) (ed25519.PublicKey, bool) { return s.public(), true }); err != nil {
			b.Fatal(err)
		}
	}
}
