package contract

import "clearwell/rules/syntax"

// Workspace is clearwell.yaml.
type Workspace struct {
	Pos         syntax.Pos                 `yaml:"-"`
	Workspace   syntax.Text                `yaml:"workspace" need:"yes" doc:"Name of the workspace."`
	Title       Titles                     `yaml:"title" doc:"Title: one text, or one per language."`
	Language    syntax.Text                `yaml:"language" oneof:"en zh" doc:"Language of messages about mistakes (default: that of the computer, LANG, else en) and of the quality page of a version (default: one page in both)."`
	Departments syntax.Ordered[Department] `yaml:"departments" need:"yes" doc:"The departments by id."`
	Standards   *Pins                      `yaml:"standards" doc:"Versions that the standards must have; another one is a mistake."`
}

// LaterKeys implements syntax.Later.
func (*Workspace) LaterKeys() []string {
	return []string{"storage", "ledger", "console", "alerts", "memory", "policy"}
}

// Department is one department that owns data.
type Department struct {
	Pos       syntax.Pos  `yaml:"-"`
	Title     Titles      `yaml:"title" doc:"Name of the department: one text, or one per language."`
	Contact   syntax.Text `yaml:"contact" doc:"Who answers questions about its data."`
	PublicKey syntax.Text `yaml:"public_key" doc:"Key with which it signs its deliveries."`
}

// Table is standards/<name>.yaml: a code table of the bureau's own.
type Table struct {
	Pos      syntax.Pos                    `yaml:"-"`
	Table    syntax.Text                   `yaml:"table" need:"yes" doc:"Name by which checks refer to the table."`
	Title    Titles                        `yaml:"title" doc:"Title: one text, or one per language."`
	Codes    syntax.Ordered[Value]         `yaml:"codes" doc:"The codes and their names."`
	File     syntax.Text                   `yaml:"file" doc:"CSV or tab-separated file with the codes, relative to the workspace."`
	Column   syntax.Text                   `yaml:"column" doc:"Column of the file: its number from 1, or its name in the header; default 1."`
	Names    syntax.Text                   `yaml:"names" doc:"Column of the file with the names of the codes."`
	Synonyms syntax.Text                   `yaml:"synonyms" doc:"Column of the file with other words for the codes, separated by |."`
	Also     syntax.Ordered[[]syntax.Text] `yaml:"also" doc:"Other words by code, such as {1: [男, M]}."`
}

// Jobs is jobs.yaml.
type Jobs struct {
	Pos  syntax.Pos `yaml:"-"`
	Jobs []Job      `yaml:"jobs" need:"yes" doc:"The jobs."`
}

// Job runs datasets on a schedule.
type Job struct {
	Pos      syntax.Pos    `yaml:"-"`
	ID       syntax.Text   `yaml:"id" need:"yes" doc:"Stable name of the job."`
	Title    Titles        `yaml:"title" doc:"Title: one text, or one per language."`
	Dataset  []syntax.Text `yaml:"dataset" need:"yes" single:"yes" doc:"The dataset, or a list of datasets, to run."`
	Cron     syntax.Text   `yaml:"cron" need:"yes" doc:"Five fields: minute hour day month weekday; or @daily and the like."`
	TimeZone syntax.Text   `yaml:"time_zone" doc:"IANA time zone of the schedule, such as Asia/Shanghai; default UTC."`
	CatchUp  syntax.Text   `yaml:"catch_up" oneof:"last none all" doc:"Which due times missed while nothing served are run afterwards; default last."`
	Overlap  syntax.Text   `yaml:"overlap" oneof:"skip queue replace" doc:"What happens when a run is due while the one before still goes; default skip."`
	Paused   syntax.Flag   `yaml:"paused" doc:"true: not started by the schedule."`
}

// LaterKeys implements syntax.Later.
func (*Job) LaterKeys() []string {
	return []string{"jitter", "retries", "timeout", "after", "backfill", "alerts"}
}
