"""METRICS.md, as a table: which metrics there are, of which kind, with which labels and, where it says so, which values these have.

A histogram is asked for by its parts: `_bucket`, which has `le`, `_sum` and `_count`. What Prometheus adds to everything (job,
instance) and makes by itself (up, ALERTS) is known here, too.
"""

import re
from dataclasses import dataclass, field
from functools import cache

import sources

_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*)\|(?P<services>[^|]*)\|(?P<meaning>.*)\|$")
_TARGET = frozenset({"job", "instance"})
# Labels whose values METRICS.md lists, in backticks, in the meaning.
_CLOSED = frozenset({"state", "of", "bound"})


@dataclass(frozen=True)
class Metric:
    kind: str
    labels: frozenset[str]
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    is_shared: bool = False


def _of_row(match: re.Match) -> Metric:
    labels = frozenset(label.strip() for label in match["labels"].split(",") if label.strip())
    listed = frozenset(re.findall(r"`(\w+)`", match["meaning"]))
    is_shared = match["meaning"].rstrip().endswith("; shared")
    return Metric(match["kind"], labels | _TARGET, {label: listed for label in labels & _CLOSED}, is_shared)


@cache
def metrics() -> dict[str, Metric]:
    """By the name that an expression asks for."""
    text = (sources.OBSERVABILITY / "METRICS.md").read_text(encoding="utf-8")
    known: dict[str, Metric] = {}
    for row in (line for line in text.splitlines() if line.startswith("| `")):
        match = _ROW.match(row)
        if match is None:
            raise ValueError(f"METRICS.md: a row that cannot be read: {row}")
        metric = _of_row(match)
        if metric.kind == "histogram":
            for suffix, labels in (("_bucket", metric.labels | {"le"}), ("_sum", metric.labels), ("_count", metric.labels)):
                known[match["name"] + suffix] = Metric("counter", labels)
        else:
            known[match["name"]] = metric
    for name in re.findall(r"`(process_\w+)`", text):
        known[name] = Metric("counter" if name.endswith("_total") else "gauge", _TARGET)
    known["up"] = Metric("gauge", _TARGET)
    known["ALERTS"] = Metric("gauge", _TARGET | {"alertname", "alertstate", "severity"})
    return known
