package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"clearwell/pipeline"
)

// bar shows how far a run has come, on a terminal only.
type bar struct {
	w     io.Writer
	file  *os.File // nil: not a terminal, nothing is shown
	drawn bool
	since time.Time // when the stage began
	stage string
}

func newBar(w io.Writer) *bar {
	b := &bar{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.file = f
	}
	return b
}

// update is the callback for a run; nil where there is no terminal.
func (b *bar) update() func(pipeline.Progress) {
	if b.file == nil {
		return nil
	}
	return b.draw
}

func (b *bar) draw(p pipeline.Progress) {
	if p.Stage != b.stage {
		b.stage, b.since = p.Stage, time.Now()
	}
	took := time.Since(b.since).Seconds()
	var share float64
	var text string
	switch p.Stage {
	case "archive", "check":
		if p.Total > 0 {
			share = float64(p.Bytes) / float64(p.Total)
		}
		text = fmt.Sprintf("%s of %s", bytesText(p.Bytes), bytesText(p.Total))
		if p.Stage == "check" && took > 0 {
			text += fmt.Sprintf("  %s rows  %s rows/s", grouped(p.Rows), grouped(int64(float64(p.Rows)/took)))
		} else if took > 0 {
			text += fmt.Sprintf("  %s/s", bytesText(int64(float64(p.Bytes)/took)))
		}
	case "publish":
		if p.ToPublish > 0 {
			share = float64(p.Published) / float64(p.ToPublish)
		}
		text = fmt.Sprintf("%s of %s rows", grouped(p.Published), grouped(p.ToPublish))
	default:
		share, text = 1, "writing the ledger"
	}
	share = min(share, 1)
	eta := ""
	if share > 0.02 && share < 1 {
		eta = "  " + time.Duration(took/share*(1-share)*float64(time.Second)).Round(time.Second).String() + " left"
	}
	const width = 24
	full := int(share * width)
	line := fmt.Sprintf("%s  %d/%d %-8s [%s%s] %3.0f%%  %s%s", p.Dataset, stageNumber(p.Stage), len(stages), p.Stage,
		strings.Repeat("=", full), strings.Repeat(" ", width-full), share*100, text, eta)
	if cols, _, err := term.GetSize(int(b.file.Fd())); err == nil && cols > 1 && columns(line) >= cols {
		r := []rune(line)
		for columns(string(r)) >= cols {
			r = r[:len(r)-1]
		}
		line = string(r)
	}
	fmt.Fprintf(b.w, "\r\x1b[K%s", line)
	b.drawn = true
}

// clear wipes the bar, so that the report stands in its place.
func (b *bar) clear() {
	if b.drawn {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.drawn = false
	}
}
