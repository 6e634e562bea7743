// Package standard is the library of standards: what a citizen's number, a
// mobile number or a code of sex is, as byte-level algorithms and code tables,
// with the title, level and default treatment that a contract takes over when a
// field names the standard.
//
// It reads no contract and no data. Start at Lookup; the standards themselves
// are listed in registry.go, each algorithm has a file of its own, the tables and
// their sources are under tables/.
//
// All functions on bytes allocate nothing, keep no reference to their argument
// and are safe for concurrent use.
package standard

import (
	"slices"
	"strconv"
	"strings"

	"clearwell/rules/wording"
)

// A Standard is one entry of the library. It is plain data to be read only.
type Standard struct {
	Name      string            // dotted, by authority: cn.id_card
	Title     map[string]string // by language: en, zh
	Source    string            // the norm that it follows
	Kind      string            // kind of the field when the contract says none: string, date, timestamp, decimal
	Formats   []string          // kinds date and timestamp: formats in order of trial
	Level     int               // sensitivity 1..4 after DB33/T 2351-2021
	Dimension string            // of its check; empty if it has none
	Indicator string            // of its check: code of GB/T 36344-2018
	Treatment *Treatment        // default desensitization; nil: none
	Steps     []Step            // base cleaning, before the standard's own
	Options   []Option
	Cleans    bool              // Compiled.Clean is there
	Checks    bool              // Compiled.Valid is there
	Form      map[string]string // what a right value looks like, by language; completes "a value is ..."
	Note      map[string]string // what is not judged or not held here, by language; nil: nothing to say

	Precision, Scale int // kind decimal: digits in all and behind the point

	compile func(options) (*Compiled, error)
	shape   shape
}

// A Step is one step of the base cleaning. Op and parameters have the names and
// meaning of the steps of a plan.
type Step struct {
	Op    string // trim, halfwidth, upper, lower, remove
	Chars string // remove: the characters
}

// A Treatment is a default desensitization. Method and parameters have the
// names and meaning of the treatments of a plan.
type Treatment struct {
	Method    string // mask, truncate, pseudonym, band, drop
	KeepFirst int    // mask: characters that stay
	KeepLast  int
	Fill      string // mask: what stands for the hidden characters; empty: *
	FillOnce  bool   // mask: Fill stands once for all of them
	To        string // truncate: city, province, domain, year, month
	Width     int    // band
	Key       string // pseudonym: name in the key store
}

// An Option is one thing that a contract may set on a standard.
type Option struct {
	Name    string
	Default string
	Values  []string // allowed; nil: a number, see the title
	Title   map[string]string
}

// Compiled is a standard with its options, ready for cells.
type Compiled struct {
	// Clean brings a value into the standard's form. With changed false, out is
	// dst as it was and the value is src; with changed true the new value has
	// been appended to dst. A value that does not come out as the standard's
	// form is left as it is, so that the department sees what it delivered. dst and
	// src must not overlap. Nil unless Standard.Cleans.
	Clean func(dst, src []byte) (out []byte, changed bool)

	// Valid reports whether a cleaned value is right. Nil unless Standard.Checks.
	Valid func(b []byte) bool

	codes []string // all right values, where they are a list
}

// Lookup finds a standard by its name.
func Lookup(name string) (*Standard, bool) {
	i, found := slices.BinarySearchFunc(library, name, func(s *Standard, name string) int {
		return strings.Compare(s.Name, name)
	})
	if !found {
		return nil, false
	}
	return library[i], true
}

// Names are the names of all standards, sorted.
func Names() []string {
	names := make([]string, len(library))
	for i, s := range library {
		names[i] = s.Name
	}
	return names
}

// Compile binds options to the standard; options not given have their
// defaults. The error is an *OptionError.
func (s *Standard) Compile(opts map[string]string) (*Compiled, error) {
	o, err := s.bind(opts)
	if err != nil {
		return nil, err
	}
	if s.compile == nil {
		return &Compiled{}, nil
	}
	return s.compile(o)
}

// bind fills in the defaults and checks what is given.
func (s *Standard) bind(opts map[string]string) (options, error) {
	o := options{standard: s, values: make(map[string]string, len(s.Options))}
	for _, opt := range s.Options {
		o.values[opt.Name] = opt.Default
	}
	given := make([]string, 0, len(opts))
	for name := range opts {
		given = append(given, name)
	}
	slices.Sort(given) // so that the error is the same every time
	for _, name := range given {
		if err := o.set(name, opts[name]); err != nil {
			return options{}, err
		}
	}
	return o, nil
}

// An OptionError says that a standard has no such option or that the option
// cannot have the value.
type OptionError struct {
	Standard string
	Option   string
	Value    string         // empty when the option itself is unknown
	Allowed  []string       // values of the option, or names of the options
	Unknown  bool           // there is no such option
	Want     wording.Phrase // what the value must be, where it is neither a list nor a year
}

func (e *OptionError) Error() string { return e.In(wording.English) }

// In implements wording.Speaker.
func (e *OptionError) In(lang string) string { return e.text().In(lang) }

func (e *OptionError) text() *wording.Text {
	switch {
	case e.Unknown && len(e.Allowed) == 0:
		return wording.Textf("standard %s has no option %q; it has none at all", e.Standard, e.Option)
	case e.Unknown:
		return wording.Textf("standard %s has no option %q; it has %s", e.Standard, e.Option, wording.List(e.Allowed))
	case e.Want != "":
		return wording.Textf("standard %s, option %s: %q is not %s", e.Standard, e.Option, e.Value, e.Want)
	case len(e.Allowed) == 0:
		return wording.Textf("standard %s, option %s: %q is not a year from 1 to 9999", e.Standard, e.Option, e.Value)
	}
	return wording.Textf("standard %s, option %s: %q is not one of %s", e.Standard, e.Option, e.Value, wording.List(e.Allowed))
}

// options are the options of one use of a standard, defaults filled in.
type options struct {
	standard *Standard
	values   map[string]string
}

func (o options) set(name, value string) error {
	for _, opt := range o.standard.Options {
		if opt.Name != name {
			continue
		}
		if opt.Values != nil && !slices.Contains(opt.Values, value) {
			return &OptionError{Standard: o.standard.Name, Option: name, Value: value, Allowed: opt.Values}
		}
		o.values[name] = value
		return nil
	}
	var known []string
	for _, opt := range o.standard.Options {
		known = append(known, opt.Name)
	}
	return &OptionError{Standard: o.standard.Name, Option: name, Allowed: known, Unknown: true}
}

func (o options) is(name string) bool     { return o.values[name] == "true" }
func (o options) text(name string) string { return o.values[name] }

func (o options) year(name string) (int, error) {
	y, err := strconv.Atoi(o.values[name])
	if err != nil || y < 1 || y > 9999 {
		return 0, &OptionError{Standard: o.standard.Name, Option: name, Value: o.values[name]}
	}
	return y, nil
}

// As is a copy of the standard under another name that says what it is and does
// nothing: without steps, options, cleaning and check. Standards of a bureau
// begin as a copy of what they build on.
func (s *Standard) As(name string) *Standard {
	c := *s
	c.Name, c.Steps, c.Options, c.Cleans, c.Checks, c.compile, c.shape = name, nil, nil, false, false, nil, shape{}
	return &c
}
