#!/usr/bin/env bash
# The reference job, clearwell beside its peers, in one command:
#
#   ROWS=1000000 RUNS=3 bench/run.sh
#
#   ROWS     rows of the generated input (default 1000000)
#   RUNS     measured runs of each program, in turn A B A B … (default 3)
#   SEED     seed of the generator (default 42)
#   PEERS    none, or any of duckdb,duckdb-py,polars-py,polars,pandas,floor,clearwell-1core,clearwell-gb18030
#            (default: duckdb, duckdb-py, polars-py, polars, pandas, as far as they can be had here)
#            duckdb-py and polars-py are the newest of PyPI; duckdb and polars are those of the shared folder
#            floor = DuckDB copying CSV to Parquet and doing nothing else
#            clearwell-1core, clearwell-gb18030 = clearwell itself on one core, and with the input in GB18030
#   SUITE=all  bench/all.sh instead: everything, and docs/benchmarks.md written anew
#
# bench/lib.sh says what else can be set: THREADS, MEMORY, LIMIT, WORK, CLEARWELL_SHARED, CLEARWELL_BIN.
# Everything it makes stands in bench/work/. The last two lines printed are
#   fastest peer NAME wall R cpu R       (clearwell to the peer with the least wall time)
#   ratio wall R cpu R peak_mib N        (clearwell to DuckDB, medians; below 1: clearwell took less)
# and the exit code is 1 when the results are not the same, row by row.
set -euo pipefail
[ "${SUITE:-}" != all ] || exec "$(dirname "${BASH_SOURCE[0]}")/all.sh"
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rows=${ROWS:-1000000}
runs=${RUNS:-3}
seed=${SEED:-42}
case "$rows$runs$threads" in *[!0-9]*) die "ROWS, RUNS and THREADS are whole numbers" ;; esac
[ "$rows" -gt 0 ] && [ "$runs" -gt 0 ] || die "ROWS and RUNS must be above 0"

# --- what is measured with, and on what ---------------------------------------------------------------------------
build_harness
fresh gen "$shared/bench/gen"
[ -x "$work/gen/gen" ] || (cd "$work/gen" && CGO_ENABLED=0 go build -o gen .)
generate() { # file, then further flags of the generator
  local file=$1
  shift
  [ ! -f "$file" ] || return 0
  say "generating $rows rows (seed $seed)${*:+ $*}"
  "$work/gen/gen" -rows "$rows" -seed "$seed" "$@" -o "$file.part"
  mv "$file.part" "$file"
}
input=$work/input-$rows-$seed.csv
generate "$input"

# --- the programs -------------------------------------------------------------------------------------------------
peers=${PEERS:-auto}
have_clearwell-1core() { :; }
have_clearwell-gb18030() { generate "$work/input-$rows-$seed-gb18030.csv" -gbk; }

programs=()
if [ "$peers" = auto ]; then
  for p in duckdb duckdb-py polars-py polars pandas; do if "have_$p"; then programs+=("$p"); fi; done
elif [ "$peers" != none ]; then
  for p in ${peers//,/ }; do
    case $p in
      duckdb | duckdb-py | polars-py | polars | pandas | floor | clearwell-1core | clearwell-gb18030) "have_$p" || die "the peer $p was asked for and cannot be had" ;;
      *) die "unknown peer $p: see the head of bench/run.sh" ;;
    esac
    programs+=("$p")
  done
fi

build_clearwell

# --- one run of each ----------------------------------------------------------------------------------------------
log=$work/runs.jsonl
rm -f "$log"

# workspace makes a fresh one around the input.
workspace() { # folder input
  rm -rf "$1"
  cp -R "$here/workspace" "$1"
  mkdir -p "$1/inbox" "$1/standards"
  ln -f "$2" "$1/inbox/reference.csv" 2>/dev/null || cp "$2" "$1/inbox/reference.csv"
  cp "$codes" "$1/standards/admin_codes.tsv"
  printf %s bench-key-2026 >"$work/bench.key"
  "$clearwell" -C "$1" keys import bench --file "$work/bench.key" >&2
}
run_clearwell() {
  workspace "$work/ws" "$input"
  run_clearwell_in clearwell "$work/ws" reference
}
run_clearwell-1core() {
  workspace "$work/ws-1core" "$input"
  run_clearwell_in clearwell-1core "$work/ws-1core" reference 1
}
run_clearwell-gb18030() {
  workspace "$work/ws-gb18030" "$work/input-$rows-$seed-gb18030.csv"
  sed -i 's/encoding: utf-8/encoding: gb18030/' "$work/ws-gb18030/datasets/reference.yaml"
  run_clearwell_in clearwell-gb18030 "$work/ws-gb18030" reference
}
run_duckdb() { measure_duckdb duckdb "$work/duckdb/job.sql" "$input" "$work/out-duckdb"; }
run_duckdb-py() { measure_duckdb_py duckdb-py "$shared/bench/peers/duckdb/job.sql" "$input" "$work/out-duckdb-py"; }
run_floor() { measure_duckdb floor "$work/duckdb/floor_copy.sql" "$input" "$work/out-floor"; }
run_polars() {
  mkdir -p "$work/out-polars"
  POLARS_MAX_THREADS=$threads measure polars node --max-old-space-size=16000 "$work/polars/job.js" "$input" "$work/out-polars" "$codes"
}
run_polars-py() {
  mkdir -p "$work/out-polars-py"
  POLARS_MAX_THREADS=$threads measure polars-py "$python" "$here/peers/polars-py/job.py" "$input" "$work/out-polars-py" "$codes"
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
ran() { case " ${programs[*]-} " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# reference_peer is the DuckDB whose result the others are held against.
reference_peer() { if ran duckdb; then echo duckdb; elif ran duckdb-py; then echo duckdb-py; fi; }

check_clearwell() {
  local version stage=$work/stage quarantine with
  version=$(dirname "$(one "published version in $work/ws" "$work"/ws/published/reference/v=*/quality.json)")
  "$work/harness" counts -quality "$version/quality.json" >"$work/clearwell.counts"
  cat "$work/clearwell.counts"
  if ! have_sql; then
    say "without a DuckDB the contents are not compared"
    return 0
  fi
  quarantine=$(one "quarantine in $work/ws" "$work"/ws/.clearwell/quarantine/reference/*/quarantine.parquet)
  rm -rf "$stage"
  mkdir -p "$stage/clean" "$stage/quarantine" "$stage/out"
  ln -s "$version"/*.parquet "$stage/clean/"
  ln -s "$quarantine" "$stage/quarantine/"
  duck_sql "$here/present.sql" "$stage" "$stage/out" >"$work/clearwell.contents"
  with=$(reference_peer)
  [ -n "$with" ] || { say "no DuckDB peer was run: nothing to compare with"; return 0; }
  agree_with "$with" clearwell "$stage/out" -ours "$work/clearwell.counts" -ours "$work/clearwell.contents"
}

# agree_with compares two results row by row and column by column, and their figures.
agree_with() { # peer name folder figures…
  local with=$1 name=$2 folder=$3
  shift 3
  duck_sql "$shared/bench/peers/duckdb/compare.sql" "$work/out-$with" "$folder" >"$work/diffs"
  duck_sql "$here/types.sql" "$work/out-$with" "$folder" >>"$work/diffs"
  printf '%s and %s: ' "$name" "$with"
  "$work/harness" agree "$@" -theirs "$work/$with.out" -diffs "$work/diffs"
}

# The newer peers must do the same job, not only a fast one. (Polars for Node and pandas write other types: see the shared folder.)
check_peers() {
  local with p
  with=$(reference_peer)
  [ -n "$with" ] && have_sql || return 0
  for p in duckdb-py polars-py; do
    if ran "$p" && [ "$p" != "$with" ]; then agree_with "$with" "$p" "$work/out-$p" -ours "$work/$p.out"; fi
  done
}

# Ourselves on one core and from GB18030 must publish the same rows.
check_variants() {
  local p first again
  first=$(sed -n 's/.*"content_root": "\(.*\)".*/\1/p' "$work/clearwell.out")
  for p in clearwell-1core clearwell-gb18030; do
    ran "$p" || continue
    again=$(sed -n 's/.*"content_root": "\(.*\)".*/\1/p' "$work/$p.out")
    [ -n "$first" ] && [ "$again" = "$first" ] || { say "$p has the content root $again, clearwell $first"; return 1; }
    echo "$p and clearwell: the same content root"
  done
}

echo
set +e # not "check || verdict=1": there bash would go on after an error inside
(set -e; check_clearwell; check_peers; check_variants)
verdict=$?
set -e
equal=no
if [ $verdict -eq 0 ]; then
  equal=yes
  [ -n "$(reference_peer)" ] && have_sql || equal="not compared"
fi
bytes=$(wc -c <"$input" | tr -d ' ')
echo
machine
printf 'peers: %s\n' "$(versions | paste -sd, - | sed 's/,/, /g')"
printf 'input: %s rows, %s bytes, seed %s, sha256 %s\n' "$rows" "$bytes" "$seed" "$(sha256sum "$input" | cut -d' ' -f1)"
echo
keep "${NAME:-reference-$rows}" "$equal" "ROWS=$rows RUNS=$runs PEERS=$peers${MEMORY:+ MEMORY=$MEMORY}${LIMIT:+ LIMIT=$LIMIT} bench/run.sh" "$rows" "$bytes"
"$work/harness" report -log "$log" -rows "$rows" -bytes "$bytes"
[ $verdict -eq 0 ] || exit 1
