"""Entry point: `python3 deploy/chaos [OPTIONS]`. README.md beside it explains it."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("dispatch: this needs Python 3.11 or newer, and this is " + sys.version.split()[0])

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "local"))  # dispatch_local: servers, services, processes
    try:
        from dispatch_chaos.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(main())
