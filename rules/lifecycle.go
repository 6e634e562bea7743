package rules

import (
	"fmt"
	"strings"
	"time"

	"clearwell/rules/contract"
)

// Status is how far a contract has come.
type Status string

// The statuses. A contract that says none is in force without an approval.
const (
	Draft    Status = "draft"    // publishes nothing
	Approved Status = "approved" // may be run; its first publication brings it into force
	InForce  Status = "in_force"
	Retired  Status = "retired" // publishes nothing any more; what is published stays
)

// Lifecycle is what a contract says of itself. It is no part of the plan: it
// changes no published byte.
type Lifecycle struct {
	Version  string    `json:"version,omitempty"`
	Status   Status    `json:"status"`
	Approval *Approval `json:"approved,omitempty"`
}

// Approval names who approved a version of a contract.
type Approval struct {
	By   string `json:"by"`
	On   string `json:"on"` // 2006-01-02
	Note string `json:"note,omitempty"`
}

// lifecycle reads and checks what the contract says of itself.
func (p *compiler) lifecycle() Lifecycle {
	c := p.contract.Lifecycle
	out := Lifecycle{Version: c.Version.Value, Status: Status(or(c.Status.Value, string(InForce)))}
	if c.Version.Given() && (c.Version.Value == "" || len(c.Version.Value) > 64) {
		p.Addf(c.Version.Pos, "a version has 1 to 64 bytes, such as 3 or 1.2")
	}
	if a := c.Approved; a != nil {
		out.Approval = &Approval{By: a.By.Value, On: a.On.Value, Note: a.Note.Value}
		if a.By.Given() && a.By.Value == "" {
			p.Addf(a.By.Pos, "%q is empty; name the office or role that approved", "by")
		}
		if _, err := time.Parse(time.DateOnly, a.On.Value); err != nil && a.On.Given() {
			p.Addf(a.On.Pos, "%q is a date such as 2024-06-30, not %q", "on", a.On.Value)
		}
	}
	p.approvalNeeded(c)
	return out
}

// approvalNeeded reports a status that needs an approval and has none, or the other way round.
func (p *compiler) approvalNeeded(c contract.Lifecycle) {
	switch status := Status(c.Status.Value); {
	case (status == Approved || status == InForce) && c.Approved == nil:
		p.Addf(c.Status.Pos, "a contract that is %s says who approved it: add approved: {by: …, on: 2024-06-30}", status)
	case (status == Approved || status == InForce) && !c.Version.Given():
		p.Addf(c.Status.Pos, "a contract that is %s has a version; add version: 1", status)
	case status == Draft && c.Approved != nil:
		p.Addf(c.Approved.Pos, "a draft is not approved; take out approved, or write status: approved")
	}
}

// String is the lifecycle in words: version 3, approved by the data office on 2024-06-30.
func (l Lifecycle) String() string {
	var parts []string
	if l.Version != "" {
		parts = append(parts, "version "+l.Version)
	}
	if l.Status != Approved {
		parts = append(parts, map[Status]string{Draft: "draft", InForce: "in force", Retired: "retired"}[l.Status])
	}
	if l.Approval != nil {
		parts = append(parts, fmt.Sprintf("approved by %s on %s", l.Approval.By, l.Approval.On))
	}
	return strings.Join(parts, ", ")
}

// Runs reports whether a contract of this status may publish.
func (s Status) Runs() bool { return s != Draft && s != Retired }
