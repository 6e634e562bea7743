package quality

import "fmt"

// flow is the picture of where the rows went: one block on the left, a band to
// each destination on the right. Lengths are in SVG user units.
type flow struct {
	Width, Height int64
	Left          int64 // height of the block of rows read
	TextX         int64 // where the labels begin
	Bands         []band
}

type band struct {
	EN, ZH, Class string
	Rows          int64
	Share         Percent
	Path          string // outline of the band, an SVG path
	X, Y, H       int64  // block on the right
	TextY         int64
}

// Measures of the picture.
const (
	flowWidth  = 760
	flowTop    = 8
	flowBody   = 190 // height of the rows read
	flowLeftX  = 130 // right edge of the left block
	flowRightX = 410 // left edge of the right blocks
	flowGap    = 14  // least gap between bands
	flowLabel  = 46  // height a label needs
	flowLeast  = 3   // least height of a band that is not empty
)

func newFlow(r Rows) flow {
	all := []band{
		{EN: "Published", ZH: "发布", Class: "good", Rows: r.Published},
		{EN: "Quarantined", ZH: "隔离", Class: "bad", Rows: r.Quarantined},
		{EN: "Duplicates removed", ZH: "去重", Class: "dup", Rows: r.Duplicates},
		{EN: "Suppressed for privacy", ZH: "隐私抑制", Class: "sup", Rows: r.Suppressed},
		{EN: "Excluded by the contract", ZH: "契约排除", Class: "exc", Rows: r.Excluded},
	}
	f := flow{Width: flowWidth, TextX: flowRightX + 24}
	left, right := int64(flowTop), int64(flowTop)
	for _, b := range all {
		if b.Rows == 0 {
			continue
		}
		b.Share = RatioOf(b.Rows, r.Read)
		b.H = scaled(b.Rows, r.Read, flowBody, flowLeast)
		b.X, b.Y = flowRightX, right
		mid := int64(flowLeftX+flowRightX) / 2
		b.Path = fmt.Sprintf("M%d %d C%d %d %d %d %d %d L%d %d C%d %d %d %d %d %d Z",
			flowLeftX, left, mid, left, mid, right, flowRightX, right,
			flowRightX, right+b.H, mid, right+b.H, mid, left+b.H, flowLeftX, left+b.H)
		b.TextY = right + min(b.H/2, flowLabel/2) - 4
		if b.H < flowLabel {
			b.TextY = right + b.H/2
		}
		left += b.H
		right += max(b.H+flowGap, flowLabel)
		f.Bands = append(f.Bands, b)
	}
	f.Left = left - flowTop
	f.Height = max(right, left+flowGap)
	return f
}
