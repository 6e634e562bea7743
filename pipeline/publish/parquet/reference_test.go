package parquet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// referenceSchema is the clean output of the reference job.
var referenceSchema = arrow.NewSchema([]arrow.Field{
	textField("record_id"), textField("source_dept"), textField("id_token"), textField("name"),
	textField("gender"), textField("birth_band"), textField("phone"), textField("address"),
	textField("admin_code"), textField("uscc"),
	{Name: "amount", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}, Nullable: true},
	{Name: "register_date", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "update_time", Type: &arrow.TimestampType{Unit: arrow.Microsecond}, Nullable: true},
	textField("email_domain"), textField("remark"),
}, nil)

func textField(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
}

// referenceRecords makes rows of the reference output's shape: as many distinct
// values, as many nulls, lengths and characters alike.
func referenceRecords(rows, slice int) []arrow.RecordBatch {
	r := rand.New(rand.NewPCG(1, 2))
	var records []arrow.RecordBatch
	b := array.NewRecordBuilder(memory.DefaultAllocator, referenceSchema)
	text := func(column int, null float64, value func() string) {
		f := b.Field(column).(*array.StringBuilder)
		if r.Float64() < null {
			f.AppendNull()
			return
		}
		f.Append(value())
	}
	surnames := []rune("王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严欧上司诸")
	for from := 0; from < rows; from += slice {
		for i := from; i < min(from+slice, rows); i++ {
			text(0, 0, func() string { return fmt.Sprintf("R%010d", i+i/12) })
			text(1, 0, func() string { return fmt.Sprintf("市第%d自然资源和规划局", r.IntN(12)) })
			text(2, 0, func() string {
				h := sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16), 7})
				return hex.EncodeToString(h[:])
			})
			text(3, 0, func() string { return string(surnames[r.IntN(len(surnames))]) + "*" })
			text(4, 0, func() string { return fmt.Sprint(1 + r.IntN(2)) })
			text(5, 0.02, func() string { y := 1940 + 5*r.IntN(15); return fmt.Sprintf("%d-%d", y, y+4) })
			text(6, 0.06, func() string { return fmt.Sprintf("1%d****%04d", 30+r.IntN(37), r.IntN(10000)) })
			text(7, 0.01, func() string { return fmt.Sprintf("某某省地级%d市", r.IntN(359)) })
			text(8, 0.01, func() string { return fmt.Sprint(110000 + r.IntN(2978)) })
			text(9, 0.5, func() string { return fmt.Sprintf("91%06dMA%06dX%d", 110000+r.IntN(2978), r.IntN(1000000), r.IntN(10)) })
			if r.Float64() < 0.03 {
				b.Field(10).AppendNull()
			} else {
				b.Field(10).(*array.Decimal128Builder).Append(decimal128.FromI64(r.Int64N(500_000_000)))
			}
			b.Field(11).(*array.Date32Builder).Append(arrow.Date32(12000 + r.IntN(8000)))
			b.Field(12).(*array.TimestampBuilder).Append(arrow.Timestamp((1_500_000_000 + r.Int64N(200_000_000)) * 1_000_000))
			text(13, 0.4, func() string { return []string{"qq.com", "163.com", "126.com", "sina.com", "gov.cn"}[r.IntN(5)] })
			text(14, 0.3, func() string { return fmt.Sprintf("历史数据补录，第%d批", r.IntN(16)) })
		}
		records = append(records, b.NewRecordBatch())
	}
	return records
}
