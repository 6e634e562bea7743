#!/usr/bin/env bash
# Runs both examples from raw file to published, proven Parquet and says where everything is:
#
#   examples/run.sh
#
# It builds clearwell if bin/clearwell is not there (CLEARWELL_BIN names another one), makes the synthetic registry,
# and a secret for each pseudonym the first time. Running it again publishes a new version of each.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
clearwell=${CLEARWELL_BIN:-$root/bin/clearwell}
if [ ! -x "$clearwell" ]; then
  echo "building $clearwell"
  (cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$clearwell" ./cmd/clearwell)
fi

# secret makes a pseudonym secret in a workspace unless it is there.
secret() { # workspace, name
  "$clearwell" -C "$1" keys list | grep -qw -- "$2" || "$clearwell" -C "$1" keys create "$2"
}

residents=$here/residents
[ -f "$residents/inbox/residents.csv" ] || "$clearwell" demo residents --out "$residents/inbox/residents.csv"
secret "$residents" residents

strikes=$here/wildlife-strikes
secret "$strikes" wildlife-places
secret "$strikes" wildlife-operators

cd "$root"
for workspace in "$strikes" "$residents"; do
  echo
  "$clearwell" -C "$workspace" run --all
done
