// Package interchange brings rules that others wrote into contracts, and hands
// contracts to others: it imports data contracts of the Open Data Contract Standard
// (v3), suites of Great Expectations, tests of dbt, checks of Soda and Frictionless
// Table Schemas and Data Packages, and exports ODCS and Frictionless descriptors.
//
// An import reads the foreign file as a tree with places (tree.go), carries what it
// knows into a draft of a contract (draft.go), and writes that as text with comments
// (write.go). Every key of the foreign file is either carried over or listed in
// Imported.Lost with its place and the reason: what nobody read is found by walking
// the tree again. Nothing is approximated in silence.
//
// The package reads bytes and returns bytes; it opens no file. Start at Import and Export.
package interchange
