package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearwell/pipeline"
	"clearwell/rules"
	"clearwell/rules/standard"
)

// Samples that `standards NAME` shows, of the seed 1, so that they are the same every time.
const (
	shownSamples = 5
	sampleSeed   = 1
)

func (a *app) standardsCommand() *cobra.Command {
	var check bool
	var set map[string]string
	c := &cobra.Command{
		Use:   "standards [NAME [--check VALUE...]]",
		Short: "List the standards that fields can name, explain one, or judge values by it",
		Long: `standards lists the library and, in a workspace, the bureau's own standards.
With a name it says what the standard does: norm, level, steps, options, and
right and wrong values, which are invented. With --check it judges values, says
why one is wrong, and ends with 1 if one is.`,
		Example: `  clearwell standards cn.id_card
  clearwell standards cn.id_card --check 11010519491231002x 110105194912310021
  clearwell standards iso.country --set form=numeric --check 中国`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			ws, err := a.standardsOf()
			if err != nil {
				return err
			}
			switch {
			case len(args) == 0 && (check || len(set) > 0):
				return usageError{errors.New("name the standard and the values: clearwell standards NAME --check VALUE")}
			case len(args) == 0:
				return a.listStandards(c, ws)
			case len(args) == 1 && check:
				return usageError{errors.New("--check takes the values to judge: clearwell standards NAME --check VALUE")}
			case len(args) > 1 && !check:
				return usageError{fmt.Errorf("one standard at a time; to judge values: clearwell standards %s --check %s", args[0], strings.Join(args[1:], " "))}
			}
			v, err := ws.Standard(args[0], set)
			if err != nil {
				if !strings.Contains(err.Error(), "did you mean") {
					err = fmt.Errorf("%w; all are listed by: %s standards", err, called())
				}
				return usageError{err}
			}
			if check {
				return a.judgeValues(c, v, args[1:])
			}
			return a.explainStandard(c, v)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "judge the values behind the name")
	c.Flags().StringToStringVar(&set, "set", nil, "options of the standard, `name=value,...`")
	return c
}

// standardsOf is the workspace that one stands in, or the library where there is none.
func (a *app) standardsOf() (*rules.Workspace, error) {
	ws, err := a.load()
	if a.dir == "" && errors.Is(err, rules.ErrNoWorkspace) {
		return rules.Library(), nil
	}
	return ws, err
}

// standardLine is one standard of the list, for machines.
type standardLine struct {
	Name      string            `json:"name"`
	Title     map[string]string `json:"title"`
	Norm      string            `json:"norm"`
	Level     string            `json:"level"`
	Own       string            `json:"own,omitempty"` // file of the bureau's standard that stands there
	Version   string            `json:"version,omitempty"`
	Note      map[string]string `json:"note,omitempty"`
	Overrides string            `json:"overrides,omitempty"`
}

func (a *app) listStandards(c *cobra.Command, ws *rules.Workspace) error {
	var lines []standardLine
	for _, name := range ws.StandardNames() {
		v, err := ws.Standard(name, nil)
		if err != nil {
			return err
		}
		line := standardLine{Name: name, Title: v.Title, Norm: v.Norm, Level: v.Level.String(), Own: v.File, Note: v.Note, Overrides: v.Overrides}
		if v.Own != "" {
			line.Version = v.Version
		}
		lines = append(lines, line)
	}
	if a.json {
		return printJSON(c, map[string]any{"version": standard.Version, "standards": lines})
	}
	t := newTable("STANDARD", "TITLE", "", "LEVEL", "NORM")
	for _, l := range lines {
		norm := l.Norm
		if l.Own != "" {
			norm = strings.TrimPrefix(norm+"; "+l.Own, "; ")
		}
		t.add(l.Name, l.Title["zh"], l.Title["en"], l.Level, norm)
	}
	out := c.OutOrStdout()
	t.print(out)
	_, err := fmt.Fprintf(out, "\n%d standards, library %s; one of them: %s standards NAME\n", len(lines), standard.Version, called())
	return err
}

// standardReport is what `standards NAME --json` prints.
type standardReport struct {
	Name      string               `json:"name"`
	Title     map[string]string    `json:"title"`
	Norm      string               `json:"norm"`
	Version   string               `json:"version"`
	Own       string               `json:"own,omitempty"`
	Overrides string               `json:"overrides,omitempty"`
	Base      string               `json:"base,omitempty"`
	Type      string               `json:"type"`
	Level     string               `json:"level"`
	Dimension string               `json:"dimension,omitempty"`
	Indicator string               `json:"indicator,omitempty"`
	Treatment rules.Treatment      `json:"treatment"`
	Form      map[string]string    `json:"form,omitempty"`
	Note      map[string]string    `json:"note,omitempty"`
	Options   []standardOption     `json:"options,omitempty"`
	Steps     []rules.Step         `json:"steps"`
	Checks    []string             `json:"checks"`
	Right     []pipeline.Judgement `json:"right"`
	Wrong     []pipeline.Judgement `json:"wrong"`
	Examples  []exampleMistake     `json:"examples_that_do_not_hold,omitempty"`
}

type standardOption struct {
	Name    string            `json:"name"`
	Default string            `json:"default"`
	Values  []string          `json:"values,omitempty"`
	Title   map[string]string `json:"title"`
}

// exampleMistake is an example of a bureau's standard that it judges otherwise.
type exampleMistake struct {
	Value    string `json:"value"`
	Expected string `json:"expected"` // right | wrong
}

func (a *app) explainStandard(c *cobra.Command, v *rules.StandardView) error {
	r := standardReport{Name: v.Name, Title: v.Title, Norm: v.Norm, Version: v.Version, Own: v.File, Overrides: v.Overrides, Base: v.Base, Type: v.Type.String(),
		Level: v.Level.String(), Dimension: v.Dimension, Indicator: v.Indicator, Treatment: v.Treatment, Form: v.Form, Note: v.Note, Steps: v.Steps}
	for _, o := range v.Options {
		r.Options = append(r.Options, standardOption(o))
	}
	for _, rule := range v.Plan().Rules {
		r.Checks = append(r.Checks, rule.Conditions[0].String())
	}
	if err := r.sample(c, v); err != nil {
		return err
	}
	if a.json {
		if err := printJSON(c, r); err != nil {
			return err
		}
	} else {
		r.print(c.OutOrStdout())
	}
	if len(r.Examples) > 0 {
		return &shownError{errors.New("an example of the standard does not hold")}
	}
	return nil
}

// sample fills in invented values as the whole standard judges them, and the
// examples of a bureau's standard.
func (r *standardReport) sample(c *cobra.Command, v *rules.StandardView) error {
	valid, invalid, err := v.Samples(sampleSeed, 4*shownSamples)
	if err != nil {
		return err
	}
	list := append(slices.Clone(v.Valid), v.Wrong...)
	examples := len(list)
	list = append(list, valid...)
	for _, s := range invalid {
		list = append(list, s.Value)
	}
	judged, err := pipeline.JudgeValues(c.Context(), v, list)
	if err != nil {
		return err
	}
	for i, j := range judged {
		if i < examples && j.Valid != (i < len(v.Valid)) {
			expected := "wrong"
			if i < len(v.Valid) {
				expected = "right"
			}
			r.Examples = append(r.Examples, exampleMistake{j.Value, expected})
			continue
		}
		into := &r.Wrong
		if j.Valid {
			into = &r.Right
		}
		if i < examples || len(*into) < shownSamples {
			*into = append(*into, j)
		}
	}
	return nil
}

func (r *standardReport) print(out io.Writer) {
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "%-10s %s\n", label, text)
		}
	}
	fmt.Fprintf(out, "%s  %s  %s\n", r.Name, r.Title["zh"], r.Title["en"])
	line("norm", r.Norm)
	if r.Own != "" {
		line("file", r.Own)
		line("version", r.Version)
		line("overrides", r.Overrides)
		line("builds on", r.Base)
	}
	line("type", r.Type)
	line("level", r.Level)
	if r.Dimension != "" {
		line("counts as", r.Dimension+" "+r.Indicator)
	}
	if r.Treatment.Method != rules.Plain {
		line("treatment", r.Treatment.String())
	}
	line("form", r.Form["en"])
	line("", r.Form["zh"])
	line("note", r.Note["en"])
	line("", r.Note["zh"])
	for i, s := range r.Steps {
		label := ""
		if i == 0 {
			label = "cleaning"
		}
		line(label, s.String())
	}
	for i, check := range r.Checks {
		label := ""
		if i == 0 {
			label = "check"
		}
		line(label, check)
	}
	for i, o := range r.Options {
		label := ""
		if i == 0 {
			label = "options"
		}
		values := ""
		if len(o.Values) > 0 {
			values = ", one of " + strings.Join(o.Values, " ")
		}
		def := o.Default
		if def == "" {
			def = "none"
		}
		line(label, fmt.Sprintf("%s: %s (default %s%s)", o.Name, o.Title["en"], def, values))
	}
	printJudgements(out, "right", r.Right)
	printJudgements(out, "wrong", r.Wrong)
	for _, e := range r.Examples {
		fmt.Fprintf(out, "the example %q should be %s and is not\n", e.Value, e.Expected)
	}
}

// printJudgements prints values with what cleaning made of them and why they are wrong.
func printJudgements(out io.Writer, label string, list []pipeline.Judgement) {
	for i, j := range list {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(out, "%-10s %s\n", label, judgementWords(j))
	}
}

func judgementWords(j pipeline.Judgement) string {
	text := fmt.Sprintf("%q", j.Value)
	if j.Cleaned != nil && *j.Cleaned != j.Value {
		text += fmt.Sprintf(" -> %q", *j.Cleaned)
	}
	for i, r := range j.Reasons {
		between := ": "
		if i > 0 {
			between = "; "
		}
		text += between + r.Text["en"]
		if zh := r.Text["zh"]; zh != "" {
			text += "（" + zh + "）"
		}
	}
	return text
}

func (a *app) judgeValues(c *cobra.Command, v *rules.StandardView, list []string) error {
	judged, err := pipeline.JudgeValues(c.Context(), v, list)
	if err != nil {
		return err
	}
	wrong := 0
	for _, j := range judged {
		if !j.Valid {
			wrong++
		}
	}
	if a.json {
		if err := printJSON(c, map[string]any{"standard": v.Name, "ok": wrong == 0, "values": judged}); err != nil {
			return err
		}
	} else {
		for _, j := range judged {
			verdict := "right"
			if !j.Valid {
				verdict = "wrong"
			}
			fmt.Fprintf(c.OutOrStdout(), "%s  %s\n", verdict, judgementWords(j))
		}
	}
	if wrong > 0 {
		return &shownError{fmt.Errorf("%d of %d values are wrong", wrong, len(judged))}
	}
	return nil
}
