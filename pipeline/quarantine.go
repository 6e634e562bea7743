package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"

	parquetgo "github.com/parquet-go/parquet-go"
)

// Reject is one row of a quarantine file.
type Reject struct {
	Source   string   `json:"source"`
	SHA256   string   `json:"source_sha256"`
	Row      int64    `json:"row"`
	Line     int64    `json:"line"`
	Offset   int64    `json:"offset"`
	Reasons  string   `json:"reasons"` // rule ids joined by commas, or the code of a bad record
	Messages string   `json:"messages"`
	Columns  []string `json:"columns"` // source columns
	Cells    []string `json:"cells"`   // as read; an absent cell is empty
	Unread   bool     `json:"unread"`  // the record could not be read: it has no cells
	Raw      []byte   `json:"raw"`     // the record's bytes as delivered
}

// ReadQuarantine calls f for every row of a quarantine file, in source order.
// The Reject is valid during the call only.
func ReadQuarantine(path string, f func(*Reject) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	pf, err := parquetgo.OpenFile(file, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var names []string
	for _, field := range pf.Schema().Fields() {
		names = append(names, field.Name())
	}
	first := len(quarantineColumns)
	if len(names) < first+1 || names[0] != quarantineColumns[0].Name {
		return fmt.Errorf("%s is not a quarantine file", path)
	}
	rej := Reject{Columns: names[first : len(names)-1], Cells: make([]string, len(names)-1-first)}
	buf := make([]parquetgo.Row, 256)
	for _, group := range pf.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				rej.Source, rej.SHA256 = row[0].String(), row[1].String()
				rej.Row, rej.Line, rej.Offset = row[2].Int64(), row[3].Int64(), row[4].Int64()
				rej.Reasons, rej.Messages = row[5].String(), row[6].String()
				rej.Unread = true
				for i := range rej.Cells {
					rej.Cells[i] = ""
					if v := row[first+i]; !v.IsNull() {
						rej.Unread = false
						rej.Cells[i] = v.String()
					}
				}
				rej.Raw = row[len(row)-1].ByteArray()
				if err := f(&rej); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(fmt.Errorf("%s: %w", path, err), rows.Close())
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}
