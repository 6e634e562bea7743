package quality

import (
	"html/template"
	"strings"
)

// Style is the style sheet of the result's page, for other pages that are to look
// like it: colours for light and dark, tables, bars, tags, and how all of it is printed.
func Style() template.CSS {
	_, rest, _ := strings.Cut(pageText, "<style>")
	css, _, _ := strings.Cut(rest, "</style>")
	return template.CSS(css)
}

// Grouped writes an integer as the page does: 1,234,567.
func Grouped(n int64) string { return grouped(n) }
