"""Each alert has a page and each page an alert; what a page tells somebody to type or to look for exists."""

import json
import re
import unittest
from functools import cache

import sources

_SERVICES = ("order-service", "courier-service", "assignment-service")
_SECTIONS = ["What it means", "What to look at", "What to do", "When it is over"]
# Every AWS SDK reads it; the services have no field for it.
_OF_THE_SDK = {"AWS_ENDPOINT_URL"}


def pages() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(sources.RUNBOOKS.glob("*.md"))}


@cache
def settings() -> frozenset[str]:
    """By what the services' settings are made of: a field of a structure for arguments is a variable of that name."""
    code = [path.read_text(encoding="utf-8") for path in (sources.CHECKOUT / "services").glob("*/src/**/*.rs")]
    fields = re.findall(r"#\[arg\((?:[^\[\]]|\[[^\]]*\])*?\benv\b.*?\)\]\s+(?:pub(?:\(\w+\))? )?(\w+):", "\n".join(code), re.DOTALL)
    return frozenset(field.upper() for field in fields)


@cache
def subcommands() -> dict[str, set[str]]:
    """What each service's command line has, with the options of each."""
    dlq = {"list": {"--limit", "--json"}, "show": set(), "redrive": {"--all"}, "purge": {"--yes"}}
    operate = {
        "replay": {"--verify", "--publish", "--from", "--to", "--zone", "--order", "--what", "--queue", "--after"},
        "rebuild": {"--zone", "--after"},
    }
    return {f"dlq {name}": options | {"--queue"} for name, options in dlq.items()} | operate


class Runbooks(unittest.TestCase):
    def test_each_alert_has_a_page_and_each_page_an_alert(self) -> None:
        self.assertEqual(sorted(pages()), sorted(sources.alerts()))

    def test_the_index_lists_all_with_their_severity(self) -> None:
        index = (sources.OBSERVABILITY / "README.md").read_text(encoding="utf-8")
        listed = dict(re.findall(r"^\| \[\w+\]\(runbooks/(\w+)\.md\) \| (\w+) \|", index, re.MULTILINE))
        self.assertEqual(listed, {name: rule["labels"]["severity"] for name, rule in sources.alerts().items()})

    def test_each_page_has_the_same_parts(self) -> None:
        for name, text in pages().items():
            with self.subTest(name):
                self.assertTrue(text.startswith(f"# {name}\n"))
                self.assertEqual(re.findall(r"^## (.*)$", text, re.MULTILINE), _SECTIONS)

    def test_links_lead_somewhere(self) -> None:
        for path in [*sources.RUNBOOKS.glob("*.md"), sources.OBSERVABILITY / "README.md"]:
            for target in re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text(encoding="utf-8")):
                self.assertTrue((path.parent / target).exists(), f"{path.name}: {target}")

    def test_settings_exist(self) -> None:
        self.assertLessEqual({"MAX_IN_FLIGHT", "DECLINE_TTL_SECONDS", "REDIS_WAIT_REPLICAS", "DATABASE_URL"}, settings())
        metrics = (sources.OBSERVABILITY / "METRICS.md").read_text(encoding="utf-8")
        of_metrics = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", metrics))
        for name, text in pages().items():
            named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)[`=]", text))
            self.assertEqual(named - settings() - of_metrics - _OF_THE_SDK, set(), name)

    def test_commands_of_the_services_exist(self) -> None:
        for name, text in pages().items():
            for service, rest in re.findall(r"\b((?:order|courier|assignment)-service|SERVICE) ((?:dlq|replay|rebuild)\b[^\n`#]*)", text):
                command = next((known for known in subcommands() if rest.startswith(known)), None)
                self.assertIsNotNone(command, f"{name}: {service} {rest}")
                unknown = set(re.findall(r"--[a-z-]+", rest)) - subcommands()[command]
                self.assertEqual(unknown, set(), f"{name}: {service} {rest}")
                if not command.startswith("dlq"):
                    self.assertEqual(service, "assignment-service", name)

    def test_these_commands_are_those_of_the_code(self) -> None:
        """The table above, against the code that reads the arguments."""
        dlq = "\n".join(p.read_text(encoding="utf-8") for p in (sources.CHECKOUT / "services/messaging/src/dead_letters").glob("*.rs"))
        operate = "\n".join(
            p.read_text(encoding="utf-8")
            for p in (sources.CHECKOUT / "services/assignment-service/src").glob("operate*/*.rs")
        ) + (sources.CHECKOUT / "services/assignment-service/src/operate.rs").read_text(encoding="utf-8")
        for command, options in subcommands().items():
            code = dlq if command.startswith("dlq") else operate
            for word in [command.split()[-1].capitalize(), *(option[2:] for option in options)]:
                self.assertRegex(code, rf"\b{word}\b", command)

    def test_paths_of_the_apis_exist(self) -> None:
        known = set()
        for service in _SERVICES:
            known |= set(json.loads((sources.CHECKOUT / f"services/{service}/tests/openapi.json").read_text())["paths"])
        self.assertIn("/zones/{zone}", known)
        for name, text in pages().items():
            for path in re.findall(r"`(?:GET|POST|PUT) (/[^`? ]*)", text):
                self.assertIn(path, known | {"/livez", "/readyz", "/metrics"}, name)

    def test_log_lines_exist(self) -> None:
        code = "\n".join(p.read_text(encoding="utf-8") for p in (sources.CHECKOUT / "services").glob("*/src/**/*.rs"))
        looked_at = 0
        for name, text in pages().items():
            for told in re.findall(r"log lines?\b[^`.]*((?:`[^`]+`(?:,? (?:or |and )?)?)+)", " ".join(text.split())):
                for line in re.findall(r"`([^`]+)`", told):
                    looked_at += 1
                    self.assertTrue(f'"{line}"' in code, f"{name}: nobody logs {line}")  # the code is too long to show
        self.assertGreater(looked_at, 15)
