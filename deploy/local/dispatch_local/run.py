"""`run`: the servers with lasting data, one instance of each service, in the foreground, until Ctrl-C.

Guarantees: one such run at a time in a checkout; data in .local/data survives it unless `fresh` is asked for; whatever
way it ends, services end before servers, each in an orderly way if it lets itself be ended so.
"""

import json
import shlex
import shutil

from . import stopping
from .build import build_and_install
from .instance import Instance
from .ports import require_free
from .problem import say
from .process import stop_all
from .servers import Server, start_all
from .servers.postgres import Postgres
from .servers.sns_sqs import SnsSqs
from .servers.valkey import Valkey
from .services import Servers, Service, grace_seconds, one_of_each
from .settings import ACCOUNT, CHECKOUT, LOCAL, REGION
from .supervise import Supervisor

_DEFAULTS = {
    # The emulator goes on answering a long poll whose client is gone, and what it hands out then is hidden for the
    # visibility timeout. So polls are short here; on AWS they are long.
    "RECEIVE_WAIT_SECONDS": "2",
    "LOG_FORMAT": "text",
}

_SEEDS = (
    '{"courierId":"a97261aa-2907-498e-aa24-3bce25590a46","name":"first_courirer","zone":"S","isAvailable":true}',
    '{"orderId":"b87261aa-2907-498e-aa24-3bce25590a46","details":"Buy something","zone":"S",'
    '"addedAt":"2021-07-18T10:22:10.170682Z"}',
)


def run(ports: dict[str, int], *, fresh: bool, release: bool) -> int:
    """Runs everything until asked to stop."""
    grace = grace_seconds()
    instance = Instance(
        LOCAL / "run.lock",
        already="run.sh runs already in this checkout (process {pid}): end it by Ctrl-C in its terminal, or by kill {pid}",
    )
    require_free(ports)
    binaries, installed = build_and_install(release=release)
    data, logs = LOCAL / "data", LOCAL / "log"
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    sns_sqs = SnsSqs(installed, data / "sns-sqs", logs / "sns-sqs.log", ports["sns-sqs"], keep=True)
    valkey = Valkey(installed, data / "valkey", logs / "valkey.log", ports["valkey"])
    postgres = Postgres(installed, data / "postgres", logs / "postgres.log", ports["postgres"])
    servers: list[Server] = [sns_sqs, valkey, postgres]
    # By name, as people know it: http://localhost:9911.
    endpoints = Servers(f"http://localhost:{ports['sns-sqs']}", valkey.url, postgres.url("{}"))
    services = one_of_each(binaries, endpoints, ports, _DEFAULTS)
    for process in [server.process for server in servers] + [service.process for service in services]:
        process.started = instance.note
    try:
        require_free(ports)  # a build takes time enough for somebody else to come
        start_all(servers)
        Supervisor(servers, services, lambda: _tell(ports, services)).run()
    except stopping.Stopped:
        say("ending the services, then the servers")
        return 0
    finally:
        for process in stop_all([service.process for service in services], grace, stopping.hurry.is_set):
            say(f"{process.name} did not end in time and was killed")
        stop_all([server.process for server in servers], grace=20)
        instance.release()


def _tell(ports: dict[str, int], services: list[Service]) -> None:
    """What there is now, and what to type."""
    aws = (LOCAL / "bin" / "aws").relative_to(CHECKOUT)
    print()
    for service in services:
        url = f"http://localhost:{service.http}"
        pages = f"API {url}/docs" if service.has_pages() else ""
        print(f"  {service.name:19} REST {url}   {pages:31}   gRPC localhost:{service.grpc}")
    board = next(service.http for service in services if service.name == "assignment-service")
    print(f"  {'The board':19} http://localhost:{board}/")
    print(f"  {'SNS and SQS':19} http://localhost:{ports['sns-sqs']}   region {REGION}, account {ACCOUNT}")
    print(f"  {'PostgreSQL, Valkey':19} 127.0.0.1:{ports['postgres']} (user postgres), 127.0.0.1:{ports['valkey']}")
    print(f"\n  A courier, an order, and who got it, to paste into another terminal (no aws there? {aws} is one):\n")
    print("  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:events-topic"
    for seed in _SEEDS:
        print(
            f"  aws sns publish --endpoint-url http://localhost:{ports['sns-sqs']} --region {REGION} "
            f"--topic-arn {topic} --message {shlex.quote(seed)}"
        )
    order = json.loads(_SEEDS[1])["orderId"]
    courier = f"http://localhost:{next(service.http for service in services if service.name == 'courier-service')}"
    print(f"  curl {courier}/orders/{order}/courier")
    print("\n  Ctrl-C ends all of it. Data stays in .local/data; the logs of the servers are in .local/log.\n", flush=True)
