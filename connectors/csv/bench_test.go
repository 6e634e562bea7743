package csv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// residents makes a file like the reference job's: 15 columns, 250 bytes a record, a third of them in Chinese, an
// eighth of the records with quotes.
func residents(rows int) []byte {
	rng := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	b.WriteString("record_id,source_dept,id_card,name,gender,birth_date,phone,address,admin_code,uscc,amount,register_date,update_time,email,remark\n")
	for i := range rows {
		remark := "材料齐全"
		if rng.IntN(8) == 0 {
			remark = "\"补充材料,已核\n实 \"\"原件\"\"\""
		}
		fmt.Fprintf(&b, "R%010d,市教育局,5134231967%08d,罗雨桐,男,19670919,152%08d,四川省凉山彝族自治州盐源县环城南路%d号,513423,91513423GWETYL877R,%d.47,20071224,2023-01-03 05:53:08,nalin%d@139.com,%s\n",
			i, rng.IntN(1e8), rng.IntN(1e8), rng.IntN(1000), rng.IntN(1e6), rng.IntN(1e4), remark)
	}
	return b.Bytes()
}

// BenchmarkDecode is one core's way from archived bytes to columns, splitting included.
func BenchmarkDecode(b *testing.B) {
	data := residents(100_000)
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes(data)
	if err != nil {
		b.Fatal(err)
	}
	ascii := bytes.Repeat([]byte("2020-02-24T18:00:00,ITA,13,Abruzzo,066,LAquila,AQ,42.35122196,13.39843823,0,\n"), 100_000)
	ascii = append([]byte("data,stato,codice_regione,denominazione_regione,codice_provincia,denominazione_provincia,sigla_provincia,lat,long,totale_casi,note\n"), ascii...)
	quoted := bytes.Repeat([]byte("\"2020-02-24\",\"ITA\",\"13\",\"Abruzzo\",\"066\",\"LAquila\",\"AQ\",\"42.35122196\"\n"), 100_000)
	quoted = append([]byte("a,b,c,d,e,f,g,h\n"), quoted...)
	for _, c := range []struct {
		name string
		data []byte
		opts Options
	}{
		{"utf-8", data, Options{}},
		{"gb18030", gbk, Options{}},
		{"utf-8/3-columns", data, Options{Want: []string{"id_card", "name", "remark"}}},
		{"ascii-short", ascii, Options{}},
		{"all-quoted", quoted, Options{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				rd, err := Open(bytes.NewReader(c.data), c.opts)
				if err != nil {
					b.Fatal(err)
				}
				d := rd.NewDecoder()
				for {
					ch, err := rd.Next(context.Background())
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					bt, err := d.Decode(ch)
					if err != nil {
						b.Fatal(err)
					}
					bt.Release()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/record")
		})
	}
}

// BenchmarkSplit is the serial part alone.
func BenchmarkSplit(b *testing.B) {
	data := residents(100_000)
	s := splitter{delim: ','}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for p := 0; p < len(data); {
			w := data[p:min(p+DefaultChunkSize, len(data))]
			p += s.cut(w, p+len(w) == len(data)).end
		}
	}
}

// BenchmarkTranscode is the GB18030 decoder alone, beside that of x/text.
func BenchmarkTranscode(b *testing.B) {
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes(residents(4000))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("own", func(b *testing.B) {
		b.SetBytes(int64(len(gbk)))
		var dst []byte
		for b.Loop() {
			dst, _ = appendUTF8(dst[:0], gbk, nil)
		}
	})
	b.Run("x-text", func(b *testing.B) {
		b.SetBytes(int64(len(gbk)))
		dst := make([]byte, 2*len(gbk))
		dec := simplifiedchinese.GB18030.NewDecoder()
		for b.Loop() {
			dec.Reset()
			if _, _, err := dec.Transform(dst, gbk, true); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkIndex is the structural index alone.
func BenchmarkIndex(b *testing.B) {
	data := residents(1000)
	b.SetBytes(int64(len(data)))
	var pos, ends []uint32
	for b.Loop() {
		for p := 0; p < len(data); p += portion {
			pos, ends = appendIndex(data, p, min(p+portion, len(data)), ',', pos[:0], ends[:0])
		}
	}
}

// BenchmarkFirstInvalid is the check of UTF-8 alone.
func BenchmarkFirstInvalid(b *testing.B) {
	data := residents(1000)
	b.Run("own", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			firstInvalid(data)
		}
	})
	b.Run("utf8.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			utf8.Valid(data)
		}
	})
}
