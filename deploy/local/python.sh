# Read by run.sh and run-e2e.sh: sets `python` to a Python of version 3.11 or newer, or ends with a line that says what
# to do. Each candidate is tried, since a name on the PATH may be a stand-in for a version that is not there.

python=
for candidate in ${DISPATCH_PYTHON:+"$DISPATCH_PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        python=$candidate
        break
    elif [ "$candidate" = "${DISPATCH_PYTHON:-}" ]; then
        echo "dispatch: DISPATCH_PYTHON is not a Python of version 3.11 or newer: $candidate" >&2
        exit 1
    fi
done
if [ -z "$python" ]; then
    echo "dispatch: Python 3.11 or newer is needed and was not found: install it, or name it in DISPATCH_PYTHON" >&2
    exit 1
fi
