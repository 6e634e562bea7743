package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite" // the driver, without cgo
	sqlitecode "modernc.org/sqlite/lib"
)

// Store is the workspace's state.db: what must survive a crash and is not
// evidence. It holds the history of runs, the occurrences of jobs, the
// remembered head of the ledger and a few named values.
//
// Every method is one transaction, durable when it returns (write-ahead log,
// synchronous FULL). A Store is safe for concurrent use, and several processes
// may have the same file open; who may run and who may serve is decided by locks
// elsewhere.
type Store struct {
	db   *sql.DB
	path string
}

// Errors that callers decide on.
var (
	ErrNewerSchema = errors.New("the state was written by a newer version of the program; use that version")
	ErrRunExists   = errors.New("a run of this id is already recorded")
	ErrNoRun       = errors.New("no such run is recorded as running")
)

// busyTimeout is how long a transaction waits for another process's one. A
// transaction here takes milliseconds; only a stopped process takes longer.
const busyTimeout = 15 * time.Second

// migrations bring the schema from version i to i+1. They are never edited once
// released, only appended to. Times are nanoseconds since the Unix epoch, so
// that they sort and compare; 0 is no time.
var migrations = []string{
	`CREATE TABLE runs (
		id            TEXT PRIMARY KEY,
		dataset       TEXT NOT NULL,
		attempt       INTEGER NOT NULL,
		scheduled_for INTEGER NOT NULL,
		started       INTEGER NOT NULL,
		finished      INTEGER NOT NULL,
		status        TEXT NOT NULL,
		stage         TEXT NOT NULL,
		rows_read     INTEGER NOT NULL,
		published     INTEGER NOT NULL,
		quarantined   INTEGER NOT NULL,
		duplicates    INTEGER NOT NULL,
		suppressed    INTEGER NOT NULL,
		excluded      INTEGER NOT NULL,
		version       INTEGER NOT NULL,
		score         INTEGER NOT NULL,
		error         TEXT NOT NULL,
		program       TEXT NOT NULL
	) STRICT;
	CREATE INDEX runs_of_dataset ON runs (dataset, started DESC);
	CREATE INDEX runs_running ON runs (status) WHERE status = 'running';
	CREATE TABLE plans (
		job           TEXT NOT NULL,
		dataset       TEXT NOT NULL,
		schedule      TEXT NOT NULL,
		planned_until INTEGER NOT NULL,
		PRIMARY KEY (job, dataset)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE occurrences (
		job           TEXT NOT NULL,
		dataset       TEXT NOT NULL,
		scheduled_for INTEGER NOT NULL,
		state         TEXT NOT NULL CHECK (state IN ('due', 'running', 'done', 'failed', 'skipped')),
		reason        TEXT NOT NULL,
		starts        INTEGER NOT NULL,
		decided       INTEGER NOT NULL,
		PRIMARY KEY (job, dataset, scheduled_for),
		FOREIGN KEY (job, dataset) REFERENCES plans (job, dataset)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX occurrences_open ON occurrences (state, scheduled_for) WHERE state IN ('due', 'running');
	CREATE TABLE ledger_head (
		only INTEGER PRIMARY KEY CHECK (only = 1),
		head BLOB NOT NULL
	) STRICT;
	CREATE TABLE facts (
		key   TEXT PRIMARY KEY,
		value BLOB NOT NULL
	) STRICT, WITHOUT ROWID;`,
	`CREATE TABLE stages (
		run      TEXT NOT NULL REFERENCES runs (id),
		position INTEGER NOT NULL,
		stage    TEXT NOT NULL,
		wall     INTEGER NOT NULL,
		wait     INTEGER NOT NULL,
		rows     INTEGER NOT NULL,
		bytes    INTEGER NOT NULL,
		PRIMARY KEY (run, position)
	) STRICT, WITHOUT ROWID;`,
	`CREATE TABLE inputs (
		run     TEXT PRIMARY KEY REFERENCES runs (id),
		dataset TEXT NOT NULL,
		started INTEGER NOT NULL,
		inputs  BLOB NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX inputs_of_dataset ON inputs (dataset, started DESC);`,
	`CREATE TABLE quality (
		run     TEXT PRIMARY KEY REFERENCES runs (id),
		dataset TEXT NOT NULL,
		started INTEGER NOT NULL,
		point   BLOB NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX quality_of_dataset ON quality (dataset, started DESC);`,
}

// OpenStore opens the state at path, makes it if it is not there (its folder
// must be), and brings its schema up to date.
func OpenStore(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("state %s: %w; is this a workspace? clearwell init makes one", path, err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", path, err)
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", path, err)
	}
	// One connection: the writers of this process queue here and not in SQLite's
	// busy loop, and nothing here is read in bulk.
	db.SetMaxOpenConns(1)
	s := &Store{db: db, path: path}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("state %s: %w", path, err), db.Close())
	}
	return s, nil
}

// Close ends the use of the state.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) migrate(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("schema version %d, this program knows up to %d: %w", version, len(migrations), ErrNewerSchema)
		}
		if version == len(migrations) {
			return nil
		}
		for v := version; v < len(migrations); v++ {
			if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
				return fmt.Errorf("schema version %d: %w", v+1, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations)))
		return err
	})
}

// write runs do in one transaction, which takes the write lock at its start.
func (s *Store) write(ctx context.Context, do func(*sql.Tx) error) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return explainDisk(err)
	}
	if err := do(tx); err != nil {
		return explainDisk(errors.Join(err, tx.Rollback()))
	}
	return explainDisk(tx.Commit())
}

// explainDisk says what to look at where SQLite only says that it could not write:
// "disk I/O error (4874)" is a disk without a page of room for its shared memory.
func explainDisk(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the rest of an extended code says where it happened
	case sqlitecode.SQLITE_FULL, sqlitecode.SQLITE_IOERR:
		return fmt.Errorf("cannot be written; look whether the disk is full, free space, then run again: %w", err)
	case sqlitecode.SQLITE_READONLY, sqlitecode.SQLITE_CANTOPEN, sqlitecode.SQLITE_PERM:
		return fmt.Errorf("cannot be written; let the account that runs clearwell write it and its folder: %w", err)
	}
	return err
}

// LedgerHead is the remembered head of the ledger, nil if none is remembered.
func (s *Store) LedgerHead() ([]byte, error) {
	var head []byte
	err := s.db.QueryRow("SELECT head FROM ledger_head").Scan(&head)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state %s: ledger head: %w", s.path, err)
	}
	return head, nil
}

// RememberHead replaces the remembered head outside a run: when a ledger is
// created or adopted, or when something else than a run was appended.
func (s *Store) RememberHead(head []byte) error {
	err := s.write(context.Background(), func(tx *sql.Tx) error { return rememberHead(tx, head) })
	if err != nil {
		return fmt.Errorf("state %s: remember ledger head: %w", s.path, err)
	}
	return nil
}

func rememberHead(tx *sql.Tx, head []byte) error {
	if len(head) == 0 {
		return errors.New("an empty ledger head")
	}
	_, err := tx.Exec("INSERT INTO ledger_head (only, head) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET head = excluded.head", head)
	return err
}

// Get is the value stored under a key.
func (s *Store) Get(key string) (value []byte, found bool, err error) {
	err = s.db.QueryRow("SELECT value FROM facts WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("state %s: %s: %w", s.path, key, err)
	}
	return value, true, nil
}

// Set stores a value under a key; nil is kept as an empty value.
func (s *Store) Set(key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	_, err := s.db.Exec("INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
	if err != nil {
		return fmt.Errorf("state %s: %s: %w", s.path, key, err)
	}
	return nil
}

// nanos is a time as it is stored.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// instant is a stored time, in UTC.
func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
