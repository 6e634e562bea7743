package clearwell_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// verifierModules are the only foreign modules that the verifier may need, by
// whatever path: what outsiders must trust is to be small enough to read.
var verifierModules = []string{"golang.org/x/mod"}

// writer is the module that writes the log. A verifier that shared its code
// would share its mistakes.
const writer = "github.com/transparency-dev/tessera"

func TestTheVerifierSharesNoCodeWithTheWriterOfTheLog(t *testing.T) {
	packages := dependencies(t, "./lineage/verify")
	for _, p := range packages {
		if p.Module == nil { // standard library
			continue
		}
		switch {
		case p.Module.Path == writer:
			t.Errorf("lineage/verify needs %s, by way of %s", p.ImportPath, chainTo(packages, p.ImportPath))
		case p.Module.Path != module && !slices.Contains(verifierModules, p.Module.Path):
			t.Errorf("lineage/verify needs module %s, by way of %s; it may need %s", p.Module.Path, chainTo(packages, p.ImportPath), strings.Join(verifierModules, ", "))
		}
	}
}

// goPackage is what the go command tells of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
	Module     *struct{ Path string }
}

// dependencies lists a package of ours and all that it needs, deepest first.
func dependencies(t *testing.T, path string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		t.Fatalf("%s told nothing", cmd)
	}
	return list
}

// chainTo is one way from the last package of a list to the given one.
func chainTo(list []goPackage, path string) string {
	chain := path
	for i := 0; i < len(list); {
		if slices.Contains(list[i].Imports, path) {
			path = list[i].ImportPath
			chain = path + " -> " + chain
			i = 0
			continue
		}
		i++
	}
	return chain
}
