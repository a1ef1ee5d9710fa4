"""The files that are checked, read once.

PyYAML is that of the running Python, else that of the wheels that deploy/local has installed into this checkout.
"""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

OBSERVABILITY = Path(__file__).resolve().parents[1]
CHECKOUT = OBSERVABILITY.parents[1]
RUNBOOKS = OBSERVABILITY / "runbooks"
DASHBOARDS = OBSERVABILITY / "grafana" / "dashboards"
RULE_TESTS = sorted((OBSERVABILITY / "tests" / "rules").glob("*.test.yml"))


def _load_yaml_module():  # noqa: ANN202
    try:
        import yaml
    except ModuleNotFoundError:
        installed = sorted(CHECKOUT.glob(".local/servers-*/lib/python3*/site-packages"))
        sys.path += [str(folder) for folder in installed if (folder / "yaml").is_dir()]
        try:
            import yaml
        except ModuleNotFoundError:
            raise SystemExit("PyYAML is missing: `sh run.sh` or `sh run-e2e.sh` installs it into .local") from None
    return yaml


_yaml = _load_yaml_module()


@cache
def yaml(path: Path) -> dict:
    return _yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def dashboards() -> dict[str, dict]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))}


def rules() -> list[dict]:
    return [rule for group in yaml(OBSERVABILITY / "alerts.yml")["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def records() -> dict[str, dict]:
    return {rule["record"]: rule for rule in rules() if "record" in rule}


def panels(dashboard: dict) -> Iterator[dict]:
    """All of them, also those that a collapsed row holds."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])
