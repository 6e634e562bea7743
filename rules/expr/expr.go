// Package expr holds the expressions of a contract: CEL (Common Expression
// Language) text with its checked syntax tree and the fields it reads.
package expr

import (
	"encoding/json"

	"cel.dev/cel-go/cel"
)

// Expr is one checked expression. Its JSON form is the text alone: the tree
// follows from the text and the fields' types.
type Expr struct {
	Text   string
	Fields []string // fields read, each once, in order of first use
	// TestsNull names the fields that the expression compares with null itself.
	// A null in any other field makes the result unknown.
	TestsNull []string
	AST       *cel.Ast
}

// MarshalJSON gives the text.
func (e *Expr) MarshalJSON() ([]byte, error) { return json.Marshal(e.Text) }
