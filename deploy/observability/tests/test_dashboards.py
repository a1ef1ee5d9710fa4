"""Dashboards can be loaded: ids are unique, panels do not lie over each other, and each says what it shows, in which unit."""

import unittest
from itertools import combinations

import sources

_COLUMNS = 24


def _overlap(a: dict, b: dict) -> bool:
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


class Dashboards(unittest.TestCase):
    def test_there_is_one_with_a_stable_address(self) -> None:
        self.assertEqual([dashboard["uid"] for dashboard in sources.dashboards().values()], ["dispatch"])

    def test_ids_are_unique(self) -> None:
        for name, dashboard in sources.dashboards().items():
            ids = [panel["id"] for panel in sources.panels(dashboard)]
            self.assertEqual(len(ids), len(set(ids)), name)

    def test_panels_do_not_lie_over_each_other(self) -> None:
        for name, dashboard in sources.dashboards().items():
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], _COLUMNS, f"{name}: {panel['title']}")
            for one, other in combinations(dashboard["panels"], 2):
                self.assertFalse(_overlap(one["gridPos"], other["gridPos"]), f"{name}: {one['title']}, {other['title']}")

    def test_each_panel_says_what_it_shows(self) -> None:
        for dashboard in sources.dashboards().values():
            for panel in sources.panels(dashboard):
                if panel["type"] == "row":
                    continue
                with self.subTest(panel["title"]):
                    self.assertTrue(panel["description"].endswith("."))
                    self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                    unit = panel["fieldConfig"]["defaults"].get("unit") or panel["options"]["yAxis"]["unit"]
                    self.assertTrue(unit)
                    self.assertTrue(panel["targets"])
                    ids = [target["refId"] for target in panel["targets"]]
                    self.assertEqual(len(ids), len(set(ids)))

    def test_each_variable_is_used_and_each_that_is_used_is_there(self) -> None:
        for dashboard in sources.dashboards().values():
            variables = {variable["name"] for variable in dashboard["templating"]["list"]}
            self.assertEqual(variables, {"datasource", "service", "instance", "zone"})
            text = repr(dashboard)
            for variable in variables:
                self.assertTrue(f"${variable}" in text or f"${{{variable}}}" in text, variable)
