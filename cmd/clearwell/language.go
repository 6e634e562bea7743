package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"clearwell/rules"
	"clearwell/rules/wording"
)

// languageFlag is the language of messages about contracts; empty: not asked for.
type languageFlag string

func (l *languageFlag) String() string { return string(*l) }

func (l *languageFlag) Type() string { return "LANG" }

func (l *languageFlag) Set(s string) error {
	if !slices.Contains(wording.Languages, s) {
		return fmt.Errorf("languages are %s", strings.Join(wording.Languages, " and "))
	}
	*l = languageFlag(s)
	return nil
}

// language is that of messages about contracts: what the command line asks for, else
// the workspace, else the computer, else English.
func (a *app) language() string {
	return cmp.Or(string(a.lang), rules.Language(cmp.Or(a.dir, ".")), languageOfComputer(), wording.English)
}

// languageOfComputer reads the locale as POSIX has it: the first of the variables that
// is not empty counts, zh_CN.UTF-8 is Chinese. Empty: a language that we do not speak.
func languageOfComputer() string {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	if end := strings.IndexAny(locale, "_-.@"); end >= 0 {
		locale = locale[:end]
	}
	if !slices.Contains(wording.Languages, locale) {
		return ""
	}
	return locale
}

// counted is one or many, by n.
func counted(n int, one, many *wording.Text) *wording.Text {
	if n == 1 {
		return one
	}
	return many
}
