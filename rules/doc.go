// Package rules is what officers write and what becomes of it: the workspace
// and its contracts in YAML, read strictly and with positions; the standards
// library; and the compilation of a contract into a typed Plan.
//
// It reads no data and runs nothing. Start at Plan for the result, at Load for
// the way there.
package rules
