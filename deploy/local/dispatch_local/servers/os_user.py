"""The user of the operating system that PostgreSQL runs as.

Guarantees: for everybody but root, the user who starts it, and nothing is changed. Started by root, it is another user
who exists already (none is made): DISPATCH_POSTGRES_OS_USER, else postgres, else nobody. That user must be able to reach
the programs and the data. Where a folder above them is closed to others, as /root is, others may pass through it from
then on (they still cannot list it); each such change is said in a line.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ..problem import Problem, say
from ..settings import LOCAL, from_environment


@dataclass(frozen=True)
class OsUser:
    """A user; without an id: whoever runs this."""

    id: int | None = None
    group: int | None = None
    name: str = ""

    @staticmethod
    def for_postgres() -> "OsUser":
        if os.geteuid() != 0:
            return OsUser()
        chosen = from_environment("DISPATCH_POSTGRES_OS_USER")
        for name in (chosen,) if chosen else ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return OsUser(entry.pw_uid, entry.pw_gid, name)
        raise Problem(
            "PostgreSQL does not run as root: name a user of this system that it can run as in DISPATCH_POSTGRES_OS_USER"
            + (f"; {chosen} is none" if chosen else "")
        )

    @property
    def suffix(self) -> str:
        """For messages."""
        return f" by the user {self.name}" if self.name else ""

    def own(self, folder: Path) -> None:
        """Makes the user the owner of a folder."""
        if self.id is not None and self.group is not None:
            os.chown(folder, self.id, self.group)

    def let_through(self, *targets: Path) -> None:
        """Lets the user reach these, as far as the folders above them go."""
        if self.id is None:
            return
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            for folder in reversed(target.resolve().parents):
                mode = folder.stat().st_mode
                if not mode & 0o001:
                    try:
                        folder.chmod(mode | 0o001)
                    except OSError as error:
                        raise Problem(
                            f"PostgreSQL runs as the user {self.name}, who cannot get through {folder}, and that could "
                            f"not be changed ({error.strerror}): put the checkout elsewhere"
                        ) from None
                    if not folder.is_relative_to(LOCAL):
                        say(f"PostgreSQL runs as the user {self.name}, not as root: others may now pass through {folder}")
