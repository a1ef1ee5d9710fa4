"""docker-compose.yml keeps its promises, as far as its text shows, and agrees with run.sh and the topology: without an engine."""

import re
import unittest

from tests.files import CHECKOUT, DOCKER, compose, default, dockerfile, variables, yaml_file

from dispatch_local.servers.postgres import DATABASES
from dispatch_local.settings import ACCOUNT, PORTS, REGION, SERVICES, STACK

_OBSERVABILITY = {"otel-collector": {4317, 4318}, "jaeger": {16686}, "prometheus": {9090}, "grafana": {3000}}


def services() -> dict[str, dict]:
    return compose()["services"]


def published() -> dict[int, tuple[str, str]]:
    """For each port of this machine: the service, and the whole text."""
    return {
        int(default(text).split(":")[1]): (name, text)
        for name, service in services().items()
        for text in service.get("ports", [])
    }


class Ports(unittest.TestCase):
    def test_they_are_those_of_run_sh_with_the_same_variables(self) -> None:
        for port in PORTS:
            with self.subTest(port.what):
                _, text = published()[port.default]
                self.assertIn(f"${{{port.variable}:-{port.default}}}", text)

    def test_there_are_no_others_but_those_of_observability(self) -> None:
        expected = {port.default for port in PORTS} | set().union(*_OBSERVABILITY.values())
        self.assertEqual(set(published()), expected)
        for service, ports in _OBSERVABILITY.items():
            self.assertEqual({port for port, (name, _) in published().items() if name == service}, ports)

    def test_nothing_is_published_beyond_this_machine(self) -> None:
        for _, text in published().values():
            self.assertTrue(default(text).startswith("127.0.0.1:"), text)

    def test_what_is_scaled_publishes_nothing_itself(self) -> None:
        for service in SERVICES:
            self.assertNotIn("ports", services()[service])
            self.assertNotIn("container_name", services()[service])

    def test_the_gateway_hands_each_port_on_to_its_service(self) -> None:
        text = (DOCKER / "haproxy.cfg").read_text()
        binds = dict(re.findall(r"(?m)^frontend (\S+) from \w+\n +bind :(\d+)", text))
        servers = dict(re.findall(r"(?m)^backend (\S+) from \w+\n +server-template \S+ \d+ (\S+)", text))
        kinds = {"rest": "http", "grpc": "grpc"}
        defaults = {port.key: port.default for port in PORTS}
        for name in (service.removesuffix("-service") for service in SERVICES):
            for kind, key in kinds.items():
                port = defaults[f"{name}-{key}"]
                self.assertEqual(binds[f"{name}-{kind}"], str(port))
                self.assertEqual(servers[f"{name}-{kind}"], f"{name}-service:{port}")
                self.assertIn(f"frontend {name}-{kind} from {kind}\n    bind :{port}", text)
                self.assertTrue(default(published()[port][1]).endswith(f":{port}:{port}"))


class Settings(unittest.TestCase):
    def test_services_use_the_servers_beside_them(self) -> None:
        for service in SERVICES:
            settings = services()[service]["environment"]
            name = service.replace("-", "_")
            self.assertIn(name, DATABASES)
            self.assertRegex(default(settings["DATABASE_URL"]), rf"^postgres://{name}:[^@]+@postgres:5432/{name}$")
            self.assertEqual(settings["AWS_ENDPOINT_URL"], "http://sns-sqs:9911")
            self.assertEqual(settings["AWS_REGION"], REGION)
        self.assertEqual(services()["assignment-service"]["environment"]["REDIS_URL"], "redis://valkey:6379")
        for service, peer, port in (("order", "courier", 9071), ("courier", "order", 9081)):
            settings = services()[f"{service}-service"]["environment"]
            self.assertEqual(settings[f"{peer.upper()}_SERVICE_GRPC_URL"], f"http://{peer}-service:{port}")

    def test_every_database_is_made(self) -> None:
        text = (DOCKER / "databases.sh").read_text()
        self.assertEqual(re.search(r"(?m)^for name in (.*); do$", text)[1].split(), list(DATABASES))
        self.assertTrue((DOCKER / "databases.sh").stat().st_mode & 0o111, "the image sources what it cannot execute")

    def test_nobody_is_killed_while_draining(self) -> None:
        for service in SERVICES:
            grace = int(services()[service]["environment"]["SHUTDOWN_GRACE_SECONDS"])
            self.assertGreater(int(services()[service]["stop_grace_period"].removesuffix("s")), grace)

    def test_the_gateway_ends_before_it_is_killed(self) -> None:
        cuts_off = re.search(r"(?m)^    hard-stop-after (\d+)s$", (DOCKER / "haproxy.cfg").read_text())
        self.assertIsNotNone(cuts_off, "an open page of the board would hold its end")
        self.assertLess(int(cuts_off[1]), int(services()["gateway"]["stop_grace_period"].removesuffix("s")))

    def test_what_is_handed_on_is_what_the_readme_names(self) -> None:
        rows = [line.split("|") for line in (DOCKER / "README.md").read_text().splitlines() if line.startswith("| `")]
        named = {name: row[3] for row in rows if "handed on to" in row[3] for name in re.findall(r"`(\w+)`", row[1])}
        for service in SERVICES:
            handed_on = {name for name, value in services()[service]["environment"].items() if value is None}
            said = {name for name, what in named.items() if re.search(f"handed on to (the services|{service})", what)}
            self.assertEqual(handed_on, said, service)

    def test_tracing_is_off_unless_its_variables_are_set(self) -> None:
        for service in SERVICES:
            settings = services()[service]["environment"]
            self.assertIn("OTEL_EXPORTER_OTLP_ENDPOINT", settings)
            for name, value in settings.items():
                if name.startswith("OTEL_"):
                    self.assertIsNone(value, name)  # handed on, or not there

    def test_the_topology_is_the_template_itself(self) -> None:
        job = services()["topology"]
        self.assertIn("./deploy/aws/topology.yaml:/topology.yaml:ro", job["volumes"])
        self.assertIn(f"--stack-name={STACK}", job["command"])
        self.assertIn("--template-file=/topology.yaml", job["command"])
        self.assertIn(f"--region={REGION}", job["command"])
        self.assertEqual(job["restart"], "no")
        self.assertEqual(job["image"], services()["sns-sqs"]["image"])
        environment = dockerfile(DOCKER / "sns-sqs.Dockerfile").last("sns-sqs", "ENV").rest
        self.assertIn(f"MINISTACK_ACCOUNT_ID={ACCOUNT} ", environment)


class Start(unittest.TestCase):
    def test_it_waits_for_health(self) -> None:
        for service in SERVICES:
            needs = services()[service]["depends_on"]
            self.assertEqual(needs["postgres"]["condition"], "service_healthy")
            self.assertEqual(needs["topology"]["condition"], "service_completed_successfully")
            self.assertEqual(services()["gateway"]["depends_on"][service]["condition"], "service_healthy")
        self.assertEqual(services()["assignment-service"]["depends_on"]["valkey"]["condition"], "service_healthy")
        self.assertEqual(services()["topology"]["depends_on"]["sns-sqs"]["condition"], "service_healthy")

    def test_what_is_waited_for_has_a_health_check(self) -> None:
        image_has_one = {"sns-sqs"}
        for service in services().values():
            needs = service.get("depends_on", {})
            for need, how in needs.items() if isinstance(needs, dict) else ():
                if how["condition"] == "service_healthy" and need not in image_has_one:
                    self.assertEqual(services()[need]["healthcheck"]["test"][0], "CMD", need)

    def test_a_service_is_well_when_it_is_ready(self) -> None:
        for service in SERVICES:
            check = services()[service]["healthcheck"]["test"]
            self.assertEqual(check, ["CMD", f"/usr/local/bin/{service}", "healthcheck", "--ready"])


class Hardening(unittest.TestCase):
    def test_every_container_has_as_few_rights_as_can_be(self) -> None:
        for name, service in services().items():
            with self.subTest(name):
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertNotIn("cap_add", service)
                self.assertNotIn("privileged", service)
                self.assertNotIn("network_mode", service)
                self.assertEqual(service["restart"], "no" if name == "topology" else "unless-stopped")

    def test_what_is_mounted_from_the_checkout_is_there_and_cannot_be_written(self) -> None:
        for name, service in services().items():
            for text in service.get("volumes", []):
                source, _, options = (text + ":").split(":")[:3]
                if source.startswith("."):
                    with self.subTest(name, mounted=source):
                        self.assertEqual(options, "ro")
                        self.assertTrue((CHECKOUT / source).exists(), source)
                else:
                    self.assertIn(source, compose()["volumes"])


class Images(unittest.TestCase):
    def test_every_image_can_be_replaced_and_is_pinned(self) -> None:
        for name, service in services().items():
            with self.subTest(name):
                self.assertTrue(variables(service["image"]))
                if "build" not in service and name != "topology":
                    self.assertRegex(default(service["image"]), r":v?\d+\.\d+[\w.-]*$")

    def test_each_service_is_its_target_of_the_one_dockerfile(self) -> None:
        for service in SERVICES:
            build = services()[service]["build"]
            self.assertEqual((build["context"], build["dockerfile"], build["target"]),
                             (".", "deploy/docker/Dockerfile", service))  # fmt: skip

    def test_observability_comes_only_when_it_is_asked_for(self) -> None:
        asked = {name for name, service in services().items() if service.get("profiles") == ["observability"]}
        self.assertEqual(asked, set(_OBSERVABILITY))
        for name, service in services().items():
            if name not in asked:
                self.assertFalse(set(service.get("depends_on", {})) & asked, name)


class OlderCompose(unittest.TestCase):
    def test_nothing_in_it_is_unknown_to_1_29(self) -> None:
        self.assertLessEqual({key for key in compose() if not key.startswith("x-")}, {"services", "volumes"})
        newer = {"develop", "annotations", "attach", "provider", "models", "configs", "secrets", "env_file"}
        for name, service in services().items():
            self.assertFalse(newer & set(service), name)
            needs = service.get("depends_on", {})
            for how in needs.values() if isinstance(needs, dict) else ():
                self.assertEqual(set(how), {"condition"}, name)
            self.assertNotIn("start_interval", service.get("healthcheck", {}), name)


class OverlayOfTheTests(unittest.TestCase):
    def test_each_instance_gets_any_free_ports_for_all_that_it_has(self) -> None:
        overlay = yaml_file(DOCKER / "e2e.yml")["services"]
        self.assertEqual(set(overlay), set(SERVICES))
        for service in SERVICES:
            inside = dockerfile(DOCKER / "Dockerfile").last(service, "EXPOSE").rest.split()
            self.assertEqual(overlay[service]["ports"], [f"127.0.0.1::{port}" for port in inside])


if __name__ == "__main__":
    unittest.main()
