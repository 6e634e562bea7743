// Package jobs decides when datasets are run and remembers how it went.
//
// It knows nothing of contracts, rows or files: what a run does is a RunFunc
// that the caller gives. Its parts, each in a file of its name:
//
//	schedule     when a cron line is due, whatever the clocks of the zone do
//	occurrences  the due times of jobs: each is run once, or is skipped for a recorded reason
//	serve        the daemon: plans, dispatches, stops gracefully
//	store, runs  state.db: history of runs and the remembered head of the ledger
//	status       what is known of each dataset now
//
// Start at Serve for the daemon and at Store for the state.
package jobs
