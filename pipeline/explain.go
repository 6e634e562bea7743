package pipeline

import "clearwell/rules"

// describeFailure says in words what a rule demands: the officer's own words for
// the department where the contract has them, else the rule itself.
func describeFailure(r *rules.Rule) string {
	if r.Fix != "" {
		return r.Fix
	}
	for _, lang := range []string{"zh", "en"} {
		if t := r.Title[lang]; t != "" {
			return t
		}
	}
	of := r.ID
	if r.Field != "" {
		of = r.Field
	}
	return of + " breaks the rule: " + r.Demands()
}
