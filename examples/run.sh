#!/usr/bin/env bash
# Runs both examples from raw file to published, proven Parquet and says where everything is:
#
#   examples/run.sh
#
# It builds clearwell (CLEARWELL_BIN names a built one) and makes the synthetic registry the first time.
# Running it again publishes a new version of each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
clearwell=${CLEARWELL_BIN:-bin/clearwell}
if [ -z "${CLEARWELL_BIN:-}" ]; then
  command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or later (https://go.dev/dl/) and run this again" >&2; exit 1; }
  echo "building $clearwell (the first time takes some minutes)"
  CGO_ENABLED=0 go build -trimpath -o "$clearwell" ./cmd/clearwell
fi

[ -f examples/residents/inbox/residents.csv ] || "$clearwell" demo residents --out examples/residents/inbox/residents.csv

for workspace in examples/wildlife-strikes examples/residents; do
  echo
  "$clearwell" -C "$workspace" run --all
done
echo
echo "The commands can be pasted here: $PWD. The tour in README.md goes on from there."
