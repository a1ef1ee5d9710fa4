#!/bin/sh
# Every test of the project, against real servers and two instances of each service: `sh run-e2e.sh`.
# Arguments go to `cargo test`. All of the work is done by deploy/local; this only finds the Python for it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
. "$here/deploy/local/python.sh"
exec "$python" "$here/deploy/local" e2e "$@"
