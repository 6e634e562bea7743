#!/usr/bin/env bash
# Every cleaning step, condition, rule over all rows and measure in CPU time for a cell, beside DuckDB's expression for the same:
#
#   ROWS=1000000 RUNS=5 bench/expressions.sh
#
#   ONLY_CASES=text   only cases whose name has this in it; the page keeps its figures
#
# One thread each, in turn in one run, so that ratios hold on a machine that others share. Fails where results differ, or where
# something takes more than three times as long as DuckDB and bench/expressions/reasons.go does not say why.
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rows=${ROWS:-1000000}
runs=${RUNS:-5}
cases=${ONLY_CASES:-}
have_duckdb-py || die "DuckDB for Python is what expressions are compared with"
threads=1
(cd "$root" && CGO_ENABLED=0 go build -o "$work/expressions" ./bench/expressions)
out=()
if [ -n "${RESULTS:-}" ] && [ -z "$cases" ]; then
  mkdir -p "$RESULTS"
  out=(-out "$RESULTS/expressions.json")
fi
"$work/expressions" -python "$python" -server "$here/peers/duckdb-py/expressions.py" -rows "$rows" -runs "$runs" -only "$cases" \
  -machine "$(machine)" -command "ROWS=$rows RUNS=$runs bench/expressions.sh" ${out[@]+"${out[@]}"}
