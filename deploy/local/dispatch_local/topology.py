"""Applies deploy/aws/topology.yaml to the local SNS and SQS, by the command that applies it to AWS.

Guarantees: after `apply` the stack is there and made from the very text of the template. When it already is, that is
seen by one request, and nothing is done. When CloudFormation refuses something, the Problem says which resource and why.
"""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml
from datetime import UTC, datetime

from . import environment
from .install import Installed
from .problem import Problem
from .settings import REGION, STACK, TEMPLATE


def apply(installed: Installed, port: int) -> None:
    """Makes the topology what the template says."""
    if _applied_template(port) == TEMPLATE.read_text(encoding="utf-8"):
        return
    begun = datetime.now(UTC)
    deployed = _aws(installed, port, "deploy", "--stack-name", STACK, "--template-file", str(TEMPLATE),
                    "--no-fail-on-empty-changeset")  # fmt: skip
    if deployed.returncode != 0:
        said = " ".join(deployed.stderr.split())
        reasons = _refused(installed, port, begun)
        raise Problem(f"the topology was not accepted by the local SNS and SQS: {'; '.join(reasons) or said}")


def _applied_template(port: int) -> str | None:
    """The template of the stack that is there; None if there is none in a good state."""
    described = _query(port, "DescribeStacks")
    if described is None or described.findtext(".//{*}StackStatus") not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return None
    template = _query(port, "GetTemplate")
    return None if template is None else template.findtext(".//{*}TemplateBody")


def queue_urls(port: int) -> list[str]:
    """The URLs of the queues of the stack."""
    resources = _query(port, "DescribeStackResources")
    queues = [
        resource.findtext("{*}PhysicalResourceId") or ""
        for resource in (() if resources is None else resources.iterfind(".//{*}StackResources/{*}member"))
        if resource.findtext("{*}ResourceType") == "AWS::SQS::Queue"
    ]
    if not queues:
        raise Problem("the local SNS and SQS does not say which queues the stack has")
    return sorted(queues)


def _query(port: int, action: str) -> xml.Element | None:
    """A read without the aws CLI, which takes half a second to start. The emulator checks no signature, but reads the
    region from it."""
    body = urllib.parse.urlencode({"Action": action, "StackName": STACK, "Version": "2010-05-15"}).encode()
    scope = (
        f"AWS4-HMAC-SHA256 Credential=test/20210101/{REGION}/cloudformation/aws4_request, SignedHeaders=host, Signature=0"
    )
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=body, headers={"Authorization": scope})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=10) as response:
            return xml.fromstring(response.read())
    except (urllib.error.URLError, xml.ParseError, OSError):
        return None  # not there; whatever else is wrong, the deployment says


def _refused(installed: Installed, port: int, since: datetime) -> list[str]:
    """What has failed, from the events of the stack."""
    query = "StackEvents[?ends_with(ResourceStatus, '_FAILED')].[Timestamp, LogicalResourceId, ResourceStatusReason]"
    shown = _aws(installed, port, "describe-stack-events", "--stack-name", STACK, "--query", query, "--output", "json")
    try:
        events = json.loads(shown.stdout)
        return [f"{what}: {why}" for when, what, why in events if datetime.fromisoformat(when) >= since]
    except ValueError:
        return []


def _aws(installed: Installed, port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed.aws), "--region", REGION, "--endpoint-url", f"http://127.0.0.1:{port}", "cloudformation"]
    return subprocess.run(
        [*command, *arguments],
        env=environment.bare() | environment.aws(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
