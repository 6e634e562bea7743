package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"clearwell/pipeline/quality"
)

// RecordQuality adds a run to the trend of its dataset, or replaces what was recorded of it.
func (s *Store) RecordQuality(p quality.Point) error {
	data, err := json.Marshal(p)
	if err == nil {
		err = s.write(context.Background(), func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT OR REPLACE INTO quality (run, dataset, started, point) VALUES (?, ?, ?, ?)", p.Run, p.Dataset, nanos(p.At), data)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("state %s: quality of run %s: %w", s.path, p.Run, err)
	}
	return nil
}

// Quality is the trend of a dataset: its newest assessed runs, at most limit of them, newest first.
func (s *Store) Quality(dataset string, limit int) (list []quality.Point, err error) {
	fail := func(err error) ([]quality.Point, error) {
		return nil, fmt.Errorf("state %s: quality of %s: %w", s.path, dataset, err)
	}
	rows, err := s.db.Query("SELECT point FROM quality WHERE dataset = ? ORDER BY started DESC, run DESC LIMIT ?", dataset, limit)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var data []byte
		var p quality.Point
		if err := rows.Scan(&data); err != nil {
			return fail(err)
		}
		if err := json.Unmarshal(data, &p); err != nil {
			return fail(err)
		}
		list = append(list, p)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return list, nil
}
