package rules

import (
	"os"
	"path/filepath"

	"clearwell/rules/contract"
	"clearwell/rules/syntax"
)

// Language is the language in which the workspace that dir is in wants messages,
// as its clearwell.yaml says. It is empty if that says nothing, cannot be read or is
// not there: also the mistakes of a broken workspace are told in its language.
func Language(dir string) string {
	root, err := Find(dir)
	if err != nil {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(root, WorkspaceFile))
	if err != nil {
		return ""
	}
	var m contract.Workspace
	r := &syntax.Report{}
	if node := syntax.Parse(text, r); node != nil {
		syntax.Decode(node, "", &m, r)
	}
	return m.Language.Value
}
