"""The environments that programs get.

Guarantees: nothing of the person's AWS or PostgreSQL settings (a profile, an endpoint, a certificate bundle, a region)
reaches what runs here, so a run never talks to a real AWS account or to another database; and no proxy is asked for
what is on this machine.
"""

import os

from .settings import REGION


def cleaned() -> dict[str, str]:
    """Our own environment without AWS_* and PG*, for programs of Dispatch."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG"))}
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, (environment.get(name, ""), "localhost,127.0.0.1")))
    return environment


def aws() -> dict[str, str]:
    """What makes a program use the local SNS and SQS, and nothing else; the endpoint is for the caller to add."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def bare() -> dict[str, str]:
    """Next to nothing, for servers: how they behave must not depend on who starts them."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
