package jobs

import (
	"encoding/json"
	"errors"
	"fmt"

	"clearwell/pipeline"
)

// RecordInputs remembers what a run is made of, as JSON.
func (s *Store) RecordInputs(in pipeline.RunInputs) error {
	text, err := json.Marshal(in)
	if err == nil {
		_, err = s.db.Exec("INSERT OR REPLACE INTO inputs (run, dataset, started, inputs) VALUES (?, ?, ?, ?)", in.Run, in.Dataset, nanos(in.Started), text)
	}
	if err != nil {
		return fmt.Errorf("state %s: remember what run %s is made of: %w", s.path, in.Run, explainDisk(err))
	}
	return nil
}

// Inputs is what the newest n runs of a dataset were made of, newest first.
func (s *Store) Inputs(dataset string, n int) (list []pipeline.RunInputs, err error) {
	wrap := func(err error) error {
		return fmt.Errorf("state %s: what the runs of %s were made of: %w", s.path, dataset, err)
	}
	rows, err := s.db.Query("SELECT inputs FROM inputs WHERE dataset = ? ORDER BY started DESC, run DESC LIMIT ?", dataset, n)
	if err != nil {
		return nil, wrap(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text []byte
		var in pipeline.RunInputs
		if err := rows.Scan(&text); err != nil {
			return nil, wrap(err)
		}
		if err := json.Unmarshal(text, &in); err != nil {
			return nil, wrap(err)
		}
		list = append(list, in)
	}
	return list, rows.Err()
}
