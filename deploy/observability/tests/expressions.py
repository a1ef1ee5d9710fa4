"""Every expression of PromQL in this folder: of rules, dashboards (variables and annotations, too) and pages. On a page, a block
that is marked as `promql` has one in each line.
"""

import re
from collections.abc import Iterator

import sources


def expressions() -> Iterator[tuple[str, str]]:
    """Each with the place where it is."""
    for rule in sources.rules():
        yield f"alerts.yml, {rule.get('alert') or rule['record']}", rule["expr"]
    for name, dashboard in sources.dashboards().items():
        for panel in sources.panels(dashboard):
            for target in panel.get("targets", []):
                yield f"{name}, panel {panel['id']} ({panel['title']})", target["expr"]
        for annotation in dashboard["annotations"]["list"]:
            yield f"{name}, annotation {annotation['name']}", annotation["expr"]
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                yield f"{name}, variable {variable['name']}", f"max by ({label}) ({selector})"
    for page in sorted(sources.OBSERVABILITY.rglob("*.md")):
        for block in re.findall(r"^```promql\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            yield from ((page.name, line) for line in block.splitlines())
