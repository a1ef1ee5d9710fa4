"""What promql.py sees in an expression."""

import unittest

from promql import Matcher, Unreadable, selectors


class Selectors(unittest.TestCase):
    def test_names_matchers_and_grouping(self) -> None:
        text = 'sum by (queue, le) (rate(a_bucket{type="x", zone!="(other)"}[5m])) > 0.5 * b unless on (queue) c{d=~"$e"}'
        a, b, c = selectors(text)
        self.assertEqual(a.metric, "a_bucket")
        self.assertEqual(a.matchers, (Matcher("type", "=", "x"), Matcher("zone", "!=", "(other)")))
        self.assertEqual((a.grouped_by, a.is_ranged), ({"queue", "le"}, True))
        self.assertEqual((b.metric, b.matchers, b.grouped_by, b.is_ranged), ("b", (), frozenset(), False))
        self.assertEqual((c.metric, c.matchers), ("c", (Matcher("d", "=~", "$e"),)))

    def test_a_subquery_is_no_range_of_the_metric(self) -> None:
        (one,) = selectors("min_over_time((max by (queue) (a))[5m:15s])")
        self.assertEqual((one.metric, one.is_ranged, one.grouped_by), ("a", False, {"queue"}))

    def test_what_is_put_together_by_what(self) -> None:
        expression = "sum(max by (zone) (a)) + sum by (job) (rate(b[5m])) / topk(3, c) - sum(d) > e"
        self.assertEqual([found.aggregated_by for found in selectors(expression)], ["max", "sum", "topk", "sum", ""])

    def test_grouping_of_a_grouping_has_to_have_the_label(self) -> None:
        selectors("count by (service) (count by (service, version) (a))")
        selectors("sum(max by (zone) (a))")
        with self.assertRaises(Unreadable):
            selectors("sum by (queue) (max by (zone) (a))")

    def test_what_cannot_be_read_is_an_error(self) -> None:
        for text in ("a{b=`c`}", "sum(a", "sum without (b) (a)"):
            with self.assertRaises(Unreadable):
                selectors(text)
