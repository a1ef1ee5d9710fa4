"""Entry point: `python3 deploy/local COMMAND`. run.sh and run-e2e.sh start this; README.md beside it explains it."""

import sys

if sys.version_info < (3, 11):
    sys.exit("dispatch: this needs Python 3.11 or newer, and this is " + sys.version.split()[0])

if __name__ == "__main__":
    try:
        from dispatch_local.cli import main  # after the version check, which must work on any Python 3
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(main())
