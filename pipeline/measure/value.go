package measure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"clearwell/rules"
	"clearwell/rules/standard"
)

// value is one value of a column, decoded from its key.
type value struct {
	kind    rules.Kind
	scale   int
	text    []byte // of the key
	int     int64  // integer; date: days; timestamp: microseconds; boolean: 0, 1
	float   float64
	decimal decimal128.Num
}

// decode reads the key of one column, as kernel.NewSortEncoder wrote it: a byte
// 0 and the value so that bytes compare as values do.
func decode(key []byte, t rules.Type) value {
	v, _ := decodeNext(key, t)
	return v
}

// decodeNext decodes the first column of a key and returns the rest.
func decodeNext(key []byte, t rules.Type) (value, []byte) {
	key = key[1:]
	v := value{kind: t.Kind, scale: t.Scale}
	switch t.Kind {
	case rules.Integer, rules.Date, rules.Timestamp:
		v.int = int64(binary.BigEndian.Uint64(key) ^ 1<<63)
		return v, key[8:]
	case rules.Boolean:
		v.int = int64(key[0])
		return v, key[1:]
	case rules.Number:
		w := binary.BigEndian.Uint64(key)
		if w>>63 != 0 {
			w &^= 1 << 63
		} else {
			w = ^w
		}
		v.float = math.Float64frombits(w)
		return v, key[8:]
	case rules.Decimal:
		v.decimal = decimal128.New(int64(binary.BigEndian.Uint64(key)^1<<63), binary.BigEndian.Uint64(key[8:]))
		return v, key[16:]
	}
	end := 0
	for ; key[end] != 0 || key[end+1] != 0; end++ {
		if key[end] == 0 {
			end++ // 00 FF stands for 00
		}
	}
	if v.text = key[:end]; bytes.IndexByte(v.text, 0) >= 0 {
		v.text = bytes.ReplaceAll(v.text, []byte{0, 0xFF}, []byte{0})
	}
	return v, key[end+2:]
}

func (v *value) numeric() bool {
	return v.kind == rules.Integer || v.kind == rules.Number || v.kind == rules.Decimal
}

// float64 is the float nearest to a number, a date in days or a time in microseconds.
func (v *value) float64() float64 {
	switch v.kind {
	case rules.Number:
		return v.float
	case rules.Decimal:
		x, _ := v.rat().Float64()
		return x
	}
	return float64(v.int)
}

// rat is the number exactly: of dates the days, of times the microseconds since 1970.
func (v *value) rat() *big.Rat {
	switch v.kind {
	case rules.Number:
		if r := new(big.Rat).SetFloat64(v.float); r != nil {
			return r
		}
		return new(big.Rat) // not a finite number: no parser gives one
	case rules.Decimal:
		return new(big.Rat).SetFrac(v.decimal.BigInt(), power10(v.scale))
	}
	return new(big.Rat).SetInt64(v.int)
}

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// String is the value in the canonical form of contracts.
func (v *value) String() string {
	switch v.kind {
	case rules.Number:
		return figureText(v.rat())
	case rules.Decimal:
		return v.rat().FloatString(v.scale)
	case rules.Boolean:
		return fmt.Sprint(v.int == 1)
	case rules.Date:
		return string(standard.AppendDate(nil, int32(v.int)))
	case rules.Timestamp:
		return string(standard.AppendTimestamp(nil, v.int))
	case rules.Integer:
		return fmt.Sprint(v.int)
	}
	return string(v.text)
}
