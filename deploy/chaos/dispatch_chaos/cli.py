"""The command line: a run, or the proxy that a run starts."""

import argparse
import random
import sys
from pathlib import Path

from dispatch_local import stopping
from dispatch_local.build import build_and_install
from dispatch_local.problem import Problem

from .proxy import server
from .run import run
from .scene import Options

_DESCRIPTION = """\
Starts the real system with several instances of each service, gives it work, and lets everything go wrong that may:
services are killed and paused, PostgreSQL and Valkey restarted, Valkey emptied and set back, calls to SNS and SQS lost,
delayed, doubled and refused. Then it waits for rest and asks whether anything was lost or done twice. README.md beside
this tells the rest.
"""


def main() -> int:
    """Runs the command of the command line; the exit code."""
    if sys.argv[1:2] == ["proxy"]:
        port, upstream, seed = sys.argv[2:5]
        server.run(int(port), int(upstream), seed)
        return 0
    stopping.listen()
    try:
        options, release = _options()
        binaries, installed = build_and_install(release=release)
        return run(Path(binaries), installed, options)
    except stopping.Stopped as stopped:
        return 128 + stopped.number
    except Problem as problem:
        if stopping.requested.is_set():
            return 128 + stopping.Stopped().number
        print(f"dispatch: {problem}", file=sys.stderr)
        return 1


def _options() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(
        prog="python3 deploy/chaos",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--orders", type=int, default=1500, help="how many; default 1500")
    parser.add_argument(
        "--kills", type=int, default=12, help="of services; other faults in proportion; 0: no faults at all; default 12"
    )
    parser.add_argument(
        "--seed", type=int, help="of the workload, the schedule of faults and the proxy; default: a random one"
    )
    parser.add_argument("--instances", type=int, default=2, choices=(1, 2, 3), help="of each service; default 2")
    parser.add_argument(
        "--on-leave", choices=("keep", "reassign"), help="ON_LEAVE of assignment-service; default: by the seed"
    )
    parser.add_argument("--settle", type=float, default=180, metavar="SECONDS", help="longest wait for rest; default 180")
    parser.add_argument("--plant", action="store_true", help="after a clean run, plant bugs and see that each is found")
    parser.add_argument("--release", action="store_true", help="build the services with optimizations")
    given = parser.parse_args()
    if given.orders < 1 or given.kills < 0:
        parser.error("--orders must be at least 1, and --kills at least 0")
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    on_leave = given.on_leave or ("keep", "reassign")[seed % 2]
    options = Options(given.orders, given.kills, seed, given.instances, on_leave, given.plant, given.settle)
    return options, given.release
