"""One run from beginning to end: start, workload and faults, rest, questions, report.

Guarantees: the exit code is 0 only if every question was answered well, and if bugs were planted, each of them was
found. The logs of a run that found something stay.
"""

import sys
import time
from pathlib import Path

from dispatch_local.install import Installed
from dispatch_local.problem import say
from dispatch_local.services import grace_seconds
from dispatch_local.stopping import Stopped

from . import plant, report
from .checks import Finding
from .faults import schedule
from .faults.controller import Controller
from .scene import Options, Scene

_SAY_EVERY = 60.0


def run(binaries: Path, installed: Installed, options: Options) -> int:
    """The exit code."""
    scene = Scene(binaries, installed, options)
    try:
        violations = _Run(scene).play()
    except Stopped:
        scene.crew.ended.set()
        scene.system.end(keep_logs=False)
        raise
    except BaseException:
        _keep_logs(scene)
        raise
    if violations:
        _keep_logs(scene)
    else:
        scene.system.end(keep_logs=False)
    return int(bool(violations))


def _keep_logs(scene: Scene) -> None:
    scene.crew.ended.set()
    scene.system.end(keep_logs=True)
    print(f"dispatch: the logs of this run are in {scene.system.scratch.logs}", file=sys.stderr)


class _Run:
    def __init__(self, scene: Scene) -> None:
        options = scene.options
        self._scene, self._options = scene, options
        self._begun = self._said = time.monotonic()
        faults = schedule.draw(options.kills, options.instances, f"{options.seed}:schedule")
        self._controller = Controller(scene.system, faults, f"{options.seed}:controller")

    def play(self) -> int:
        scene, options = self._scene, self._options
        say(f"chaos: {options.orders} orders, {options.kills} kills, seed {options.seed}, ON_LEAVE={options.on_leave}")
        scene.start()
        if options.kills:
            scene.system.tell_proxy("wild")
        self._controller.run(options.orders, self._allow, lambda: scene.publisher.progress, self._check)
        scene.system.tell_proxy("calm")
        self._controller.mend()
        self._say("the faults are over; waiting for rest")
        rest = scene.settle()
        self._say("asking")
        findings = [rest, *scene.audit()]
        missed = plant.all_found(scene) if options.plant and not any(f.wrong for f in findings) else []
        scene.crew.end()
        findings.append(self._processes())
        return self._tell(findings, missed)

    def _check(self) -> None:
        """All goes on as it should; a line now and then, since a long run would be silent for long."""
        self._scene.crew.check()
        if time.monotonic() - self._said > _SAY_EVERY:
            self._say(f"{self._scene.publisher.progress} orders are out, {self._controller.counts.total()} faults happened")

    def _allow(self, orders: int) -> None:
        self._scene.publisher.allowed = orders

    def _say(self, what: str) -> None:
        self._said = time.monotonic()
        say(f"chaos: {self._said - self._begun:.0f} s: {what}")

    def _processes(self) -> Finding:
        """None ended by itself, and each drains when it is told to."""
        finding = Finding("processes live and end well", looked_at=len(self._scene.system.services))
        for name, what in self._controller.ended_by_themselves:
            finding.add(name, what)
        for what in self._scene.system.stop_services(grace_seconds()):
            finding.add(what.split()[0], what)
        return finding

    def _tell(self, findings: list[Finding], missed: list[str]) -> int:
        scene, options = self._scene, self._options
        faults = dict(sorted(self._controller.counts.items())) | dict(sorted(scene.system.tell_proxy("counts").items()))
        work = {
            "orders": len(scene.ledger.orders),
            "messages published by the harness": scene.publisher.published,
            "messages seen on both topics": scene.ledger.messages,
            "assignments and their taking back": len(scene.ledger.decisions),
            "REST requests answered, not answered": f"{scene.clients.answered}, {scene.clients.unanswered}",
            "seconds": f"{time.monotonic() - self._begun:.0f}",
        }
        report.table("Workload", work)
        report.table("Faults injected", faults)
        report.questions(findings)
        violations = report.violations(findings, scene.system.scratch.logs / "violations.txt")
        for line in missed:
            print(f"dispatch: chaos: {line}", file=sys.stderr)
        again = f"--orders {options.orders} --kills {options.kills} --seed {options.seed} --on-leave {options.on_leave}"
        print(f"\n{violations} violations. The same again: python3 deploy/chaos {again} --instances {options.instances}\n")
        return violations + len(missed)
