"""What promtool says: the configuration, the rules and every expression can be read, and each alert's own tests in rules/ hold.

promtool comes with Prometheus (Debian: the package `prometheus`). Where it is not on the PATH these tests are left out, and a line
says so.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import sources
from expressions import expressions

_PROMTOOL = shutil.which("promtool")
_TIME = 600  # seconds, for a machine that has much else to do


class Promtool(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if _PROMTOOL is None:
            print("promtool is not on the PATH: alerts are not tested (Debian: apt-get install prometheus)", file=sys.stderr)
            raise unittest.SkipTest("no promtool")

    def says_well(self, *arguments: str) -> None:
        ended = subprocess.run(
            [_PROMTOOL, *arguments],
            cwd=sources.OBSERVABILITY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIME,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)

    def test_configuration_and_rules_can_be_read(self) -> None:
        self.says_well("check", "config", "prometheus.yml")
        self.says_well("check", "rules", "alerts.yml")

    def test_every_expression_can_be_read(self) -> None:
        """Also those of dashboards and pages: as rules of a file that is made for it."""
        found = [(place, re.sub(r"\$__rate_interval\b", "5m", expression)) for place, expression in expressions()]
        rules = [{"record": f"expression:{number}", "expr": expression} for number, (_, expression) in enumerate(found)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "all", "rules": rules}]}, file)
            file.flush()
            self.says_well("check", "rules", file.name)

    def test_alerts_fire_when_they_should_and_only_then(self) -> None:
        self.assertGreater(len(sources.RULE_TESTS), 0)
        for path in sources.RULE_TESTS:
            with self.subTest(path.name):
                self.says_well("test", "rules", str(path))
