package contract

import "clearwell/rules/syntax"

// OwnStandard is standards/<name>.yaml with the key standard: a standard of the
// bureau's own, made of the same parts as a field.
type OwnStandard struct {
	Pos       syntax.Pos            `yaml:"-"`
	Standard  syntax.Text           `yaml:"standard" need:"yes" doc:"Name by which fields refer to it: words with a dot between them, such as civil.permit_no."`
	Title     Titles                `yaml:"title" doc:"Title: one text, or one per language."`
	Version   syntax.Text           `yaml:"version" doc:"Version, which clearwell.yaml may pin; it stands in the plan of every contract that uses the standard."`
	Norm      syntax.Text           `yaml:"norm" doc:"The regulation that it follows."`
	Overrides syntax.Text           `yaml:"overrides" doc:"A standard of the library whose place it takes: contracts that name that one get this one."`
	Base      *Reference            `yaml:"base" doc:"Standard that it builds on, of the library or of the bureau: its name, or a block with name and options. Steps, checks, level and treatment come from there unless said here."`
	Type      syntax.Text           `yaml:"type" doc:"Type of the field, as in a contract; default: the base's, else string."`
	Formats   []syntax.Text         `yaml:"formats" single:"yes" doc:"Date and time patterns in order of trial; default: the base's."`
	Clean     *Steps                `yaml:"clean" doc:"Cleaning steps, after those of the base; default without a base: trim."`
	Map       syntax.Ordered[Value] `yaml:"map" doc:"Whole values to replace, after all cleaning steps."`
	Check     *Block                `yaml:"check" doc:"Conditions that a value must fulfil, beside those of the base: pattern, length, range, set, standard and others of a check; not those that need other fields."`
	Level     syntax.Text           `yaml:"level" oneof:"L1 L2 L3 L4" doc:"Sensitivity; default: the base's. It must be given without a base."`
	Desens    *Treatment            `yaml:"desensitize" doc:"Default treatment; default: the base's."`
	Dimension syntax.Text           `yaml:"dimension" oneof:"normativity completeness accuracy consistency timeliness accessibility" doc:"Quality dimension of its check; default: the base's, else normativity."`
	Indicator syntax.Text           `yaml:"indicator" doc:"Indicator of GB/T 36344 of its check, 0101 to 0602; default: the base's, else 0101."`
	Form      Titles                `yaml:"form" doc:"What a right value looks like, for messages."`
	Examples  *Examples             `yaml:"examples" doc:"Values that must be right and values that must be wrong; clearwell standards NAME holds the standard against them."`
}

// Doc implements syntax.Documented.
func (*OwnStandard) Doc() string { return "A standard of the bureau's own." }

// LaterKeys implements syntax.Later.
func (*OwnStandard) LaterKeys() []string { return []string{"options", "years", "words", "nulls"} }

// Examples are values of an own standard.
type Examples struct {
	Valid   []syntax.Text `yaml:"valid" single:"yes" doc:"Right values, as they are delivered."`
	Invalid []syntax.Text `yaml:"invalid" single:"yes" doc:"Wrong values, as they are delivered."`
}

// Pins hold the standards of a workspace to versions.
type Pins struct {
	Pos     syntax.Pos                  `yaml:"-"`
	Version syntax.Text                 `yaml:"version" doc:"Version of the library, as clearwell standards prints it."`
	Pin     syntax.Ordered[syntax.Text] `yaml:"pin" doc:"Version by standard: of an own standard its version, of one of the library its norm, such as cn.gender: GB/T 2261.1-2003."`
}

// Doc implements syntax.Documented.
func (*Pins) Doc() string { return "Versions that the standards of the workspace must have." }
