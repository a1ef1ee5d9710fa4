"""What alerts, the dashboard and runbooks ask for is in METRICS.md, with the labels and the values that it has there."""

import unittest
from collections.abc import Iterator

import sources
from expressions import expressions
from metrics_table import metrics
from promql import Selector, selectors


def wrong(selector: Selector) -> Iterator[str]:
    """What METRICS.md does not bear out."""
    if selector.metric in sources.records():
        return
    metric = metrics().get(selector.metric)
    if metric is None:
        yield f"there is no metric {selector.metric}"
        return
    for label in sorted({matcher.label for matcher in selector.matchers} | selector.grouped_by):
        if label not in metric.labels:
            yield f"{selector.metric} has no label {label}"
    for matcher in selector.matchers:
        values = metric.values.get(matcher.label)
        if values and matcher.operator in {"=", "!="} and matcher.value not in values:
            yield f"{selector.metric} has no {matcher.label} {matcher.value!r}: {sorted(values)}"
    if metric.kind == "counter" and not selector.is_ranged:
        yield f"{selector.metric} is a counter: by itself, without rate or increase over a range, it says nothing"


class Metrics(unittest.TestCase):
    def test_the_table_is_read(self) -> None:
        known = metrics()
        self.assertGreater(len(known), 40)
        self.assertEqual(known["dispatch_couriers"].values["state"], {"free", "full", "resting"})
        self.assertIn("le", known["dispatch_sql_seconds_bucket"].labels)
        self.assertNotIn("dispatch_sql_seconds", known)

    def test_what_is_asked_for_is_there(self) -> None:
        mistakes = [
            f"{place}: {mistake}"
            for place, expression in expressions()
            for selector in selectors(expression)
            for mistake in wrong(selector)
        ]
        self.assertEqual(mistakes, [])

    def test_every_kind_of_place_is_looked_at(self) -> None:
        places = {place.split(", ")[0] for place, _ in expressions()}
        self.assertLessEqual({"alerts.yml", "dispatch.json", "DispatchStuck.md"}, places)

    def test_shared_gauges_are_not_added_up_over_instances(self) -> None:
        shared = {name for name, metric in metrics().items() if metric.is_shared}
        self.assertLessEqual({"dispatch_waiting_orders", "dispatch_dead_letters", "dispatch_outbox_waiting"}, shared)
        for place, expression in expressions():
            for selector in selectors(expression):
                if selector.metric in shared:
                    self.assertIn(selector.aggregated_by, {"max", "min"}, f"{place}: {expression}")
