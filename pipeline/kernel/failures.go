package kernel

// failureWatch is somebody who wants the values that break a rule.
type failureWatch struct {
	rule int
	tell func(text []byte)
}

// WatchFailures has f told of the text, as cleaned, of every cell that breaks a rule
// on one field, and of cells of that field with a text that is not of its type: no rule can
// look at those. It is told before any rule takes the value away; the text is valid during the call.
func (w *Worker) WatchFailures(rule int, f func(text []byte)) {
	w.failures = append(w.failures, failureWatch{rule, f})
}

// tellFailures tells those who watch.
func (w *Worker) tellFailures() {
	for _, watch := range w.failures {
		field := w.program.rules[watch.rule].field
		if field < 0 {
			continue
		}
		col, failed := &w.state.columns[field], w.checked.Outcomes[watch.rule].Failed
		for k, s := range w.scope {
			word := s & col.present[k] &^ col.valid[k]
			if failed != nil {
				word |= failed[k]
			}
			w.rows = Bits{word}.AppendRows(w.rows[:0])
			for _, row := range w.rows {
				if text := col.text.cell(k<<6 + int(row)); len(text) > 0 {
					watch.tell(text)
				}
			}
		}
	}
}

// CleanedText is the text of a cell of the last batch after all cleaning steps, whatever
// rules did to the value since; only what a rule replaced is not to be had any more. It
// is valid until the worker's next call.
func (w *Worker) CleanedText(field, row int) []byte { return w.state.columns[field].text.cell(row) }
