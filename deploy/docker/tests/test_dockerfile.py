"""The Dockerfiles keep their promises, as far as their text shows. No engine is needed."""

import re
import tomllib
import unittest
from fnmatch import fnmatch

from tests.files import CHECKOUT, DOCKER, Dockerfile, compose, default, dockerfile

from dispatch_local.servers.sns_sqs import SnsSqs
from dispatch_local.settings import PORTS, SERVICES

SERVICES_FILE = DOCKER / "Dockerfile"
SNS_SQS_FILE = DOCKER / "sns-sqs.Dockerfile"
WORKSPACE = tomllib.loads((CHECKOUT / "Cargo.toml").read_text())


class Bases(unittest.TestCase):
    def test_every_base_is_an_argument_with_a_pinned_default(self) -> None:
        for path in (SERVICES_FILE, SNS_SQS_FILE):
            read = dockerfile(path)
            for stage, base in read.bases.items():
                with self.subTest(path.name, stage=stage):
                    if base in read.stages:
                        continue
                    self.assertRegex(base, r"^\$\{\w+\}$")
                    self.assertRegex(read.arguments[base[2:-1]], r"^[^:]+:(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$")

    def test_compose_has_the_same_defaults(self) -> None:
        for service, path in [(service, SERVICES_FILE) for service in SERVICES] + [("sns-sqs", SNS_SQS_FILE)]:
            arguments = compose()["services"][service]["build"]["args"]
            for name, value in dockerfile(path).arguments.items():
                with self.subTest(service, argument=name):
                    self.assertEqual(default(arguments[name]), value)

    def test_the_builder_has_the_rust_that_the_workspace_needs(self) -> None:
        image = dockerfile(SERVICES_FILE).arguments["RUST_IMAGE"]
        needed = WORKSPACE["workspace"]["package"]["rust-version"]
        self.assertGreaterEqual(_numbers(image.partition(":")[2])[:2], _numbers(needed)[:2])

    def test_builder_and_base_are_of_one_debian(self) -> None:
        """A binary does not run on an older glibc than it was built with."""
        arguments = dockerfile(SERVICES_FILE).arguments
        self.assertIn("bookworm", arguments["RUST_IMAGE"])
        self.assertIn("debian12", arguments["RUNTIME_IMAGE"])


class Images(unittest.TestCase):
    def stages(self) -> list[tuple[Dockerfile, str]]:
        return [(dockerfile(SERVICES_FILE), service) for service in SERVICES] + [(dockerfile(SNS_SQS_FILE), "sns-sqs")]

    def test_none_runs_as_root_and_all_end_by_sigterm(self) -> None:
        for read, stage in self.stages():
            with self.subTest(stage):
                user = read.last(stage, "USER").rest
                self.assertRegex(user, r"^[1-9]\d*:[1-9]\d*$")  # a number: Kubernetes cannot look names up
                self.assertEqual(read.last(stage, "STOPSIGNAL").rest, "SIGTERM")

    def test_none_needs_a_shell(self) -> None:
        for read, stage in self.stages():
            with self.subTest(stage):
                self.assertIsNotNone(read.last(stage, "ENTRYPOINT").exec_form)
                self.assertIsNotNone(read.last(stage, "HEALTHCHECK").exec_form)
                for instruction in read.of(stage):
                    if instruction.word == "RUN":
                        self.assertIsNotNone(instruction.exec_form, instruction.rest)

    def test_a_service_is_its_binary_and_is_asked_by_it(self) -> None:
        read = dockerfile(SERVICES_FILE)
        for service in SERVICES:
            with self.subTest(service):
                program = f"/usr/local/bin/{service}"
                self.assertEqual(read.last(service, "ENTRYPOINT").exec_form, [program])
                self.assertEqual(read.last(service, "HEALTHCHECK").exec_form, [program, "healthcheck"])
                copied = [instruction.rest for instruction in read.of(service) if instruction.word == "COPY"]
                self.assertEqual(copied, [f"--from=build /built/{service} {program}"])

    def test_a_service_exposes_its_ports(self) -> None:
        defaults = {port.key: str(port.default) for port in PORTS}
        for service in SERVICES:
            with self.subTest(service):
                key = service.removesuffix("-service")
                exposed = dockerfile(SERVICES_FILE).last(service, "EXPOSE").rest.split()
                self.assertEqual(exposed, [defaults[f"{key}-http"], defaults[f"{key}-grpc"]])

    def test_labels_say_what_an_image_is(self) -> None:
        for service in SERVICES:
            labels = " ".join(i.rest for i in dockerfile(SERVICES_FILE).of(service) if i.word == "LABEL")
            for label in ("title", "description", "licenses", "version", "revision"):
                with self.subTest(service, label=label):
                    self.assertIn(f"org.opencontainers.image.{label}=", labels)
            self.assertIn(f'image.title="{service}"', labels)
            self.assertIn(f'image.licenses="{WORKSPACE["workspace"]["package"]["license"]}"', labels)

    def test_the_version_is_that_of_the_workspace(self) -> None:
        versions = [i.rest for i in dockerfile(SERVICES_FILE).stages["runtime"] if i.rest.startswith("VERSION=")]
        self.assertEqual(versions, [f"VERSION={WORKSPACE['workspace']['package']['version']}"])

    def test_dependencies_are_built_before_our_code_is_there(self) -> None:
        read = dockerfile(SERVICES_FILE)
        copied = [instruction.rest for instruction in read.stages["dependencies"] if instruction.word == "COPY"]
        self.assertEqual(copied, ["--from=manifests /dispatch ."])
        self.assertEqual(read.bases["build"], "dependencies")

    def test_nothing_needs_buildkit(self) -> None:
        for path in (SERVICES_FILE, SNS_SQS_FILE):
            self.assertNotRegex(path.read_text(), r"(?m)^# *syntax=|RUN +--|COPY +--(link|chmod|parents)|<<")


class SnsSqsImage(unittest.TestCase):
    def test_it_is_set_as_a_run_without_containers_sets_it(self) -> None:
        class Installed:
            python = CHECKOUT

        process = SnsSqs(Installed(), CHECKOUT, CHECKOUT, 9911, keep=True).process  # type: ignore[arg-type]
        here = dict(word.split("=", 1) for word in dockerfile(SNS_SQS_FILE).last("sns-sqs", "ENV").rest.split())
        differs = {"BIND_HOST", "STATE_DIR", "HOME", "TMPDIR"}  # where it listens and writes
        names = {"GATEWAY_PORT", "SERVICES", "LOG_LEVEL", "PERSIST_STATE", *here} - differs
        self.assertEqual({name: here.get(name) for name in names}, {name: process.environment.get(name) for name in names})
        self.assertEqual(process.command[1:], dockerfile(SNS_SQS_FILE).last("sns-sqs", "ENTRYPOINT").exec_form[1:])

    def test_it_is_made_of_the_pinned_wheels(self) -> None:
        install = dockerfile(SNS_SQS_FILE).stages["install"]
        self.assertIn("requirements.txt /requirements.txt", [i.rest for i in install if i.word == "COPY"])
        pip = next(i.rest for i in install if i.word == "RUN")
        for option in ("--require-hashes", "--no-deps", "--only-binary :all:"):
            self.assertIn(option, pip)
        left_out = re.search(r"!/\^\((.*)\)==/", pip)[1].split("|")
        requirements = (CHECKOUT / "deploy/local/requirements.txt").read_text()
        for name in left_out:
            self.assertRegex(requirements, rf"(?m)^{name}==")


class Context(unittest.TestCase):
    def test_every_member_of_the_workspace_is_sent_to_the_builder(self) -> None:
        for member in WORKSPACE["workspace"]["members"]:
            self.assertFalse(_ignored(f"{member}/Cargo.toml"), f"{member} is not let in by .dockerignore")
            self.assertFalse(_ignored(f"{member}/src/lib.rs") and _ignored(f"{member}/src/main.rs"), member)

    def test_what_the_code_takes_in_is_sent(self) -> None:
        """Templates, assets, SQL and Lua are compiled into the binaries: without one of them there is no image."""
        service = CHECKOUT / "services/assignment-service"
        for folder, kind in (("templates", "html"), ("assets", "*"), ("migrations", "sql"), ("src", "sql"), ("src", "lua")):
            files = [path for path in (service / folder).rglob(f"*.{kind}") if path.suffix != ".md"]
            self.assertTrue(files, folder)
            for path in files:
                self.assertFalse(_ignored(path.relative_to(CHECKOUT).as_posix()), path)

    def test_what_the_build_copies_is_sent_and_the_rest_is_not(self) -> None:
        for path in ("Cargo.toml", "Cargo.lock", "deploy/docker/keep-manifests.sh", "proto/dispatch/v1/order.proto"):
            self.assertFalse(_ignored(path), path)
        for path in ("target/debug/order-service", ".git/config", ".local/data/x", "README.md", "docker-compose.yml",
                     "deploy/local/python.sh", "services/order-service/tests/it/main.rs"):  # fmt: skip
            self.assertTrue(_ignored(path), path)


def _ignored(path: str) -> bool:
    """Whether .dockerignore keeps it from the builder: the last pattern that matches it, or a folder above it, decides."""
    parts = path.split("/")
    above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    ignored = False
    for line in (CHECKOUT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        negated, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        if any(_matches(pattern, one) for one in above):
            ignored = not negated
    return ignored


def _matches(pattern: str, path: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(path.rpartition("/")[2], pattern[3:])
    return pattern.count("/") == path.count("/") and fnmatch(path, pattern)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


if __name__ == "__main__":
    unittest.main()
