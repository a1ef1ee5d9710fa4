"""Lets the schedule happen while the workload goes on, and sees to it that what was killed or stopped comes back.

It runs in the main thread, which has to start all processes (dispatch_local/process.py). Guarantees: after `mend`
everything runs. A service that ends by itself is a violation and is started again; one that gives up starting while its
servers are away is not.
"""

import heapq
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from dispatch_local.process import how_it_ended
from dispatch_local.servers import Server, start
from dispatch_local.services import Service
from dispatch_local.stopping import pause, requested, wait_regardless

from ..redis import RedisClient
from ..system import VISIBILITY_SECONDS, System
from . import schedule
from .past import Past
from .schedule import Fault

_TICK = 0.02
_STALLED = 30.0  # a workload that does not move for so long does not hold up the faults
_UP = "is up"  # what each service logs when it has started


class Controller:
    """The faults of one run."""

    def __init__(self, system: System, faults: list[Fault], seed: str) -> None:
        self._system, self._faults, self._dice = system, faults, random.Random(seed)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._killed: set[str] = set()  # by us, and not started again yet
        self._paused: set[str] = set()
        self._log_before: dict[str, int] = {}  # size of the log when the instance was started
        self._servers_down: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.ended_by_themselves: list[tuple[str, str]] = []

    def run(self, orders: int, allow: Callable[[int], None], progress: Callable[[], int], check: Callable[[], None]) -> None:
        """All faults, spread over the workload: `allow` lets so many orders out, `progress` says how many are."""
        for number, fault in enumerate(self._faults):
            begun = moved = time.monotonic()
            before, target = (orders * n // len(self._faults) for n in (number, number + 1))
            seen = progress()
            while True:
                now = time.monotonic()
                part = min(1.0, (now - begun) / fault.gap)
                allow(before + int((target - before) * part))
                if (here := progress()) != seen:
                    seen, moved = here, now
                if part >= 1 and (here >= target or now - moved > _STALLED):
                    break
                self._tick(check)
            self._let_happen(fault)
        allow(orders)
        while progress() < orders:
            self._tick(check)

    def _tick(self, check: Callable[[], None]) -> None:
        check()
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
        self._look()
        pause(_TICK)

    def idle(self, check: Callable[[], None]) -> None:
        """For whoever waits for something else meanwhile: one short step."""
        self._tick(check)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._later, (time.monotonic() + seconds, self._count, action))

    def _let_happen(self, fault: Fault) -> None:
        happen = {
            schedule.KILL: self._kill_one,
            schedule.KILL_ALL: self._kill_all,
            schedule.PAUSE: self._pause,
            schedule.POSTGRES_FAST: lambda share: self._postgres(signal.SIGINT, share),
            schedule.POSTGRES_IMMEDIATE: lambda share: self._postgres(signal.SIGQUIT, share),
            schedule.VALKEY_KILL: self._valkey_kill,
            schedule.VALKEY_FLUSH: self._valkey_flush,
            schedule.VALKEY_BACK: self._valkey_back,
        }
        happen[fault.kind](fault.share)

    # ---------------------------------------------------------------- services

    def _pick(self, share: float) -> Service | None:
        running = [service for service in self._system.services if service.process.running]
        return running[int(share * len(running))] if running else None

    def _kill_one(self, share: float) -> None:
        if service := self._pick(share):
            self._kill(service)

    def _kill_all(self, share: float) -> None:
        if service := self._pick(share):
            self.counts[schedule.KILL_ALL] += 1
            for each in self._system.of(service.name):
                if each.process.running:
                    self._kill(each)

    def _kill(self, service: Service) -> None:
        name = service.process.name
        self.counts[schedule.KILL] += 1
        self._killed.add(name)
        self._paused.discard(name)
        service.process.kill()
        self._after(self._dice.uniform(0.05, 2.5), lambda: self._start(service))

    def _start(self, service: Service) -> None:
        log = service.process.log
        assert log is not None
        self._log_before[service.process.name] = log.stat().st_size
        self._killed.discard(service.process.name)
        service.process.start()

    def _pause(self, share: float) -> None:
        service = self._pick(share)
        if service is None or service.process.name in self._paused:
            return
        popen = service.process.popen
        assert popen is not None
        self.counts[schedule.PAUSE] += 1
        self._paused.add(service.process.name)
        popen.send_signal(signal.SIGSTOP)

        def resume() -> None:
            if service.process.popen is popen and service.process.running:
                popen.send_signal(signal.SIGCONT)
                self._paused.discard(service.process.name)

        self._after(VISIBILITY_SECONDS * self._dice.uniform(1.2, 2.2), resume)

    def _look(self) -> None:
        """What has ended although nobody killed it."""
        for service in self._system.services:
            process = service.process
            if process.running or process.name in self._killed:
                continue
            assert process.log is not None
            said = process.log.read_bytes()[self._log_before.get(process.name, 0) :].decode(errors="replace")
            last = said.strip().rpartition("\n")[2][:300]
            if _UP in said:
                how = how_it_ended(process.exit_code)
                self.ended_by_themselves.append((process.name, f"ended by itself ({how}); its last line: {last}"))
            else:
                self.counts["service gave up starting, and was started again"] += 1
            process.kill()
            self._killed.add(process.name)
            self._after(0.5, lambda service=service: self._start(service))  # type: ignore[misc]
        for server in self._system.scratch.died():
            if server.name not in self._servers_down:
                self._servers_down.add(server.name)
                self.ended_by_themselves.append((server.name, f"ended by itself ({how_it_ended(server.exit_code)})"))

    # ---------------------------------------------------------------- servers

    def _postgres(self, number: signal.Signals, share: float) -> None:
        server = self._system.scratch.postgres
        if not server.process.running:
            return
        fast = number == signal.SIGINT
        self.counts[schedule.POSTGRES_FAST if fast else schedule.POSTGRES_IMMEDIATE] += 1
        self._servers_down.add(server.process.name)
        assert server.process.popen is not None
        server.process.popen.send_signal(number)
        if not wait_regardless(lambda: not server.process.running, 20, requested.is_set):
            server.process.kill()
        self._after(0.2 + 3 * share, lambda: self._start_server(server))

    def _start_server(self, server: Server) -> None:
        start(server)
        self._servers_down.discard(server.process.name)

    def _valkey_kill(self, share: float) -> None:
        server = self._system.scratch.valkey
        if server.process.running:
            self.counts[schedule.VALKEY_KILL] += 1
            self._servers_down.add(server.process.name)
            server.process.kill()
            self._after(0.1 + 2 * share, lambda: self._start_server(server))

    def _valkey_flush(self, _share: float) -> None:
        server = self._system.scratch.valkey
        if server.process.running and server.is_ready():
            with RedisClient(server.port) as redis:
                redis.ask("FLUSHALL")
            self.counts[schedule.VALKEY_FLUSH] += 1

    def _valkey_back(self, share: float) -> None:
        """As a failover to a replica that was behind: the last seconds are lost, the warm markers are there."""
        server = self._system.scratch.valkey
        if not server.process.running:
            return
        past = Past.of(server.data)

        def come_back() -> None:
            if past is None or not server.process.running:
                return
            self.counts[schedule.VALKEY_BACK] += 1
            server.process.kill()
            past.restore()
            self._start_server(server)

        self._after(1 + 3 * share, come_back)

    # ---------------------------------------------------------------- the end

    def mend(self) -> None:
        """Everything runs again, and nothing is due."""
        self._later.clear()
        for service in self._system.services:
            popen = service.process.popen
            if service.process.name in self._paused and service.process.running and popen is not None:
                popen.send_signal(signal.SIGCONT)
        self._paused.clear()
        self._system.restart_servers()
        self._servers_down.clear()
        for service in self._system.services:
            if not service.process.running:
                self._start(service)
        self._system.wait_until_ready()
