package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/lineage/entry"
	"clearwell/lineage/proof"
	"clearwell/lineage/verify"
)

func TestAContractOfHundredsOfFieldsFitsIntoTheLog(t *testing.T) {
	const fields = 700
	var contract, header, row strings.Builder
	contract.WriteString("dataset: people\nowner: registry\nsource: {path: \"inbox/*.csv\"}\nfields:\n")
	for i := range fields {
		fmt.Fprintf(&contract, "  field_%d: {level: L4, required: true, clean: [upper, trim], check: {id: length-of-%d, length: [0, 9]}, desensitize: {pseudonym: {key: all}}}\n", i, i)
		fmt.Fprintf(&header, ",field_%d", i)
		fmt.Fprintf(&row, ",a%d ", i)
	}
	root := newWorkspace(t, contract.String(), header.String()[1:]+"\n"+row.String()[1:]+"\n")
	runOnce(t, root, "people", Options{})
	mustBeWhole(t, root)
	in := map[string]string{"rules": "published/people/v=000001/quality.json", "treatments": "plan/people"}
	var keys int
	_, err := verify.Log(context.Background(), verify.LogOptions{Dir: filepath.Join(root, LedgerDir), Visit: func(_ uint64, e *entry.Entry) []verify.Finding {
		for name, want := range in {
			if e.Body[name+"_in"] == want && e.Body[name] == nil {
				delete(in, name)
			}
		}
		if k, ok := e.Body["keys"].(map[string]any); ok {
			keys = len(k)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(in) > 0 || keys != 1 {
		t.Errorf("no entry says where to find %v; %d keys are named", in, keys)
	}
}

func TestAProofThatLeavesEntriesOutIsBroken(t *testing.T) {
	root := newWorkspace(t, people, peopleRows)
	out := runOnce(t, root, "people", Options{})
	raw, err := os.ReadFile(filepath.Join(root, out.Folder, proofName))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := proof.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	whole := bundle.Entries
	if len(whole) != out.Entries {
		t.Errorf("the proof has %d entries, the run %d", len(whole), out.Entries)
	}
	for left := range whole {
		bundle.Entries = whole[left:]
		if raw, err = bundle.Marshal(); err != nil {
			t.Fatal(err)
		}
		if report := verify.Proof(raw, proofName, nil, nil); report.OK != (left == 0) {
			t.Errorf("without its first %d entries: %s", left, report.Summary)
		}
	}
}
