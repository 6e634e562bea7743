package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"clearwell/connectors/archive"
	"clearwell/rules"
)

func TestThousandsOfFilesAreFewEntriesThatFitIntoTheLog(t *testing.T) {
	for _, name := range []string{"inbox/part-%05d.csv", "收件箱/\"第%05d批\"/" + strings.Repeat("长", 60) + ".csv"} {
		objects := make([]sourceObject, 10_000)
		for i := range objects {
			objects[i] = sourceObject{Name: fmt.Sprintf(name, i), Archive: archive.Object{SHA256: strings.Repeat("ab", 32), Size: 7}}
		}
		j := &job{plan: &rules.Plan{Owner: "statistics"}, data: &rules.Dataset{ID: "small-files"}}
		var next int
		var size int64
		drafts := deliveryDrafts(j, objects)
		for _, d := range drafts {
			for _, s := range d.Subjects {
				if want := "archive/" + objects[next].Name; s.Name != want {
					t.Fatalf("subject %d is %s, not %s", next, s.Name, want)
				}
				next++
			}
			size += d.Body.(map[string]any)["bytes"].(int64)
			type subject struct {
				Digest map[string]string `json:"digest"`
				Name   string            `json:"name"`
			}
			var written []subject
			for _, s := range d.Subjects {
				written = append(written, subject{map[string]string{"sha256": s.SHA256}, s.Name})
			}
			if data, _ := json.Marshal(written); len(data) > subjectBytes {
				t.Fatalf("%s: %d bytes of subjects", d.Step, len(data))
			}
		}
		if next != len(objects) || size != 70_000 {
			t.Errorf("%d objects of %d bytes are in the entries", next, size)
		}
		if len(drafts) > 100 {
			t.Errorf("%d entries", len(drafts))
		}
	}
}

func TestOneFileIsAnEntryThatNamesIt(t *testing.T) {
	j := &job{plan: &rules.Plan{}, data: &rules.Dataset{ID: "d"}}
	drafts := deliveryDrafts(j, []sourceObject{{Name: "inbox/a.csv", Archive: archive.Object{Size: 9}}})
	if len(drafts) != 1 || drafts[0].Body.(map[string]any)["object"] != "inbox/a.csv" {
		t.Errorf("got %+v", drafts)
	}
}
