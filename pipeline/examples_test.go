package pipeline

import (
	"path/filepath"
	"testing"

	"clearwell/rules"
)

// noticedLeast is the share of broken parts, in percent, that the tests of the examples must notice.
const noticedLeast = 95

func TestTheTestsOfTheExamplesPassAndNoticeWhatIsBroken(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "examples", "*", rules.WorkspaceFile))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		ws, err := rules.Load(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, ds := range ws.Datasets {
			results, err := RunTests(t.Context(), ds)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if !r.Passed {
					t.Errorf("%s:%d: %+v", r.File, r.Line, r.Differences)
				}
			}
			if t.Failed() {
				continue
			}
			m, err := Mutate(t.Context(), ds)
			if err != nil {
				t.Fatal(err)
			}
			if m.Tried == 0 || 100*m.Noticed < noticedLeast*m.Tried || m.WholeNoticed != m.WholeTried {
				t.Errorf("%s: %d of %d parts broken on purpose were noticed, %d of %d as a whole; not %+v", ds.ID, m.Noticed, m.Tried, m.WholeNoticed, m.WholeTried, m.Unnoticed)
			}
		}
	}
}
