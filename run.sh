#!/bin/sh
# Runs Dispatch on this machine, in the foreground: `sh run.sh`, and `sh run.sh --help` for the options.
# All of the work is done by deploy/local; this only finds the Python for it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=deploy/local/python.sh
. "$here/deploy/local/python.sh"  # sets python
exec "$python" "$here/deploy/local" run "$@"
