package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// TestDescriptionsAreDelivered: what the contract says of dataset and fields stands in
// the Parquet file and in the data package, and counts as metadata.
func TestDescriptionsAreDelivered(t *testing.T) {
	const contract = `dataset: people
owner: registry
description: {en: Who lives here, zh: 常住人口}
source: {path: "inbox/*.csv"}
fields:
  id: {level: L1, description: 全市唯一的登记编号}
  age: {level: L1, type: integer}
publish: {audience: internal}
`
	root := newWorkspace(t, contract, "id,age\n1,2\n")
	out := runOnce(t, root, "people", Options{})
	for _, m := range out.Quality.Measured {
		if m.Indicator == "0103" && (m.Published.Checked != 8 || m.Published.Failed != 2) { // two fields have no title
			t.Errorf("0103: %+v", m.Published)
		}
	}
	pkg, err := os.ReadFile(filepath.Join(root, out.Folder, packageName))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"description": "Who lives here"`, `"zh": "常住人口"`, `"description": "全市唯一的登记编号"`} {
		if !strings.Contains(string(pkg), want) {
			t.Errorf("%s is not in the data package:\n%s", want, pkg)
		}
	}
	f, err := file.OpenParquetFile(filepath.Join(root, out.Files[0]), false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := r.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := schema.Field(0).Metadata.GetValue("description.zh"); !ok || got != "全市唯一的登记编号" {
		t.Errorf("the column says %q", got)
	}
	mustBeWhole(t, root)
}
