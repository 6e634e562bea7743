#!/usr/bin/env bash
# Runs both examples from raw file to published, proven Parquet and says where everything is:
#
#   examples/run.sh
#
# It builds clearwell (CLEARWELL_BIN names a built one) and makes the synthetic registry the first time.
# Running it again publishes a new version of each.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
clearwell=${CLEARWELL_BIN:-$root/bin/clearwell}
if [ -z "${CLEARWELL_BIN:-}" ]; then
  echo "building bin/clearwell"
  (cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o "$clearwell" ./cmd/clearwell)
fi

residents=$here/residents
[ -f "$residents/inbox/residents.csv" ] || "$clearwell" demo residents --out "$residents/inbox/residents.csv"

strikes=$here/wildlife-strikes

cd "$root"
for workspace in "$strikes" "$residents"; do
  echo
  "$clearwell" -C "$workspace" run --all
done
