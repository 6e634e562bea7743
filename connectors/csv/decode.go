package csv

import (
	"bytes"
	"fmt"

	"clearwell/batch"
)

// portion is how many bytes are indexed, checked and copied in one go: text and
// index then stay in the first-level cache from one step to the next.
const portion = 16 << 10

// A Decoder turns chunks into batches. It is scratch memory of one goroutine;
// what it returns does not refer to it.
type Decoder struct {
	r    *Reader
	pos  []uint32 // of delimiters and LF in the portion, behind a sentinel: the byte before the portion
	ends []uint32 // for each line of the portion, the length of pos behind its LF
	rows []int32  // for each good record of the portion, where its cells are: index into pos, or ^index into quoted
	// quoted holds start and end of the cells of records with quotes; the top
	// bit of the end is set where doubled quotes must be undone.
	quoted  []uint32
	text    []byte    // GB18030: the chunk in UTF-8
	breaks  []uint32  // GB18030: offsets of LF in the raw bytes
	bad     []badByte // GB18030: bytes that are no characters, in order
	badNext int       // GB18030: those before are done with

	// The state of the chunk at hand.
	chunk *Chunk
	t     []byte // UTF-8: raw bytes or text
	out   *buffers
	batch *batch.Batch
	row   int64 // number of the next record
	line  int   // physical line in the chunk, from 0
	fault int   // index of the next fault
}

const doubled = 1 << 31 // flag in Decoder.quoted

// NewDecoder makes a decoder for one goroutine.
func (r *Reader) NewDecoder() *Decoder { return &Decoder{r: r} }

// Decode turns a chunk into a batch and takes the chunk over. The batch's Raw is the
// chunk's archived bytes; its buffers go back to the reader's pool on Release. An
// error means that splitter and decoder do not agree on the number of records: a
// defect of this package, never of the input.
func (d *Decoder) Decode(c *Chunk) (*batch.Batch, error) {
	out := d.r.pool.set(len(d.r.header))
	out.spans = out.spans[:0]
	for i := range out.cols {
		out.cols[i].size = 0
		out.cols[i].offsets = append(out.cols[i].offsets[:0], 0)
	}
	d.chunk, d.out, d.row, d.line, d.fault = c, out, c.row, 0, 0
	d.batch = &batch.Batch{Seq: c.seq, Object: d.r.opts.Object, Raw: c.data, RawOffset: c.offset}
	d.t = c.data
	if c.gb {
		d.transcode()
	}
	for from := 0; from < len(d.t); {
		from = d.portion(from)
	}
	if got := len(out.spans) + len(d.batch.Bad); got != c.records {
		return nil, fmt.Errorf("read %s: lines %d to %d: %d records were cut but %d decoded; this is a defect of the program, please report it with the file", d.r.opts.Name, c.line, c.line+int64(c.lines), c.records, got)
	}
	d.finish()
	b := d.batch
	d.chunk, d.out, d.batch, d.t = nil, nil, nil, nil
	return b, nil
}

// transcode makes d.t from raw GB18030 and notes where raw lines end, which transcoding does not change in number.
func (d *Decoder) transcode() {
	raw := d.chunk.data
	d.breaks, d.bad, d.badNext = d.breaks[:0], d.bad[:0], 0
	if firstHigh(raw) < 0 {
		d.chunk.gb = false // all ASCII: the raw bytes are the text
		return
	}
	d.text, d.bad = appendUTF8(d.text[:0], raw, d.bad)
	d.t = d.text
	for p := 0; ; {
		k := bytes.IndexByte(raw[p:], '\n')
		if k < 0 {
			break
		}
		p += k + 1
		d.breaks = append(d.breaks, uint32(p-1))
	}
	d.breaks = append(d.breaks, uint32(len(raw)))
}

// portion handles the physical lines that begin in the next bytes from from on,
// and returns where the next portion begins.
func (d *Decoder) portion(from int) int {
	t := d.t
	to := len(t)
	if from+portion < len(t) {
		if k := bytes.IndexByte(t[from+portion:], '\n'); k >= 0 {
			to = from + portion + k + 1
		}
	}
	d.pos = append(d.pos[:0], uint32(from-1))
	d.pos, d.ends = appendIndex(t, from, to, d.r.split.delim, d.pos, d.ends[:0])
	if t[to-1] != '\n' {
		d.pos = append(d.pos, uint32(to))
		d.ends = append(d.ends, uint32(len(d.pos)))
	}
	d.rows, d.quoted = d.rows[:0], d.quoted[:0]

	next := d.lines(from, to)
	d.copyColumns()
	return next
}

// lines walks the physical lines of t[from:to) and sorts their records into good and bad.
func (d *Decoder) lines(from, to int) int {
	t, pos := d.t, d.pos
	columns := len(d.r.header)
	w := watch{d: d, to: to}
	w.renew(from)
	s, i := from, uint32(1)
	for _, e := range d.ends {
		lf := int(pos[e-1])
		if lf < s { // inside the record with quotes that was just read
			i = e
			continue
		}
		if lf <= w.stop { // nothing special in this line
			switch {
			case int(e-i) == columns:
				d.rows = append(d.rows, int32(i))
				d.good(s, lf, 1)
			case e-i == 1 && isBlank(t[s:lf]):
			default:
				d.spoiled(s, lf, 1, codeRagged, d.raggedMessage(int(e-i)))
			}
			d.line++
			s, i = lf+1, e
			continue
		}
		end, lines := d.special(s, lf, to, i, e, &w)
		d.line += lines
		s, i = end+1, e
		w.renew(min(s, to))
	}
	return s
}

// special handles a record with a quote, a NUL or an invalid byte in its first
// line t[s:lf], whose index is pos[i:e]. It returns the record's end and its physical lines.
func (d *Decoder) special(s, lf, to int, i, e uint32, w *watch) (end, lines int) {
	if f := d.chunk.faults[d.fault:]; len(f) > 0 && f[0].line == d.line {
		d.fault++
		d.spoiled(s, lf, 1, f[0].code, f[0].message())
		return lf, 1
	}
	end, lines = lf, 1
	count, at := int(e-i), int32(i)
	if w.quote < lf {
		at = ^int32(len(d.quoted))
		end, count, lines = d.cells(s, i)
	}
	nul, invalid := w.nul, w.invalid
	if end > to {
		if nul >= to {
			nul = indexFrom(d.t, to, end, 0)
		}
		if invalid >= to {
			invalid = d.invalidFrom(to, end)
		}
	}
	switch {
	case nul < end:
		d.spoiled(s, end, lines, codeNUL, fmt.Sprintf("a NUL at byte %d of the record", d.rawNUL(s, nul)))
	case invalid < end:
		name := "UTF-8"
		if d.chunk.gb {
			name = "GB18030"
		}
		d.spoiled(s, end, lines, codeEncoding, fmt.Sprintf("bytes that are not valid %s at byte %d of the record", name, d.rawInvalid(s, invalid)))
	case count != len(d.r.header):
		d.spoiled(s, end, lines, codeRagged, d.raggedMessage(count))
	default:
		d.rows = append(d.rows, at)
		d.good(s, end, lines)
		return end, lines
	}
	if at < 0 {
		d.quoted = d.quoted[:^at]
	}
	return end, lines
}

// cells splits the record at s, which has quotes and is known to be well formed. i is where the
// index of its first line begins. Cells go to d.quoted, two numbers each.
func (d *Decoder) cells(s int, i uint32) (end, count, lines int) {
	t, pos, delim := d.t, d.pos, d.r.split.delim
	lines = 1
	j := int(i)
	for p := s; ; {
		count++
		var from, to int
		var flag uint32
		if p < len(t) && t[p] == '"' {
			from = p + 1
			for q := from; ; q += 2 {
				q += bytes.IndexByte(t[q:], '"')
				if q+1 < len(t) && t[q+1] == '"' {
					flag = doubled
					continue
				}
				to = q
				break
			}
			lines += countBreaks(t[from:to])
			p = to + 1
			if p < len(t) && t[p] == '\r' {
				p++
			}
		} else {
			for j < len(pos) && int(pos[j]) < p {
				j++
			}
			from = p
			if j < len(pos) {
				p = int(pos[j])
			} else {
				for p < len(t) && t[p] != delim && t[p] != '\n' {
					p++
				}
			}
			to = p
			if (p == len(t) || t[p] == '\n') && to > from && t[to-1] == '\r' {
				to--
			}
		}
		if count <= len(d.r.header) {
			d.quoted = append(d.quoted, uint32(from), uint32(to)|flag)
		}
		if p >= len(t) || t[p] == '\n' {
			return p, count, lines
		}
		p++
	}
}
