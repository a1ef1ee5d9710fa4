"""Chromium and chromedriver, for the tests of the board in a browser: the feature `browser` of the crate e2e.

Guarantees: the tests are built with the feature where both programs are, and only there; where they are not, a line says
so, and every other test runs. Nothing is downloaded. What a variable names has to be there.
"""

import os
import shutil
from dataclasses import dataclass

from .problem import Problem, say
from .settings import from_environment

_CRATE = "e2e"
_FEATURE = ["--features", f"{_CRATE}/browser"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRIVERS = ("chromedriver",)


@dataclass(frozen=True)
class Browser:
    """Where the programs are; nothing: not on this machine."""

    programs: tuple[str, str] | None

    @property
    def features(self) -> list[str]:
        """What cargo is told when it builds or runs tests of the whole workspace, or those of the crate e2e."""
        return _FEATURE if self.programs else []

    def features_for(self, arguments: list[str]) -> list[str]:
        """The same for `cargo test ARGUMENTS`: cargo refuses a feature of a crate that it is not to test."""
        return self.features if _chosen(arguments) else []

    def say_if_missing(self, arguments: list[str]) -> None:
        """Says that the tests in a browser are not run, if these arguments would choose them."""
        if not self.programs and _chosen(arguments):
            say("the tests of the board in a browser are not run: install both by apt-get install chromium chromium-driver")

    def environment(self) -> dict[str, str]:
        """What the tests have to know."""
        if not self.programs:
            return {}
        chromium, chromedriver = self.programs
        return {"DISPATCH_TEST_CHROMIUM": chromium, "DISPATCH_TEST_CHROMEDRIVER": chromedriver}


def find() -> Browser:
    """The programs that DISPATCH_CHROMIUM and DISPATCH_CHROMEDRIVER name, else those on the PATH."""
    chromium, chromedriver = _program("DISPATCH_CHROMIUM", _BROWSERS), _program("DISPATCH_CHROMEDRIVER", _DRIVERS)
    return Browser((chromium, chromedriver) if chromium and chromedriver else None)


def _program(variable: str, names: tuple[str, ...]) -> str | None:
    if chosen := from_environment(variable):
        if not (found := shutil.which(os.path.expanduser(chosen))):
            raise Problem(f"{variable} must name a program, and is {chosen!r}")
        return os.path.abspath(found)
    return next(filter(None, map(shutil.which, names)), None)


def _chosen(arguments: list[str]) -> bool:
    """Whether `cargo test ARGUMENTS` is about the crate e2e: all crates, or some of which it is one."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    packages, excluded = _values(own, "-p", "--package"), _values(own, "--exclude")
    return (not packages or _CRATE in packages) and _CRATE not in excluded


def _values(arguments: list[str], *names: str) -> list[str]:
    values = []
    for position, argument in enumerate(arguments):
        for name in names:
            if argument == name:
                values += arguments[position + 1 : position + 2]
            elif argument.startswith(f"{name}="):
                values.append(argument.removeprefix(f"{name}="))
            elif len(name) == 2 and argument.startswith(name):
                values.append(argument.removeprefix(name))
    return values
