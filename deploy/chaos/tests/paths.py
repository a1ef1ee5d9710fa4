"""Makes the packages importable, as __main__.py does."""

import sys
from pathlib import Path

_DEPLOY = Path(__file__).resolve().parents[2]
for _folder in ("chaos", "local"):
    if (_path := str(_DEPLOY / _folder)) not in sys.path:
        sys.path.insert(0, _path)
