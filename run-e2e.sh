#!/bin/sh
# Every test of the project, against real servers and two instances of each service: `sh run-e2e.sh`.
# Arguments go to `cargo test`. All of the work is done by deploy/local; this only finds the Python for it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=deploy/local/python.sh
. "$here/deploy/local/python.sh"  # sets python
exec "$python" "$here/deploy/local" e2e "$@"
