"""What a run tells: faults injected, questions asked, violations found, and how to run it again."""

from collections.abc import Mapping
from pathlib import Path

from .checks import Finding

_SHOWN = 10  # violations of one question; the rest is in the file


def table(title: str, rows: Mapping[str, object]) -> None:
    """Prints names and values in columns."""
    print(f"\n{title}")
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        print(f"  {name:{width}}  {value}")


def questions(findings: list[Finding]) -> None:
    """Prints each question with how much was looked at and how much is wrong."""
    rows = {
        finding.check: finding.note or f"{finding.looked_at:>8} looked at {len(finding.wrong):>6} wrong"
        for finding in findings
    }
    table("Questions", rows)


def violations(findings: list[Finding], file: Path) -> int:
    """Prints the first of each question, writes all to the file; how many there are."""
    wrong = [violation for finding in findings for violation in sorted(finding.wrong)]
    if wrong:
        file.write_text("".join(f"{v.check}\t{v.subject}\t{v.what}\n" for v in wrong), encoding="utf-8")
        print(f"\nViolations; all of them are in {file}")
    for finding in findings:
        for violation in sorted(finding.wrong)[:_SHOWN]:
            print(f"  {violation.check}: {violation.subject}: {violation.what}")
        if len(finding.wrong) > _SHOWN:
            print(f"  {finding.check}: and {len(finding.wrong) - _SHOWN} more")
    return len(wrong)
