"""The proxy itself: hands calls on to the emulator and lets happen what the dice say.

Guarantees: while it is calm it changes nothing. A dropped request never reached the emulator, a dropped response did.
The `host` header goes on as it is, so the queue URLs that the emulator answers lead through the proxy again. It starts
calm.

    POST /_chaos/wild, /_chaos/calm     faults on, faults off
    POST /_chaos/lose?QUEUE             the next message received from that queue is deleted unseen: a bug, planted on purpose
    GET  /_chaos/counts                 what was done so far, JSON
"""

import asyncio
import json

from . import calls, http
from .calls import Call
from .fate import Dice, Fate

_UNAVAILABLE = {"answered 500": 500, "answered 503": 503}


class Proxy:
    """A proxy for the emulator at a port."""

    def __init__(self, upstream: int, dice: Dice) -> None:
        self._upstream, self._dice = upstream, dice
        self._lose: set[str] = set()
        self._later: set[asyncio.Task] = set()

    async def serve(self, port: int) -> None:
        """Until it is killed."""
        server = await asyncio.start_server(self._client, "127.0.0.1", port, limit=1024 * 1024)
        async with server:
            await server.serve_forever()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a service: calls one after the other, each with a connection of its own to the emulator kept."""
        upstream = _Upstream(self._upstream)
        try:
            while True:
                request = await http.read(reader)
                response = (
                    self._control(request) if request.path.startswith("/_chaos/") else await self._call(request, upstream)
                )
                if response is None:  # dropped: the caller sees a connection that ends
                    break
                await http.write(writer, response)
        except http.Broken:
            pass
        finally:
            upstream.close()
            writer.close()

    async def _call(self, request: http.Message, upstream: "_Upstream") -> http.Message | None:
        call = calls.read(request.headers, request.body)
        if call is None:
            return await upstream.ask(request)
        fate = self._dice.of_call(call)
        if fate.kind in ("delayed", "hung until the caller gave up"):
            await asyncio.sleep(fate.seconds)
        if fate.kind in ("request dropped", "hung until the caller gave up"):
            return None
        if status := _UNAVAILABLE.get(fate.kind):
            return http.answer(status, b"chaos", "text/plain")
        if fate.kind == "throttled":
            return _throttled(call)
        if fate.entries:
            return await self._batch(request, call, fate, upstream)
        response = await upstream.ask(request)
        if fate.kind == "response dropped":
            return None
        return await self._received(call, response) if call.action == "ReceiveMessage" else response

    async def _batch(self, request: http.Message, call: Call, fate: Fate, upstream: "_Upstream") -> http.Message:
        ids, body = set(fate.entries), request.body
        if fate.kind == "entries failed":
            left = call.without(ids)
            if left is None:
                kind = "application/x-amz-json-1.0" if call.is_json else "text/xml"
                return http.answer(200, call.with_failures(call.nothing_done(), ids), kind)
            body = left
        response = await upstream.ask(http.Message(request.first, request.headers, body))
        if response.status == 200:
            response.body = call.with_failures(response.body, ids)
        return response

    async def _received(self, call: Call, response: http.Message) -> http.Message:
        """Has some of the received messages delivered again in a moment."""
        if response.status != 200:
            return response
        received = json.loads(response.body)
        messages = received.get("Messages", [])
        if messages and call.target in self._lose:
            self._lose.discard(call.target)
            lost = messages.pop(0)
            await self._ask_sqs("DeleteMessage", {"QueueUrl": call.fields["QueueUrl"], "ReceiptHandle": lost["ReceiptHandle"]})
            response.body = json.dumps(received).encode()
        for message in messages:
            fate = self._dice.of_message()
            if fate.kind:
                task = asyncio.create_task(self._again(call.fields["QueueUrl"], message, fate))
                self._later.add(task)
                task.add_done_callback(self._later.discard)
        return response

    async def _again(self, queue: str, message: dict, fate: Fate) -> None:
        await asyncio.sleep(fate.seconds)
        if fate.kind == "message sent a second time":
            copy = {"MessageBody": message["Body"], "MessageAttributes": message.get("MessageAttributes", {})}
            await self._ask_sqs("SendMessage", {"QueueUrl": queue} | copy)
        else:
            now = {"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            await self._ask_sqs("ChangeMessageVisibility", {"QueueUrl": queue} | now)

    async def _ask_sqs(self, action: str, fields: dict) -> None:
        """A call of our own. A receipt that is void by now is no matter: the message is gone or somebody else's."""
        headers = {
            "host": f"127.0.0.1:{self._upstream}",
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"AmazonSQS.{action}",
        }
        upstream = _Upstream(self._upstream)
        try:
            await upstream.ask(http.Message("POST / HTTP/1.1", headers, json.dumps(fields).encode()))
        finally:
            upstream.close()

    def _control(self, request: http.Message) -> http.Message:
        command, _, argument = request.path.removeprefix("/_chaos/").partition("?")
        if command in ("wild", "calm"):
            self._dice.calm = command == "calm"
        elif command == "lose":
            self._lose.add(argument)
        return http.answer(200, json.dumps(self._dice.counts).encode(), "application/json")


class _Upstream:
    """A connection to the emulator, made when it is needed and made again when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: http.Message) -> http.Message:
        fresh = self._streams is None
        try:
            return await self._ask(request)
        except http.Broken:
            self.close()
            if fresh:
                raise
            return await self._ask(request)  # it had closed an idle connection

    async def _ask(self, request: http.Message) -> http.Message:
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1024 * 1024)
            except OSError as error:
                raise http.Broken from error
        reader, writer = self._streams
        await http.write(writer, request)
        return await http.read(reader)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _throttled(call: Call) -> http.Message:
    if call.is_json:
        body = b'{"__type":"com.amazonaws.sqs#RequestThrottled","message":"chaos"}'
        return http.answer(400, body, "application/x-amz-json-1.0")
    body = (
        b'<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttled</Code>'
        b"<Message>chaos</Message></Error><RequestId>0</RequestId></ErrorResponse>"
    )
    return http.answer(429, body, "text/xml")


def run(port: int, upstream: int, seed: str) -> None:
    """The whole life of the proxy's process."""
    asyncio.run(Proxy(upstream, Dice(seed)).serve(port))
