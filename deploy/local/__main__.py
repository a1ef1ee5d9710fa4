"""Entry point: `python3 deploy/local COMMAND`. run.sh and run-e2e.sh start this; README.md beside it explains it."""

import sys

if sys.version_info < (3, 11):
    sys.exit("dispatch: this needs Python 3.11 or newer, and this is " + sys.version.split()[0])

from dispatch_local.cli import main  # noqa: E402  (after the version check, which must work on any Python 3)

if __name__ == "__main__":
    sys.exit(main())
