// Package expr holds the expressions of a contract: CEL (Common Expression
// Language) text with its checked syntax tree and the fields it reads, and
// their evaluation row by row for what no column kernel covers.
//
// Every field is nullable and an expression is three-valued: it is Unknown on a
// row where a field that it reads is null, unless it compares that field with
// null itself, and where a function has no answer (the birth date in an ID
// number that is not valid). Unknown means: not checked.
//
// Start at NewEnv for checking, at NewProgram for evaluation.
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

	env *Env
}

// MarshalJSON gives the text.
func (e *Expr) MarshalJSON() ([]byte, error) { return json.Marshal(e.Text) }
