#!/usr/bin/env bash
# The job on input of another shape, clearwell beside DuckDB (both versions, as far as they can be had):
#
#   bench/shape.sh wide      200 columns, ROWS=500000
#   bench/shape.sh files     FILES=10000 files of ROWS=200 rows, ten columns
#
#   RUNS   measured runs of each program, in turn (default 3)
#
# bench/lib.sh says what else can be set. The last lines are those of bench/run.sh; the exit code is 1 when results differ.
# clearwell also archives, hashes, scores, logs and counts what every cell failed; the SQL writes the two files and counts rows.
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
name=${1:-}
runs=${RUNS:-3}
case $name in
  wide) columns=200 files=1 rows=${ROWS:-500000} ;;
  files) columns=10 files=${FILES:-10000} rows=${ROWS:-200} ;;
  *) die "say which shape: wide or files" ;;
esac
case "$rows$files$runs$threads" in *[!0-9]*) die "ROWS, FILES, RUNS and THREADS are whole numbers" ;; esac

build_harness
build_clearwell
(cd "$root" && CGO_ENABLED=0 go build -o "$work/shapes" ./bench/shapes)
input=$work/shape-$name-$files-$rows
if [ ! -d "$input" ] || [ "$work/shapes" -nt "$input/job.sql" ]; then
  say "generating $files files of $rows rows and $columns columns"
  rm -rf "$input"
  "$work/shapes" -columns "$columns" -files "$files" -rows "$rows" -out "$input"
fi
peers=()
for p in duckdb duckdb-py; do if "have_$p"; then peers+=("$p"); fi; done

log=$work/runs-$name.jsonl
rm -f "$log"
cat "$input"/inbox/*.csv >/dev/null
for ((i = 1; i <= runs; i++)); do
  say "run $i of $runs"
  ws=$work/ws-$name
  rm -rf "$ws"
  cp -Rl "$input" "$ws" 2>/dev/null || cp -R "$input" "$ws"
  run_clearwell_in clearwell "$ws" shape
  for p in ${peers[@]+"${peers[@]}"}; do
    rm -rf "$work/out-$name-$p"
    case $p in
      duckdb) measure_duckdb duckdb "$input/job.sql" "$input/inbox/*.csv" "$work/out-$name-duckdb" ;;
      duckdb-py) measure_duckdb_py duckdb-py "$input/job.sql" "$input/inbox/*.csv" "$work/out-$name-duckdb-py" ;;
    esac
  done
done

# --- is it the same result? A hash over all cells of each published row, by its id; and the number of quarantined rows.
check() {
  local version ours=$work/stage-$name/ours theirs=$work/stage-$name/theirs p
  version=$(dirname "$(one "published version in $ws" "$ws"/published/shape/v=*/quality.json)")
  rm -rf "$work/stage-$name"
  mkdir -p "$ours/clean" "$ours/quarantine"
  ln -s "$version"/*.parquet "$ours/clean/"
  ln -s "$(one "quarantine in $ws" "$ws"/.clearwell/quarantine/shape/*/quarantine.parquet)" "$ours/quarantine/quarantine.parquet"
  for p in ${peers[@]+"${peers[@]}"}; do
    rm -rf "$theirs"
    mkdir -p "$theirs/clean" "$theirs/quarantine"
    ln -s "$work/out-$name-$p/clean.parquet" "$theirs/clean/"
    ln -s "$work/out-$name-$p/quarantine.parquet" "$theirs/quarantine/"
    duck_sql "$input/compare.sql" "$theirs" "$ours" >"$work/diffs-$name"
    printf 'clearwell and %s: ' "$p"
    "$work/harness" same -diffs "$work/diffs-$name"
  done
}
echo
set +e
(set -e; check)
verdict=$?
set -e
bytes=$(cat "$input"/inbox/*.csv | wc -c | tr -d ' ')
equal=no
if [ $verdict -eq 0 ]; then
  equal=yes
  [ ${#peers[@]} -gt 0 ] || equal="not compared"
fi
machine
total=$((rows * files))
printf 'input: %s files, %s rows, %s columns, %s bytes\n\n' "$files" "$total" "$columns" "$bytes"
keep "$name" "$equal" "ROWS=$rows FILES=$files RUNS=$runs bench/shape.sh $name" "$total" "$bytes"
"$work/harness" report -log "$log" -rows "$total" -bytes "$bytes"
[ $verdict -eq 0 ] || exit 1
