"""The questions that are asked when all is quiet. Each is a function that answers what it looked at and what is wrong."""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Violation:
    """Something that is not as promised."""

    check: str
    subject: str  # the order, courier, event, queue or process
    what: str


@dataclass
class Finding:
    """The answer to one question."""

    check: str
    looked_at: int = 0
    wrong: list[Violation] = field(default_factory=list)
    note: str = ""

    def add(self, subject: str, what: str) -> None:
        self.wrong.append(Violation(self.check, subject, what))

    def demand(self, holds: bool, subject: str, what: str) -> None:
        """Looks at one thing."""
        self.looked_at += 1
        if not holds:
            self.add(subject, what)
