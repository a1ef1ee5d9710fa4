"""Each alert says how urgent it is and what to do, has a page, and is tested both ways; what is recorded is what its name says."""

import re
import unittest

import sources

_SEVERITIES = {"page", "ticket"}


def tested() -> dict[str, set[bool]]:
    """By alert: whether there is a test in which it fires, and one in which it does not."""
    found: dict[str, set[bool]] = {}
    for path in sources.RULE_TESTS:
        for test in sources.yaml(path)["tests"]:
            for case in test.get("alert_rule_test", []):
                found.setdefault(case["alertname"], set()).add(bool(case.get("exp_alerts")))
    return found


class Alerts(unittest.TestCase):
    def test_each_says_what_is_the_matter_and_where_to_read_on(self) -> None:
        self.assertGreater(len(sources.alerts()), 20)
        for name, rule in sources.alerts().items():
            with self.subTest(name):
                self.assertRegex(name, r"^Dispatch([A-Z][a-z]+)+$")
                self.assertEqual(set(rule["labels"]), {"severity"})
                self.assertIn(rule["labels"]["severity"], _SEVERITIES)
                self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook"})
                self.assertEqual(rule["annotations"]["runbook"], f"deploy/observability/runbooks/{name}.md")

    def test_no_name_is_used_twice(self) -> None:
        names = [rule.get("alert") or rule["record"] for rule in sources.rules()]
        self.assertEqual(len(names), len(set(names)))

    def test_each_is_tested_both_ways(self) -> None:
        self.assertEqual(tested(), {name: {True, False} for name in sources.alerts()})

    def test_each_test_is_of_the_rules_that_run(self) -> None:
        for path in sources.RULE_TESTS:
            files = [(path.parent / file).resolve() for file in sources.yaml(path)["rule_files"]]
            self.assertEqual(files, [sources.OBSERVABILITY / "alerts.yml"], path.name)

    def test_a_record_is_of_the_window_in_its_name(self) -> None:
        for name, rule in sources.records().items():
            window = name.rpartition("rate")[2]
            self.assertEqual(set(re.findall(r"\[(\w+)\]", rule["expr"])), {window}, name)
