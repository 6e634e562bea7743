# Shared by the benchmark scripts: where things are, how peers are had, how one process is measured. Sourced, not run.
#
#   WORK              folder for everything that is made (default bench/work)
#   CLEARWELL_SHARED  the folder with bench/JOB.md, the generator and the peers (default: ../shared beside the project)
#   CLEARWELL_BIN     a clearwell binary to measure (default: built from this tree)
#   THREADS           threads of every program (default: all processors)
#   MEMORY            memory budget of clearwell (--memory), such as 1GiB (default: the program's own)
#   LIMIT             memory limit of DuckDB, such as 1GB (default: DuckDB's own)
#   NEWER=1           look for newer versions of the Python peers instead of using those that are installed in WORK

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
work=${WORK:-$here/work}
shared=${CLEARWELL_SHARED:-$root/../shared}
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

[ -f "$shared/bench/JOB.md" ] || die "the shared folder with bench/JOB.md is not at $shared; set CLEARWELL_SHARED to where it is"
shared=$(cd "$shared" && pwd)
command -v go >/dev/null || die "go is not on the PATH; install Go 1.26 or later"
mkdir -p "$work"
work=$(cd "$work" && pwd)
codes=$shared/bench/gen/admin_codes.tsv

# fresh COPIES THAT-FOLDER to WORK/NAME when it is not there yet or its source has changed since.
fresh() { # name source
  if [ ! -d "$work/$1" ] || [ -n "$(find "$2" -newer "$work/$1/.copied" -type f -print -quit 2>/dev/null)" ] || [ ! -e "$work/$1/.copied" ]; then
    rm -rf "${work:?}/$1"
    cp -R "$2" "$work/$1"
    chmod -R u+w "$work/$1"
    : >"$work/$1/.copied"
  fi
}

build_harness() { (cd "$root" && CGO_ENABLED=0 go build -o "$work/harness" ./bench/harness); }
build_clearwell() {
  if [ -n "${CLEARWELL_BIN:-}" ]; then
    clearwell=$CLEARWELL_BIN
  else
    clearwell=$work/clearwell
    (cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$clearwell" ./cmd/clearwell)
  fi
}

# --- peers: each is optional; what is missing is said -----------------------------------------------------------------
have_duckdb() {
  command -v gcc >/dev/null || command -v cc >/dev/null || { say "duckdb: no C compiler (its Go driver needs cgo; Debian: gcc libc6-dev)"; return 1; }
  fresh duckdb "$shared/bench/peers/duckdb"
  [ -x "$work/duckdb/duck" ] || { say "building the DuckDB peer"; (cd "$work/duckdb" && CGO_ENABLED=1 go build -o duck .); }
}
have_floor() { have_duckdb; }
have_polars() {
  command -v npm >/dev/null || { say "polars: npm is not here (Debian: nodejs npm)"; return 1; }
  fresh polars "$shared/bench/peers/polars"
  [ -d "$work/polars/node_modules/nodejs-polars" ] || { say "installing Polars for Node"; (cd "$work/polars" && npm install --no-audit --no-fund --silent >&2); }
}
have_pandas() {
  local candidate
  for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import pandas, zstandard' 2>/dev/null; then pandas_python=$candidate; return 0; fi
  done
  say "pandas: not installed (Debian: python3-pandas python3-zstandard)"
  return 1
}
# The Python peers stand in an environment of their own, with the newest versions that the package index serves on the day it is made.
python=$work/venv/bin/python
have_python() { # name module
  if [ ! -x "$python" ]; then
    command -v python3 >/dev/null || { say "$1: python3 is not here (Debian: python3 python3-venv)"; return 1; }
    python3 -m venv "$work/venv" 2>/dev/null || { rm -rf "$work/venv"; say "$1: python3 cannot make an environment (Debian: python3-venv)"; return 1; }
  fi
  if [ -n "${NEWER:-}" ] || ! "$python" -c "import $2" 2>/dev/null; then
    say "installing the newest $2 for Python"
    "$python" -m pip install --quiet --upgrade "$2" >&2 || { say "$1: pip could not install $2"; return 1; }
  fi
}
have_duckdb-py() { have_python duckdb-py duckdb; }
have_polars-py() { have_python polars-py polars; }

# versions names the peers that were had, for the page.
versions() {
  [ ! -f "$work/duckdb/go.mod" ] || printf 'duckdb (driver %s)\n' "$(sed -n 's/.*duckdb-go\/v2 //p' "$work/duckdb/go.mod" | head -1)"
  [ ! -x "$python" ] || "$python" -c 'import importlib.metadata as m
for p in ("duckdb", "polars"):
    try: print(f"{p}-py {m.version(p)}")
    except m.PackageNotFoundError: pass'
  [ ! -f "$work/polars/node_modules/nodejs-polars/package.json" ] || printf 'polars (nodejs-polars %s)\n' "$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "$work/polars/node_modules/nodejs-polars/package.json" | head -1)"
  [ -z "${pandas_python:-}" ] || "$pandas_python" -c 'import pandas; print("pandas", pandas.__version__)'
}

# duck_sql runs one SQL file in DuckDB, whichever is here, and prints what its SELECTs give.
duck_sql() { # sql in out
  if [ -x "$work/duckdb/duck" ]; then
    "$work/duckdb/duck" -threads "$threads" -codes "$codes" -sql "$1" -in "$2" -out "$3"
  else
    "$python" "$here/peers/duckdb-py/job.py" --threads "$threads" --codes "$codes" --sql "$1" --in "$2" --out "$3"
  fi
}
have_sql() { [ -x "$work/duckdb/duck" ] || { [ -x "$python" ] && "$python" -c 'import duckdb' 2>/dev/null; }; }

# measure runs one process and appends what it cost to the log of the suite; its output goes to WORK/LABEL.out.
measure() { # label, then the command
  local label=$1
  shift
  sync # what the run before wrote is not this run's work
  "$work/harness" measure -label "$label" -log "$log" -out "$work/$label.out" -- "$@"
}

memory_flag=()
[ -z "${MEMORY:-}" ] || memory_flag=(--memory "$MEMORY")
run_clearwell_in() { # label workspace dataset [threads]
  GOMAXPROCS=${4:-$threads} measure "$1" "$clearwell" -C "$2" run "$3" --json ${memory_flag[@]+"${memory_flag[@]}"}
}
measure_duckdb() { # label sql in out
  mkdir -p "$4"
  measure "$1" "$work/duckdb/duck" -threads "$threads" -codes "$codes" -mem "${LIMIT:-}" -sql "$2" -in "$3" -out "$4"
}
measure_duckdb_py() { # label sql in out
  mkdir -p "$4"
  measure "$1" "$python" "$here/peers/duckdb-py/job.py" --threads "$threads" --codes "$codes" --memory "${LIMIT:-}" --sql "$2" --in "$3" --out "$4"
}

# one names the only file that matches; a run into a fresh workspace leaves one.
one() { # what, then the matches
  local what=$1
  shift
  [ $# -eq 1 ] && [ -e "$1" ] || die "expected one $what, found: $*"
  printf '%s' "$1"
}

machine() {
  printf 'machine: %s, %s threads, %s, %s, %s\n' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1 || true)" "$threads" \
    "$(awk '/MemTotal/{printf "%.1f GiB", $2/1048576}' /proc/meminfo 2>/dev/null || true)" \
    "$(uname -sr)" "$(go version | cut -d' ' -f3)"
}

# keep saves a suite's runs and facts in the folder RESULTS, for the page.
keep() { # suite equal command rows bytes, then further flags of harness facts
  [ -n "${RESULTS:-}" ] || return 0
  local suite=$1 equal=$2 command=$3 rows=$4 bytes=$5
  shift 5
  mkdir -p "$RESULTS"
  cp "$log" "$RESULTS/$suite.runs.jsonl"
  "$work/harness" facts -out "$RESULTS/$suite.facts.json" -command "$command" -rows "$rows" -bytes "$bytes" -equal "$equal" "$@" \
    -machine "$(machine)" -peers "$(versions | paste -sd, - | sed 's/,/, /g')" -seconds "$work/clearwell.out"
}
