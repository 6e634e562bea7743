package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/tiles"
)

// Signature types of C2SP signed-note.
const (
	typeEd25519     = 1
	typeCosignature = 4 // cosignature/v1
)

// A Policy says whom one trusts, in the C2SP tlog-policy format: the keys of
// logs and, where wanted, a quorum of witnesses.
type Policy struct {
	logs      map[string]note.Verifier // by vkey
	witnesses map[string]note.Verifier // by name
	groups    map[string]group
	quorum    string
}

type group struct {
	threshold int
	members   []string
}

// quorumNone is the predefined name for no witnesses.
const quorumNone = "none"

// ParsePolicy reads a policy file; errors name the line.
func ParsePolicy(data []byte) (*Policy, error) {
	p := &Policy{logs: map[string]note.Verifier{}, witnesses: map[string]note.Verifier{}, groups: map[string]group{}}
	r := policyReader{Policy: p, keys: map[string]bool{}, members: map[string]bool{}}
	for i, line := range strings.Split(string(data), "\n") {
		words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' })
		if strings.ContainsFunc(line, func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }) {
			return nil, fmt.Errorf("policy line %d: holds a control character", i+1)
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := r.line(words); err != nil {
			return nil, fmt.Errorf("policy line %d: %w", i+1, err)
		}
	}
	if p.quorum == "" {
		return nil, errors.New("policy: a line \"quorum NAME\" is missing; without witnesses write: quorum none")
	}
	return p, nil
}

// policyReader knows what later lines may not repeat.
type policyReader struct {
	*Policy
	keys    map[string]bool // underlying public keys
	members map[string]bool // names that are in a group
}

func (r *policyReader) line(words []string) error {
	switch {
	case words[0] == "log" && (len(words) == 2 || len(words) == 3):
		v, key, err := parseVKey(words[1], typeEd25519)
		if err != nil {
			return err
		}
		if r.keys["log "+key] {
			return errors.New("this log stands in the policy twice")
		}
		r.keys["log "+key] = true
		r.logs[words[1]] = v
	case words[0] == "witness" && (len(words) == 3 || len(words) == 4):
		v, key, err := parseVKey(words[2], typeCosignature)
		if err != nil {
			return err
		}
		if r.keys["witness "+key] {
			return errors.New("this witness stands in the policy twice")
		}
		r.keys["witness "+key] = true
		if err := r.newName(words[1]); err != nil {
			return err
		}
		r.witnesses[words[1]] = v
	case words[0] == "group" && len(words) >= 4:
		return r.group(words[1], words[2], words[3:])
	case words[0] == "quorum" && len(words) == 2:
		if r.quorum != "" {
			return errors.New("there is a quorum line already")
		}
		if words[1] != quorumNone && !r.known(words[1]) {
			return fmt.Errorf("%q is not a witness or group of a line above", words[1])
		}
		r.quorum = words[1]
	default:
		return fmt.Errorf("%q is not a line of a tlog-policy (log, witness, group, quorum)", strings.Join(words, " "))
	}
	return nil
}

func (r *policyReader) group(name, threshold string, members []string) error {
	if err := r.newName(name); err != nil {
		return err
	}
	g := group{members: members}
	switch threshold {
	case "any":
		g.threshold = 1
	case "all":
		g.threshold = len(members)
	default:
		k, err := strconv.Atoi(threshold)
		if err != nil || k < 1 || k > len(members) || strconv.Itoa(k) != threshold {
			return fmt.Errorf("threshold %q is not any, all, or 1 to %d", threshold, len(members))
		}
		g.threshold = k
	}
	for _, m := range members {
		if !r.known(m) {
			return fmt.Errorf("%q is not a witness or group of a line above", m)
		}
		if r.members[m] {
			return fmt.Errorf("%q is a member of a group already", m)
		}
		r.members[m] = true
	}
	r.groups[name] = g
	return nil
}

func (r *policyReader) known(name string) bool {
	_, witness := r.witnesses[name]
	_, group := r.groups[name]
	return witness || group
}

func (r *policyReader) newName(name string) error {
	if name == quorumNone || r.known(name) {
		return fmt.Errorf("the name %q is taken", name)
	}
	return nil
}

// Check tells whether the policy accepts a checkpoint that is signed by the log of vkey.
func (p *Policy) Check(cp *tiles.Checkpoint, vkey string) error {
	v, ok := p.logs[vkey]
	if !ok {
		return fmt.Errorf("the log's key %s is not in the policy", vkey)
	}
	verifiers := []note.Verifier{v}
	for _, w := range p.witnesses {
		verifiers = append(verifiers, w)
	}
	n, err := note.Open(cp.Raw, note.VerifierList(verifiers...))
	if err != nil {
		return fmt.Errorf("a signature of a key in the policy is not valid: %w", err)
	}
	signed := map[string]bool{}
	for _, s := range n.Sigs {
		for name, w := range p.witnesses {
			if w.Name() == s.Name && w.KeyHash() == s.Hash {
				signed[name] = true
			}
		}
	}
	if p.quorum != quorumNone && !p.satisfied(p.quorum, signed) {
		return fmt.Errorf("the quorum %q is not reached: cosigned by %d of the %d witnesses in the policy", p.quorum, len(signed), len(p.witnesses))
	}
	return nil
}

func (p *Policy) satisfied(name string, signed map[string]bool) bool {
	g, isGroup := p.groups[name]
	if !isGroup {
		return signed[name]
	}
	reached := 0
	for _, m := range g.members {
		if p.satisfied(m, signed) {
			reached++
		}
	}
	return reached >= g.threshold
}

// parseVKey reads a verifier key of one signature type.
func parseVKey(vkey string, want byte) (note.Verifier, string, error) {
	name, rest, ok := strings.Cut(vkey, "+")
	hash, b64, ok2 := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || !ok2 || err != nil || len(raw) != 1+ed25519.PublicKeySize || name == "" {
		return nil, "", fmt.Errorf("%q is not a vkey (NAME+HASH+KEY)", vkey)
	}
	if raw[0] != want {
		return nil, "", fmt.Errorf("vkey %q has signature type %d, type %d is due here", vkey, raw[0], want)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	if fmt.Sprintf("%x", sum[:4]) != hash {
		return nil, "", fmt.Errorf("vkey %q: name, hash and key do not belong together", vkey)
	}
	v := &verifier{name: name, hash: binary.BigEndian.Uint32(sum[:]), key: ed25519.PublicKey(raw[1:]), cosigner: want == typeCosignature}
	return v, string(raw[1:]), nil
}

// verifier is a note.Verifier for log signatures and for cosignature/v1.
type verifier struct {
	name     string
	hash     uint32
	key      ed25519.PublicKey
	cosigner bool
}

func (v *verifier) Name() string    { return v.name }
func (v *verifier) KeyHash() uint32 { return v.hash }

func (v *verifier) Verify(message, sig []byte) bool {
	if !v.cosigner {
		return ed25519.Verify(v.key, message, sig)
	}
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	signed := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, message)
	return at < 1<<63 && ed25519.Verify(v.key, signed, sig[8:])
}
