"""The harness's own calls to the local SNS and SQS: past the proxy, so that what it publishes and sees is certain."""

import http.client
import json
import urllib.parse

from dispatch_local.settings import ACCOUNT, REGION

BATCH = 10
WORK_QUEUES = ("events-queue", "order-events-queue", "courier-events-queue", "order-assignment-queue", "assignment-queue")
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def topic_arn(topic: str) -> str:
    """The ARN of a topic of the topology."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"


class SnsSqsClient:
    """Calls one after the other on one connection; for one thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)

    def _send(self, service: str, body: bytes, headers: dict[str, str]) -> bytes:
        scope = f"Credential=test/20210101/{REGION}/{service}/aws4_request"
        signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}  # nobody checks it
        try:
            self._connection.request("POST", "/", body, headers | signed)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # It had closed an idle connection. What was sent twice then is what at least once means.
            self._connection.close()
            self._connection.request("POST", "/", body, headers | signed)
            response = self._connection.getresponse()
        said = response.read()
        if response.status != 200:
            raise OSError(f"{service} answered {response.status}: {said[:300]!r}")
        return said

    def sqs(self, action: str, queue: str, **fields: object) -> dict:
        """A call about a queue of the account, by name."""
        url = f"http://127.0.0.1:{self._port}/{ACCOUNT}/{queue}"
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        said = self._send("sqs", json.dumps({"QueueUrl": url} | fields).encode(), headers)
        return json.loads(said or b"{}")

    def sns(self, action: str, fields: dict[str, str]) -> bytes:
        """A call to SNS; answers XML."""
        form = urllib.parse.urlencode({"Action": action, "Version": "2010-03-31"} | fields).encode()
        return self._send("sns", form, {"Content-Type": "application/x-www-form-urlencoded"})

    def publish(self, topic: str, bodies: list[str]) -> None:
        """Publishes up to ten messages. It has them when this returns."""
        fields = {"TopicArn": topic_arn(topic)}
        for number, body in enumerate(bodies, 1):
            fields[f"PublishBatchRequestEntries.member.{number}.Id"] = str(number)
            fields[f"PublishBatchRequestEntries.member.{number}.Message"] = body
        said = self.sns("PublishBatch", fields)
        if said.count(b"<MessageId>") != len(bodies):
            raise OSError(f"SNS did not take all messages: {said[:300]!r}")

    def subscribe(self, queue: str, topics: tuple[str, ...]) -> None:
        """Makes a queue that gets everything that is published to these topics, raw."""
        self.sqs("CreateQueue", queue, QueueName=queue)
        attributes = {"RawMessageDelivery": "true"}
        for topic in topics:
            fields = {"TopicArn": topic_arn(topic), "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"}
            for number, (name, value) in enumerate(attributes.items(), 1):
                fields |= {f"Attributes.entry.{number}.key": name, f"Attributes.entry.{number}.value": value}
            self.sns("Subscribe", fields)

    def receive(self, queue: str, *, wait: int, invisible: int) -> list[dict]:
        """Up to ten messages, with their attributes."""
        asked = {"MaxNumberOfMessages": BATCH, "WaitTimeSeconds": wait, "VisibilityTimeout": invisible}
        return self.sqs("ReceiveMessage", queue, **asked, MessageAttributeNames=["All"]).get("Messages", [])

    def delete(self, queue: str, messages: list[dict]) -> None:
        """Deletes up to ten messages that were received."""
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        self.sqs("DeleteMessageBatch", queue, Entries=entries)

    def depth(self, queue: str) -> int:
        """How many messages there are, also those that are delayed or in a consumer's hands."""
        attributes = self.sqs("GetQueueAttributes", queue, AttributeNames=_COUNTS)["Attributes"]
        return sum(int(attributes[count]) for count in _COUNTS)
