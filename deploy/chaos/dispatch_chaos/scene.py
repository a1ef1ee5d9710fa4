"""One run: the system, what works on it, and what is known of it. Made at the start, asked at the end."""

from dataclasses import dataclass
from pathlib import Path

from dispatch_local.install import Installed
from dispatch_local.settings import SERVICES
from dispatch_local.stopping import wait_for

from . import stores
from .checks import Finding, bus, couriers, orders, public, replay
from .crew import Crew
from .ledger import Ledger
from .observer import QUEUE, Observer
from .sns_sqs import WORK_QUEUES, SnsSqsClient
from .system import RECONCILE_SECONDS, System
from .workload.clients import RestClients
from .workload.lives import Lives
from .workload.publisher import Publisher
from .workload.stream import Stream

# What ON_LEAVE=reassign takes back when the grace is over (assignment-service, left_behind.sql). Until then nothing else shows
# that it is still to come.
_LEFT_BEHIND = """
    SELECT count(*) FROM couriers JOIN orders ON orders.courier_id = couriers.courier_id AND orders.status = 'assigned'
    WHERE couriers.left_at IS NOT NULL
      AND (orders.cause IS DISTINCT FROM 'manual' OR orders.assigned_at < couriers.left_at)
"""


@dataclass(frozen=True)
class Options:
    """What can be chosen of a run."""

    orders: int
    kills: int
    seed: int
    instances: int
    on_leave: str
    plant: bool
    settle_seconds: float


class Scene:
    """The run's parts, put together."""

    def __init__(self, binaries: Path, installed: Installed, options: Options) -> None:
        self.options = options
        self.system = System(binaries, installed, options.instances, options.seed, options.on_leave)
        self.ledger, self.crew = Ledger(), Crew()
        self.stream = Stream(options.orders, f"{options.seed}:stream")
        self.lives = Lives(f"{options.seed}:lives", self.stream.couriers.ids)
        self._left: list[str] = []  # What still went on at the last look.

    def start(self) -> None:
        """Starts the system, and the workload, which waits to be allowed to."""
        self.system.start()
        port = self.system.scratch.sns_sqs.port
        self.client, self.letters = SnsSqsClient(port), bus.DeadLetters(port)
        observer = Observer(port, self.ledger, self.lives.on_event)
        ports = {name: [service.http for service in self.system.of(name)] for name in SERVICES}
        self.clients = RestClients(ports, f"{self.options.seed}:clients")
        self.publisher = Publisher(port, self.stream, self.lives, self.clients)
        observer.start(self.crew)
        self.crew.start(self.publisher.run)
        self.clients.start(self.crew)

    def under_way(self) -> list[str]:
        """What still goes on, by the cheap signs; nothing: it is quiet."""
        signs = {
            "the workload is not published": not self.publisher.finished.is_set(),
            f"{self.clients.open} requests are not answered": self.clients.open,
            f"{self.lives.waiting} steps are not due": self.lives.waiting,
        }
        signs |= {f"{queue} is not empty": self.client.depth(queue) for queue in (*WORK_QUEUES, QUEUE)}
        if not any(signs.values()):
            signs |= {f"the outbox of {name} is not empty": rows for name, rows in stores.outbox(self.system).items()}
            waiting = "SELECT count(*) FROM orders WHERE status = 'pending' AND zone IS NOT NULL"
            signs |= {"orders wait": int(self.system.sql("assignment_service", waiting)[0][0])}
            if self.options.on_leave == "reassign":
                signs |= {"orders are with couriers who left": int(self.system.sql("assignment_service", _LEFT_BEHIND)[0][0])}
            for zone, keys in stores.read_zones(self.system).items():
                signs |= {f"zone {zone} is cold": not keys.warm, f"zone {zone} has unrecorded picks": len(keys.unrecorded)}
        return [sign for sign, holds in signs.items() if holds]

    def stays_quiet(self) -> bool:
        """Nothing goes on, and nothing does for a while: one look asks one after the other, and what passes from one to
        another meanwhile is seen at neither."""

        def quiet() -> bool:
            self.crew.check()
            self._left = self.under_way()
            return not self._left

        return quiet() and not wait_for(lambda: not quiet(), 1.5, every=0.5)

    def settle(self) -> Finding:
        """Waits until nothing goes on any more and Redis was compared with the facts, at most so long."""
        finding = Finding("it comes to rest", looked_at=1)
        if not wait_for(self.stays_quiet, self.options.settle_seconds, every=0.5):
            for sign in self._left:
                finding.add("the system", f"after {self.options.settle_seconds:.0f} s {sign}")
        patience = 4 * RECONCILE_SECONDS + self.options.orders / 1000  # seconds
        wait_for(lambda: not couriers.redis(stores.read(self.system)).wrong, patience, every=1)
        return finding

    def audit(self) -> list[Finding]:
        """All questions, to a system that is quiet."""
        system, ledger = self.system, self.ledger
        found = stores.read(system)
        requests = Finding("REST: one order for one request", looked_at=self.clients.answered)
        for subject, what in self.clients.complaints:
            requests.add(subject, what)
        return [
            orders.known(ledger, found, self.lives.planned),
            orders.assigned_once(ledger),
            orders.decisions(ledger, found),
            orders.logged(ledger, found),
            orders.contents(ledger),
            *orders.services_agree(ledger, found),
            orders.ends(found, self.lives.plans(ledger)),
            couriers.newest_news(ledger, found),
            couriers.redis(found),
            *bus.empty(self.client, found),
            bus.dead_letters(self.letters, self.stream.poison.expected),
            requests,
            public.order_lists(system, found),
            public.courier_lists(system, found),
            public.decisions(system, found, self.options.seed),
            public.scores(system, found),
            replay.clean(system),
        ]
