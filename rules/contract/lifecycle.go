package contract

import "clearwell/rules/syntax"

// Lifecycle says how far a contract has come: who may rely on it, and who approved it.
type Lifecycle struct {
	Version  syntax.Text `yaml:"version" doc:"Version of the contract, as the bureau counts: 3, 1.2, 2024-06."`
	Status   syntax.Text `yaml:"status" oneof:"draft approved in_force retired" doc:"draft and retired contracts publish nothing; approved and in_force ones name their approval; default: in force, without approval."`
	Approved *Approval   `yaml:"approved" doc:"Who approved this version, and when."`
}

// Approval is a person's or an office's word that a contract may be used.
type Approval struct {
	Pos  syntax.Pos  `yaml:"-"`
	By   syntax.Text `yaml:"by" need:"yes" doc:"Who approved: an office or a person's role."`
	On   syntax.Text `yaml:"on" need:"yes" doc:"Date of the approval: 2024-06-30."`
	Note syntax.Text `yaml:"note" doc:"File number or remark."`
}

// Doc implements syntax.Documented.
func (*Approval) Doc() string { return "Who approved the contract, and when." }
