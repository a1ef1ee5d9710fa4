"""As much of PromQL as is needed to see which metrics and labels an expression asks for.

It reads names, matchers and grouping; promtool says whether the expression is one. What it cannot read is an error, never
passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s+
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<range>\[[^\]]*\])
    | (?P<number>\d+(?:\.\d+)?(?:ms|[smhdwy])?\b)
    | (?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
    | (?P<operator>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){},])""",
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = _GROUPING | {"and", "or", "unless", "bool", "offset"}
_AGGREGATIONS = {"sum", "max", "min", "avg", "count", "topk", "bottomk", "group", "quantile"}


class Unreadable(ValueError):
    pass


@dataclass(frozen=True)
class Matcher:
    label: str
    operator: str
    value: str


@dataclass(frozen=True)
class Selector:
    """One use of a metric: what it is matched by, and the labels by which its series are put together or joined."""

    metric: str
    matchers: tuple[Matcher, ...]
    grouped_by: frozenset[str]
    is_ranged: bool
    aggregated_by: str
    """The innermost `sum`, `max`, ... around it; empty for none."""


@dataclass(frozen=True)
class _Around:
    aggregation: str = ""
    labels: frozenset[str] = frozenset()


def selectors(expression: str) -> list[Selector]:
    tokens = list(_tokens(expression))
    found: list[Selector] = []
    _walk(tokens, 0, len(tokens), _Around(), found)
    return found


def _tokens(expression: str) -> Iterator[str]:
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise Unreadable(f"{expression[at:at + 30]!r} in {expression!r}")
        at = match.end()
        if match.group().strip():
            yield match.group()


def _walk(tokens: list[str], at: int, end: int, around: _Around, found: list[Selector]) -> None:
    while at < end:
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < end else ""
        if token in _AGGREGATIONS and following in {"by", "("}:
            labels = around.labels
            if following == "by":
                close = _closing(tokens, at + 2)
                # What is put together once more, further out, has the labels of the inner grouping only.
                labels, at = frozenset(tokens[at + 3 : close]) - {","}, close
                if not around.labels <= labels:
                    raise Unreadable(f"grouped by {sorted(around.labels)} after it was by {sorted(labels)}")
                at += 1
            else:
                at += 1
            close = _closing(tokens, at)
            _walk(tokens, at + 1, close, _Around(token, labels), found)
            at = close + 1
        elif token == "without":
            raise Unreadable("`without` keeps labels that nobody sees here; say `by`")
        elif token in _GROUPING:
            at = _closing(tokens, at + 1) + 1
        elif following == "(" or token in _WORDS or not re.match(r"[A-Za-z_:]", token):
            at += 1
        else:
            at = _selector(tokens, at, end, around, found)


def _selector(tokens: list[str], at: int, end: int, around: _Around, found: list[Selector]) -> int:
    metric, matchers = tokens[at], []
    at += 1
    if at < end and tokens[at] == "{":
        close = _closing(tokens, at)
        inner = [token for token in tokens[at + 1 : close] if token != ","]
        matchers = [Matcher(*inner[i : i + 2], inner[i + 2].strip('"')) for i in range(0, len(inner), 3)]
        at = close + 1
    is_ranged = at < end and tokens[at].startswith("[") and ":" not in tokens[at]
    found.append(Selector(metric, tuple(matchers), around.labels, is_ranged, around.aggregation))
    return at


def _closing(tokens: list[str], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at] in "({") - (tokens[at] in ")}")
        if depth == 0:
            return at
    raise Unreadable("a bracket is not closed")
