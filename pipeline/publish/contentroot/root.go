package contentroot

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

const (
	// Buckets is the number of buckets of a root: as many as one task of a run
	// over several machines may be split into.
	Buckets = 4096

	fanOut = 16 // children of a tree node; 16^3 = Buckets

	rowPrefix    = 0x00 // the three kinds of hashed text never start alike
	branchPrefix = 0x01
	rootPrefix   = 0x02
)

// Hash is a SHA-256 value.
type Hash [sha256.Size]byte

// Root is the content root of a table.
type Root struct {
	Hash   Hash
	Rows   int64
	Schema Hash
}

// String is the root as it stands in manifests and file metadata: sha256:<hex>.
func (r Root) String() string { return "sha256:" + hex.EncodeToString(r.Hash[:]) }

func bucketOf(h *Hash) int { return int(h[0])<<4 | int(h[1])>>4 }

// node reduces a list of at least one hash to one. It overwrites the list.
func node(list []Hash) Hash {
	var input [1 + fanOut*sha256.Size]byte
	input[0] = branchPrefix
	for len(list) > 1 {
		up := 0
		for from := 0; from < len(list); from += fanOut {
			n := 1
			for i := from; i < min(from+fanOut, len(list)); i++ {
				n += copy(input[n:], list[i][:])
			}
			list[up] = sha256.Sum256(input[:n])
			up++
		}
		list = list[:up]
	}
	return list[0]
}

// seal makes the root of the bucket values, which it overwrites.
func seal(schema Hash, rows int64, buckets []Hash) Root {
	input := append([]byte{rootPrefix}, schema[:]...)
	input = binary.BigEndian.AppendUint64(input, uint64(rows))
	top := node(buckets)
	return Root{Hash: sha256.Sum256(append(input, top[:]...)), Rows: rows, Schema: schema}
}

// SchemaHash is the hash of names and types of the columns. Nullability and
// field metadata do not count. An error names a column of a type that cannot be published.
func SchemaHash(schema *arrow.Schema) (Hash, error) {
	input := []byte("clearwell content 1\n")
	for _, f := range schema.Fields() {
		name, err := typeName(f.Type)
		if err != nil {
			return Hash{}, fmt.Errorf("content root: column %s: %w", f.Name, err)
		}
		for _, s := range []string{f.Name, name} {
			input = binary.AppendUvarint(input, uint64(len(s)))
			input = append(input, s...)
		}
	}
	return sha256.Sum256(input), nil
}

func typeName(t arrow.DataType) (string, error) {
	switch t := t.(type) {
	case *arrow.StringType:
		return "string", nil
	case *arrow.Int64Type:
		return "int64", nil
	case *arrow.Float64Type:
		return "float64", nil
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale), nil
	case *arrow.Date32Type:
		return "date", nil
	case *arrow.BooleanType:
		return "bool", nil
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond && t.TimeZone == "" {
			return "timestamp", nil
		}
	}
	return "", fmt.Errorf("type %s has no canonical form", t)
}
