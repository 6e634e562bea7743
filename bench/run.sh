#!/usr/bin/env bash
# The reference job, clearwell beside its peers, in one command:
#
#   ROWS=1000000 RUNS=3 bench/run.sh
#
#   ROWS     rows of the generated input (default 1000000)
#   RUNS     measured runs of each program, in turn A B A B … (default 3)
#   SEED     seed of the generator (default 42)
#   PEERS    duckdb,polars,pandas,floor or none (default: duckdb, and those of polars and pandas that can be had here)
#            floor = DuckDB copying CSV to Parquet and doing nothing else
#   THREADS  threads of every program (default: all processors)
#   CLEARWELL_SHARED  the folder with bench/JOB.md, the generator and the peers (default: ../shared beside the project)
#   CLEARWELL_BIN     a clearwell binary to measure (default: built from this tree)
#
# Everything it makes stands in bench/work/. The last line printed is
#   ratio wall R cpu R peak_mib N        (clearwell to DuckDB, medians; below 1: clearwell took less)
# and the exit code is 1 when the results are not the same, row by row.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
work=$here/work
shared=${CLEARWELL_SHARED:-$root/../shared}
rows=${ROWS:-1000000}
runs=${RUNS:-3}
seed=${SEED:-42}
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}

say() { printf '%s\n' "$*" >&2; }
die() { say "bench/run.sh: $*"; exit 1; }

[ -f "$shared/bench/JOB.md" ] || die "the shared folder with bench/JOB.md is not at $shared; set CLEARWELL_SHARED to where it is"
shared=$(cd "$shared" && pwd)
command -v go >/dev/null || die "go is not on the PATH; install Go 1.26 or later"
case "$rows$runs$threads" in *[!0-9]*) die "ROWS, RUNS and THREADS are whole numbers" ;; esac
[ "$rows" -gt 0 ] && [ "$runs" -gt 0 ] || die "ROWS and RUNS must be above 0"
mkdir -p "$work"

# --- what is measured with, and on what ---------------------------------------------------------------------------
(cd "$root" && CGO_ENABLED=0 go build -o "$work/harness" ./bench/harness)

# fresh COPIES THAT-FOLDER to bench/work/NAME when it is not there yet or its source has changed since.
fresh() { # name source
  if [ ! -d "$work/$1" ] || [ -n "$(find "$2" -newer "$work/$1/.copied" -type f -print -quit 2>/dev/null)" ] || [ ! -e "$work/$1/.copied" ]; then
    rm -rf "${work:?}/$1"
    cp -R "$2" "$work/$1"
    chmod -R u+w "$work/$1"
    : >"$work/$1/.copied"
  fi
}

fresh gen "$shared/bench/gen"
[ -x "$work/gen/gen" ] || (cd "$work/gen" && CGO_ENABLED=0 go build -o gen .)
input=$work/input-$rows-$seed.csv
if [ ! -f "$input" ]; then
  say "generating $rows rows (seed $seed)"
  "$work/gen/gen" -rows "$rows" -seed "$seed" -o "$input.part"
  mv "$input.part" "$input"
fi
codes=$shared/bench/gen/admin_codes.tsv

# --- the programs -------------------------------------------------------------------------------------------------
peers=${PEERS:-auto}
want() { case ",$peers," in *",$1,"*) return 0 ;; *) return 1 ;; esac; }

have_duckdb() {
  command -v gcc >/dev/null || command -v cc >/dev/null || { say "duckdb: no C compiler (its Go driver needs cgo)"; return 1; }
  fresh duckdb "$shared/bench/peers/duckdb"
  [ -x "$work/duckdb/duck" ] || { say "building the DuckDB peer"; (cd "$work/duckdb" && CGO_ENABLED=1 go build -o duck .); }
}
have_polars() {
  command -v npm >/dev/null || { say "polars: npm is not here"; return 1; }
  fresh polars "$shared/bench/peers/polars"
  [ -d "$work/polars/node_modules/nodejs-polars" ] || { say "installing Polars"; (cd "$work/polars" && npm install --no-audit --no-fund --silent >&2); }
}
have_pandas() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import pandas, zstandard' 2>/dev/null; then pandas_python=$python; return 0; fi
  done
  say "pandas: not installed (Debian: python3-pandas python3-zstandard)"
  return 1
}

programs=()
if [ "$peers" = auto ]; then
  for p in duckdb polars pandas; do if "have_$p"; then programs+=("$p"); fi; done
elif [ "$peers" != none ]; then
  for p in ${peers//,/ }; do
    case $p in
      duckdb | polars | pandas) "have_$p" || die "the peer $p was asked for and cannot be had" ;;
      floor) have_duckdb || die "the floor needs DuckDB" ;;
      *) die "unknown peer $p: duckdb, polars, pandas, floor, or none" ;;
    esac
    programs+=("$p")
  done
fi

if [ -n "${CLEARWELL_BIN:-}" ]; then
  clearwell=$CLEARWELL_BIN
else
  clearwell=$work/clearwell
  (cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$clearwell" ./cmd/clearwell)
fi

# --- one run of each ----------------------------------------------------------------------------------------------
log=$work/runs.jsonl
rm -f "$log"
measure() { # label, then the command
  local label=$1
  shift
  sync # what the run before wrote is not this run's work
  "$work/harness" measure -label "$label" -log "$log" -out "$work/$label.out" -- "$@"
}

run_clearwell() {
  local ws=$work/ws
  rm -rf "$ws"
  cp -R "$here/workspace" "$ws"
  mkdir -p "$ws/inbox" "$ws/standards"
  ln -f "$input" "$ws/inbox/reference.csv" 2>/dev/null || cp "$input" "$ws/inbox/reference.csv"
  cp "$codes" "$ws/standards/admin_codes.tsv"
  printf %s bench-key-2026 >"$work/bench.key"
  "$clearwell" -C "$ws" keys import bench --file "$work/bench.key" >&2
  GOMAXPROCS=$threads measure clearwell "$clearwell" -C "$ws" run reference --json
}
run_duckdb() {
  mkdir -p "$work/out-duckdb"
  measure duckdb "$work/duckdb/duck" -sql "$work/duckdb/job.sql" -in "$input" -out "$work/out-duckdb" -codes "$codes" -threads "$threads"
}
run_floor() {
  mkdir -p "$work/out-floor"
  measure floor "$work/duckdb/duck" -sql "$work/duckdb/floor_copy.sql" -in "$input" -out "$work/out-floor" -threads "$threads"
}
run_polars() {
  mkdir -p "$work/out-polars"
  POLARS_MAX_THREADS=$threads measure polars node --max-old-space-size=16000 "$work/polars/job.js" "$input" "$work/out-polars" "$codes"
}
run_pandas() {
  mkdir -p "$work/out-pandas"
  measure pandas "$pandas_python" "$shared/bench/peers/pandas/job.py" "$input" "$work/out-pandas" "$codes"
}

cat "$input" >/dev/null # everybody reads from the page cache
for ((i = 1; i <= runs; i++)); do
  say "run $i of $runs"
  run_clearwell
  for p in ${programs[@]+"${programs[@]}"}; do "run_$p"; done
done

# --- is it the same result? ---------------------------------------------------------------------------------------
# one names the only file that matches; a run into a fresh workspace leaves one.
one() { # what, then the matches
  local what=$1
  shift
  [ $# -eq 1 ] && [ -e "$1" ] || die "expected one $what in $work/ws, found: $*"
  printf '%s' "$1"
}
check_clearwell() {
  local version stage=$work/stage quarantine
  version=$(dirname "$(one "published version" "$work"/ws/published/reference/v=*/quality.json)")
  "$work/harness" counts -quality "$version/quality.json" >"$work/clearwell.counts"
  cat "$work/clearwell.counts"
  if [ ! -x "$work/duckdb/duck" ]; then
    say "without the DuckDB peer the contents are not compared"
    return 0
  fi
  quarantine=$(one "quarantine" "$work"/ws/.clearwell/quarantine/reference/*/quarantine.parquet)
  rm -rf "$stage"
  mkdir -p "$stage/clean" "$stage/quarantine" "$stage/out"
  ln -s "$version"/*.parquet "$stage/clean/"
  ln -s "$quarantine" "$stage/quarantine/"
  local duck=("$work/duckdb/duck" -threads "$threads")
  "${duck[@]}" -sql "$here/present.sql" -in "$stage" -out "$stage/out" >"$work/clearwell.contents"
  case " ${programs[*]-} " in *" duckdb "*) ;; *) say "the DuckDB peer was not run: nothing to compare with"; return 0 ;; esac
  "${duck[@]}" -sql "$work/duckdb/compare.sql" -in "$work/out-duckdb" -out "$stage/out" >"$work/diffs"
  "${duck[@]}" -sql "$here/types.sql" -in "$work/out-duckdb" -out "$stage/out" >>"$work/diffs"
  cat "$work/diffs"
  "$work/harness" agree -ours "$work/clearwell.counts" -ours "$work/clearwell.contents" -theirs "$work/duckdb.out" -diffs "$work/diffs"
}

machine() {
  printf 'machine: %s, %s threads, %s, %s, %s\n' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1 || true)" "$threads" \
    "$(awk '/MemTotal/{printf "%.1f GiB", $2/1048576}' /proc/meminfo 2>/dev/null || true)" \
    "$(uname -sr)" "$(go version | cut -d' ' -f3)"
  printf 'input: %s rows, %s bytes, seed %s, sha256 %s\n' "$rows" "$(wc -c <"$input" | tr -d ' ')" "$seed" "$(sha256sum "$input" | cut -d' ' -f1)"
}

echo
set +e # not "check || verdict=1": there bash would go on after an error inside
(set -e; check_clearwell)
verdict=$?
set -e
echo
machine
echo
"$work/harness" report -log "$log" -rows "$rows" -bytes "$(wc -c <"$input" | tr -d ' ')"
[ $verdict -eq 0 ] || exit 1
