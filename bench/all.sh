#!/usr/bin/env bash
# Every benchmark, one after the other, and docs/benchmarks.md written anew from what was measured:
#
#   bench/all.sh                  some 40 minutes on two cores
#   BIG=1 bench/all.sh            and 50 million rows within 1 GiB: hours, and 26 GB of disk
#   SCALE=20 bench/all.sh         everything with a twentieth of the rows, to try the scripts; the page is printed, not written
#
#   RUNS    measured runs of each program (default 3)
#   ONLY    suites to run, such as "small wide"; the others keep the figures that they have in WORK/results
#   PAGE=   write the page to this file (default docs/benchmarks.md; none with SCALE)
#
# Leave the machine alone meanwhile. Missing peers are named and left out.
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
scale=${SCALE:-1}
runs=${RUNS:-3}
page=${PAGE-$root/docs/benchmarks.md}
[ "$scale" = 1 ] || page=${PAGE-}
export RESULTS=$work/results RUNS=$runs
unset SUITE PEERS ROWS NAME MEMORY LIMIT FILES 2>/dev/null || true
mkdir -p "$RESULTS"
build_harness

only=${ONLY:-reference-1m reference-5m ${BIG:+reference-50m} small wide files expressions roofline}
wanted() { case " $only " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
failed=()
suite() { # name, then environment and command
  local name=$1
  shift
  wanted "$name" || return 0
  say "=== $name"
  env "$@" || { failed+=("$name"); say "=== $name: failed, see above"; }
}
# peers_for lists what can be had here, of the peers and ourselves in other conditions.
peers_for() {
  local p list=()
  for p in "$@"; do if "have_$p" >&2; then list+=("$p"); fi; done
  (IFS=,; echo "${list[*]:-none}")
}
have_clearwell-1core() { :; }
have_clearwell-gb18030() { :; }

suite reference-1m NAME=reference-1m ROWS=$((1000000 / scale)) PEERS="$(peers_for duckdb duckdb-py polars-py polars pandas floor clearwell-1core clearwell-gb18030)" "$here/run.sh"
suite reference-5m NAME=reference-5m ROWS=$((5000000 / scale)) PEERS="$(peers_for duckdb duckdb-py polars-py polars pandas floor)" "$here/run.sh"
suite reference-50m NAME=reference-50m ROWS=$((50000000 / scale)) RUNS=1 MEMORY=1GiB LIMIT=1GB PEERS="$(peers_for duckdb duckdb-py)" "$here/run.sh"
suite small RUNS=11 "$here/small.sh"
suite wide ROWS=$((500000 / scale)) "$here/shape.sh" wide
suite files FILES=$((10000 / scale)) ROWS=200 "$here/shape.sh" files
suite expressions ROWS=$((1000000 / scale)) RUNS=5 "$here/expressions.sh"

# The roofline: a profile of the reference job beside what one core does of each kind of work.
roofline() {
  local rows=$((1000000 / scale)) ws=$work/ws-roofline input
  build_clearwell
  (cd "$root" && CGO_ENABLED=0 go build -o "$work/roofline" ./bench/roofline)
  fresh gen "$shared/bench/gen"
  [ -x "$work/gen/gen" ] || (cd "$work/gen" && CGO_ENABLED=0 go build -o gen .)
  input=$work/input-$rows-42.csv
  [ -f "$input" ] || "$work/gen/gen" -rows "$rows" -seed 42 -o "$input"
  rm -rf "$ws" "$work/profile"
  cp -R "$here/workspace" "$ws"
  mkdir -p "$ws/inbox" "$ws/standards"
  cp "$input" "$ws/inbox/reference.csv"
  cp "$codes" "$ws/standards/admin_codes.tsv"
  printf %s bench-key-2026 >"$work/bench.key"
  "$clearwell" -C "$ws" keys import bench --file "$work/bench.key" >&2
  "$clearwell" -C "$ws" run reference --profile "$work/profile" --json >"$work/roofline.out"
  go tool pprof -traces "$work/profile/cpu.pprof" >"$RESULTS/traces.txt" 2>/dev/null
  "$work/roofline" -input "$input" -parquet "$(one "published file in $ws" "$ws"/published/reference/v=*/*.parquet)" -dir "$work" >"$RESULTS/roofline.json"
}
if wanted roofline; then
  say "=== roofline"
  roofline || failed+=(roofline)
fi

if [ -n "$page" ]; then
  "$work/harness" page -results "$RESULTS" -page "$page"
  say "wrote $page"
else
  "$work/harness" page -results "$RESULTS"
fi
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
