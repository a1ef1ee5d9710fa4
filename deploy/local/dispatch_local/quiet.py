"""After all tests: is the system quiet? Its queues are empty, and its dead-letter queues hold nothing but what tests sent to
be refused.

It is asked here and not by a test, since only here has every test ended and no other can follow, however the tests were
chosen and whatever cargo's order is. The queues are those of the stack, so none is forgotten when the template gets a new one;
queues that tests made for themselves are theirs. A message that was meant to be refused says so by the word POISON in its
body (deploy/e2e/src/events.rs), and the tests that send such messages check themselves that each arrives, once.
"""

import json
import urllib.request
from dataclasses import dataclass

from . import topology
from .settings import REGION
from .stopping import wait_for

POISON = "e2e-poison"

_EMPTY_WITHIN = 60.0  # a message that was tried again waits as long, at the most
_LOOK = 600  # seconds; nobody else looks
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def complaints(port: int) -> list[str]:
    """A line for each queue that is not as it should be."""
    queues = [_Queue(port, url) for url in topology.queue_urls(port)]
    work = [queue for queue in queues if not queue.is_for_dead_letters]
    left: list[str] = []

    def empty() -> bool:  # The look that ends the wait is the one that counts: work of a background task may come after it.
        left[:] = [f"{queue.name} still has {size} messages after the tests" for queue in work if (size := queue.size())]
        return not left

    wait_for(empty, _EMPTY_WITHIN)
    return left + [line for queue in queues if queue.is_for_dead_letters for line in queue.unexpected()]


@dataclass(frozen=True)
class _Queue:
    port: int
    url: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def is_for_dead_letters(self) -> bool:
        return self.name.endswith("-dlq")

    def size(self) -> int:
        """All messages, also those that are delayed or in a consumer's hands."""
        attributes = self._call("GetQueueAttributes", AttributeNames=_COUNTS)["Attributes"]
        return sum(int(attributes[count]) for count in _COUNTS)

    def unexpected(self) -> list[str]:
        """A line for each dead letter that no test meant to die, or that did not die of a reason."""
        lines = []
        while messages := self._call(
            "ReceiveMessage", MaxNumberOfMessages=10, VisibilityTimeout=_LOOK, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                body = message["Body"]
                reason = message.get("MessageAttributes", {}).get("failureReason", {}).get("StringValue")
                if POISON not in body or not reason:
                    why = f"put aside for {reason!r}" if reason else "without a reason"
                    lines.append(f"{self.name} has a message that should not be there, {why}: {body[:300]}")
        return lines

    def _call(self, action: str, **parameters: object) -> dict:
        """A request without the aws CLI, which takes half a second to start. The emulator checks no signature."""
        scope = f"Credential=test/20210101/{REGION}/sqs/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        }
        body = json.dumps({"QueueUrl": self.url} | parameters).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", data=body, headers=headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            return json.loads(response.read())
