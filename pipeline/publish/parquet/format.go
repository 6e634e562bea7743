package parquet

// Numbers of the Parquet metadata, from parquet.thrift 2.12.
const (
	magic = "PAR1"

	physicalBoolean = 0
	physicalInt32   = 1
	physicalInt64   = 2
	physicalDouble  = 5
	physicalBytes   = 6
	physicalFixed   = 7

	encodingPlain           = 0
	encodingRLE             = 3
	encodingDelta           = 5
	encodingDeltaLengthByte = 6
	encodingDeltaByte       = 7
	encodingRLEDictionary   = 8

	pageData       = 0
	pageDictionary = 2

	codecZstd = 6

	convertedUTF8            = 0
	convertedDecimal         = 5
	convertedDate            = 6
	convertedInt64           = 18
	logicalString            = 1
	logicalDecimal           = 5
	logicalDate              = 6
	logicalTimestamp         = 8
	logicalInteger           = 10
	timeUnitMicros           = 2
	repetitionOptional       = 1
	orderUnordered     int32 = 0
	orderAscending     int32 = 1
	orderDescending    int32 = 2
)

// writeSchema writes the schema list of the file metadata: the root and one
// optional leaf per column.
func writeSchema(t *thriftWriter, fields []field) {
	t.list(2, thriftStruct, len(fields)+1)
	t.openElem()
	t.string(4, "schema")
	t.i32(5, int32(len(fields)))
	t.close()
	for _, f := range fields {
		t.openElem()
		t.i32(1, f.physical)
		if f.physical == physicalFixed {
			t.i32(2, int32(f.width))
		}
		t.i32(3, repetitionOptional)
		t.string(4, f.name)
		switch f.kind {
		case kindString:
			t.i32(6, convertedUTF8)
		case kindDecimal:
			t.i32(6, convertedDecimal)
			t.i32(7, f.scale)
			t.i32(8, f.precision)
		case kindDate:
			t.i32(6, convertedDate)
		case kindInt64:
			t.i32(6, convertedInt64)
		}
		t.i32(9, f.id)
		switch f.kind {
		case kindString:
			t.open(10)
			t.empty(logicalString)
			t.close()
		case kindDecimal:
			t.open(10)
			t.open(logicalDecimal)
			t.i32(1, f.scale)
			t.i32(2, f.precision)
			t.close()
			t.close()
		case kindDate:
			t.open(10)
			t.empty(logicalDate)
			t.close()
		case kindInt64:
			t.open(10)
			t.open(logicalInteger)
			t.header(1, 3) // i8, one raw byte
			t.buf = append(t.buf, 64)
			t.bool(2, true)
			t.close()
			t.close()
		case kindTimestamp:
			// No converted type: TIMESTAMP_MICROS means "adjusted to UTC" to
			// old readers, which the wall clock of a form is not.
			t.open(10)
			t.open(logicalTimestamp)
			t.bool(1, false)
			t.open(2)
			t.empty(timeUnitMicros)
			t.close()
			t.close()
			t.close()
		}
		t.close()
	}
}

// page is what the metadata says of one data page.
type page struct {
	offset   int64 // of the page header, in the row group
	bytes    int32 // header and body as stored
	firstRow int64
	rows     int
	nulls    int
	min, max []byte // PLAIN-encoded bounds; nil: none known or no value
}

// chunk is what the metadata says of one column chunk. Offsets count from the
// first byte of the row group.
type chunk struct {
	rows, nulls       int64
	dictionary        bool
	offset            int64 // first page, the dictionary page if there is one
	dataOffset        int64
	compressed        int64
	uncompressed      int64
	encoding          int32 // of the data pages that hold values
	plainPages        int   // data pages without values, written PLAIN
	pages             []page
	min, max          []byte // exact; nil: none
	distinct          int64  // 0: not known
	noIndex           bool   // a page has values but no bounds (all NaN)
	bloom             []byte // header and bitset; nil: none
	bloomOffset       int64
	columnIndexOffset int64 // these four in the file, set by Close
	columnIndexBytes  int32
	offsetIndexOffset int64
	offsetIndexBytes  int32
}

// writePageHeader writes the header of a data page, or of a dictionary page if
// dictionary is set.
func writePageHeader(t *thriftWriter, dictionary bool, values int, encoding int32, uncompressed, compressed int, crc uint32) {
	kind, sub := int32(pageData), int16(5)
	if dictionary {
		kind, sub = pageDictionary, 7
	}
	t.i32(1, kind)
	t.i32(2, int32(uncompressed))
	t.i32(3, int32(compressed))
	t.i32(4, int32(crc))
	t.open(sub)
	t.i32(1, int32(values))
	t.i32(2, encoding)
	if !dictionary {
		t.i32(3, encodingRLE)
		t.i32(4, encodingRLE)
	}
	t.close()
	t.stop()
}

// writeColumnChunk writes one element of RowGroup.columns. base is the file
// offset of the row group.
func writeColumnChunk(t *thriftWriter, f *field, c *chunk, base int64) {
	t.openElem()
	t.i64(2, 0) // file_offset: deprecated, 0 since 2.9
	t.open(3)
	t.i32(1, f.physical)
	encodings := []int32{encodingPlain, encodingRLE}
	if c.encoding != encodingPlain {
		encodings = append(encodings, c.encoding)
	}
	t.list(2, thriftI32, len(encodings))
	for _, e := range encodings {
		t.varint(int64(e))
	}
	t.list(3, thriftBinary, 1)
	t.elemBytes([]byte(f.name))
	t.i32(4, codecZstd)
	t.i64(5, c.rows)
	t.i64(6, c.uncompressed)
	t.i64(7, c.compressed)
	t.i64(9, base+c.dataOffset)
	if c.dictionary {
		t.i64(11, base+c.offset)
	}
	t.open(12)
	t.i64(3, c.nulls)
	if c.distinct > 0 {
		t.i64(4, c.distinct)
	}
	if c.min != nil && len(c.min) <= maxStatisticsBytes && len(c.max) <= maxStatisticsBytes {
		t.bytes(5, c.max)
		t.bytes(6, c.min)
		t.bool(7, true)
		t.bool(8, true)
	}
	t.close()
	writeEncodingStats(t, c)
	if c.bloom != nil {
		t.i64(14, base+c.bloomOffset)
		t.i32(15, int32(len(c.bloom)))
	}
	t.close()
	t.i64(4, c.offsetIndexOffset)
	t.i32(5, c.offsetIndexBytes)
	if c.columnIndexBytes > 0 {
		t.i64(6, c.columnIndexOffset)
		t.i32(7, c.columnIndexBytes)
	}
	t.close()
}

func writeEncodingStats(t *thriftWriter, c *chunk) {
	type stat struct{ page, encoding, count int32 }
	var stats []stat
	if c.dictionary {
		stats = append(stats, stat{pageDictionary, encodingPlain, 1})
	}
	if n := int32(c.plainPages); n > 0 && c.encoding != encodingPlain {
		stats = append(stats, stat{pageData, encodingPlain, n})
		if n < int32(len(c.pages)) {
			stats = append(stats, stat{pageData, c.encoding, int32(len(c.pages)) - n})
		}
	} else {
		stats = append(stats, stat{pageData, c.encoding, int32(len(c.pages))})
	}
	t.list(13, thriftStruct, len(stats))
	for _, s := range stats {
		t.openElem()
		t.i32(1, s.page)
		t.i32(2, s.encoding)
		t.i32(3, s.count)
		t.close()
	}
}

func writeOffsetIndex(t *thriftWriter, c *chunk, base int64) {
	t.list(1, thriftStruct, len(c.pages))
	for _, p := range c.pages {
		t.openElem()
		t.i64(1, base+p.offset)
		t.i32(2, p.bytes)
		t.i64(3, p.firstRow)
		t.close()
	}
	t.stop()
}

// writeColumnIndex writes the bounds of the pages. Long text is cut: the lower
// bound at a character, the upper bound too, with its last character raised.
func writeColumnIndex(t *thriftWriter, f *field, c *chunk) {
	lower, upper := make([][]byte, len(c.pages)), make([][]byte, len(c.pages))
	for i, p := range c.pages {
		lower[i], upper[i] = p.min, p.max
		switch f.kind {
		case kindString:
			lower[i], upper[i] = cutLower(p.min), cutUpper(p.max)
		case kindBinary:
			lower[i], upper[i] = p.min[:min(len(p.min), maxIndexBytes)], cutUpperBytes(p.max)
		}
	}
	t.list(1, thriftTrue, len(c.pages))
	for _, p := range c.pages {
		t.elemBool(p.nulls == p.rows)
	}
	t.list(2, thriftBinary, len(c.pages))
	for _, b := range lower {
		t.elemBytes(b)
	}
	t.list(3, thriftBinary, len(c.pages))
	for _, b := range upper {
		t.elemBytes(b)
	}
	t.i32(4, boundaryOrder(f, c.pages, lower, upper))
	t.list(5, thriftI64, len(c.pages))
	for _, p := range c.pages {
		t.varint(int64(p.nulls))
	}
	t.stop()
}

// boundaryOrder tells whether the bounds of the pages with values rise or fall.
func boundaryOrder(f *field, pages []page, lower, upper [][]byte) int32 {
	rising, falling, last := true, true, -1
	for i, p := range pages {
		if p.nulls == p.rows {
			continue
		}
		if last >= 0 {
			lo, hi := f.compare(lower[last], lower[i]), f.compare(upper[last], upper[i])
			rising = rising && lo <= 0 && hi <= 0
			falling = falling && lo >= 0 && hi >= 0
		}
		last = i
	}
	switch {
	case rising:
		return orderAscending
	case falling:
		return orderDescending
	}
	return orderUnordered
}
