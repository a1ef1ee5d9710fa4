"""A copy of Valkey's data while it runs, to come back with later."""

import shutil
from dataclasses import dataclass
from pathlib import Path

_FOLDER, _ATTEMPTS = "appendonlydir", 5


@dataclass(frozen=True)
class Past:
    """The data as it was. What was being written just then may be cut off: Valkey starts without it."""

    data: Path
    copy: Path

    @staticmethod
    def of(data: Path) -> "Past | None":
        """Copies the data; nothing, if the files are being rewritten all the time."""
        copy = data.with_name(data.name + ".past")
        for _ in range(_ATTEMPTS):
            shutil.rmtree(copy, ignore_errors=True)
            before = _manifest(data)
            try:
                shutil.copytree(data / _FOLDER, copy)
            except (OSError, shutil.Error):
                continue
            if before == _manifest(data):
                return Past(data, copy)
        return None

    def restore(self) -> None:
        """Puts the copy in the place of the data; Valkey must not run."""
        shutil.rmtree(self.data / _FOLDER)
        shutil.copytree(self.copy, self.data / _FOLDER)


def _manifest(data: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((data / _FOLDER).glob("*.manifest"))]
