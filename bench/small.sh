#!/usr/bin/env bash
# How long a small job takes from starting the process to published and logged:
#
#   ROWS=1000 RUNS=11 bench/small.sh
#
# clearwell runs in a workspace that has a ledger and a version already, as every run but the first does; clearwell-first is
# the first run, which also makes keys and ledger. With strace here the fsyncs of one run are counted and timed.
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rows=${ROWS:-1000}
runs=${RUNS:-11}
build_harness
build_clearwell
fresh gen "$shared/bench/gen"
[ -x "$work/gen/gen" ] || (cd "$work/gen" && CGO_ENABLED=0 go build -o gen .)
input=$work/input-$rows-42.csv
[ -f "$input" ] || "$work/gen/gen" -rows "$rows" -seed 42 -o "$input"
log=$work/runs-small.jsonl
rm -f "$log"
ws=$work/ws-small
for ((i = 1; i <= runs; i++)); do
  rm -rf "$ws"
  cp -R "$here/workspace" "$ws"
  mkdir -p "$ws/inbox" "$ws/standards"
  cp "$input" "$ws/inbox/reference.csv"
  cp "$codes" "$ws/standards/admin_codes.tsv"
  printf %s bench-key-2026 >"$work/bench.key"
  "$clearwell" -C "$ws" keys import bench --file "$work/bench.key" >&2
  run_clearwell_in clearwell-first "$ws" reference
  run_clearwell_in clearwell "$ws" reference
done
fsyncs=0 waited=0
if command -v strace >/dev/null; then
  strace -f -T -e trace=fsync,fdatasync,syncfs,sync_file_range -o "$work/strace.out" "$clearwell" -C "$ws" run reference --json >/dev/null 2>&1
  fsyncs=$(grep -c '<[0-9.]*>$' "$work/strace.out" || true)
  waited=$(sed -n 's/.*<\([0-9.]*\)>$/\1/p' "$work/strace.out" | awk '{s += $1} END {print s + 0}')
else
  say "strace is not here (Debian: strace): the fsyncs are not counted"
fi
bytes=$(wc -c <"$input" | tr -d ' ')
machine
keep small "not compared" "ROWS=$rows RUNS=$runs bench/small.sh" "$rows" "$bytes" -fsyncs "$fsyncs" -fsync-seconds "$waited"
printf 'fsyncs of one run: %s, %s s together\n' "$fsyncs" "$waited"
tail -9 "$work/clearwell.out"
"$work/harness" report -log "$log" -rows "$rows" -bytes "$bytes"
