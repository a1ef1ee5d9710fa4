"""The proxy: entries that fail, fates, and calls that come through a real one unchanged or not at all."""

import asyncio
import json
import unittest
from urllib.parse import parse_qs, urlencode

import paths  # noqa: F401

from dispatch_chaos.proxy import calls, http
from dispatch_chaos.proxy.fate import Dice
from dispatch_chaos.proxy.server import Proxy

_SQS = {"x-amz-target": "AmazonSQS.DeleteMessageBatch"}
_SNS = {"content-type": "application/x-www-form-urlencoded"}


def sqs_batch(*ids: str) -> calls.Call:
    body = {"QueueUrl": "http://host:1/1/events-queue", "Entries": [{"Id": i, "ReceiptHandle": f"r{i}"} for i in ids]}
    call = calls.read(_SQS, json.dumps(body).encode())
    assert call is not None
    return call


def sns_batch(*ids: str) -> calls.Call:
    form = {"Action": "PublishBatch", "TopicArn": "arn:aws:sns:eu-west-2:1:assignment-topic"}
    for number, entry in enumerate(ids, 1):
        form[f"PublishBatchRequestEntries.member.{number}.Id"] = entry
        form[f"PublishBatchRequestEntries.member.{number}.Message"] = f"m{entry}"
    call = calls.read(_SNS, urlencode(form).encode())
    assert call is not None
    return call


class Entries(unittest.TestCase):
    def test_the_call_is_known(self) -> None:
        self.assertEqual((sqs_batch("0").action, sqs_batch("0").target), ("DeleteMessageBatch", "events-queue"))
        self.assertEqual((sns_batch("0").action, sns_batch("0").target), ("PublishBatch", "assignment-topic"))
        self.assertEqual(sns_batch("0", "1").entry_ids, ["0", "1"])
        self.assertIsNone(calls.read({}, b""))

    def test_an_entry_is_taken_out_of_the_request(self) -> None:
        left = sqs_batch("0", "1", "2").without({"1"})
        self.assertEqual([entry["Id"] for entry in json.loads(left or b"")["Entries"]], ["0", "2"])
        form = parse_qs((sns_batch("0", "1", "2").without({"0"}) or b"").decode())
        self.assertEqual(form["PublishBatchRequestEntries.member.1.Message"], ["m1"])
        self.assertEqual(form["PublishBatchRequestEntries.member.2.Id"], ["2"])
        self.assertNotIn("PublishBatchRequestEntries.member.3.Id", form)
        self.assertIsNone(sqs_batch("0").without({"0"}))
        self.assertIsNone(sns_batch("0").without({"0"}))

    def test_an_entry_is_told_as_failed(self) -> None:
        call = sqs_batch("0", "1")
        told = json.loads(call.with_failures(b'{"Successful":[{"Id":"0"},{"Id":"1"}],"Failed":[]}', {"1"}))
        self.assertEqual((told["Successful"], told["Failed"][0]["Id"]), ([{"Id": "0"}], "1"))
        self.assertFalse(told["Failed"][0]["SenderFault"])
        answer = b"<Successful><member><Id>0</Id></member><member><Id>1</Id></member></Successful><Failed></Failed>"
        text = sns_batch("0", "1").with_failures(answer, {"1"}).decode()
        self.assertIn("<Successful><member><Id>0</Id></member></Successful>", text)
        self.assertIn("<Failed><member><Id>1</Id><Code>InternalError</Code>", text)


class Fates(unittest.TestCase):
    def test_the_dice_fall_alike_for_one_seed_and_not_while_calm(self) -> None:
        def throws(seed: str, *, calm: bool) -> list[str]:
            dice = Dice(seed)
            dice.calm = calm
            return [dice.of_call(sqs_batch("0", "1")).kind for _ in range(500)]

        self.assertEqual(throws("1", calm=False), throws("1", calm=False))
        self.assertNotEqual(throws("1", calm=False), throws("2", calm=False))
        self.assertEqual(set(throws("1", calm=True)), {""})


class Throughout(unittest.IsolatedAsyncioTestCase):
    """A proxy before a stand-in for the emulator that answers with the body that it was sent."""

    async def asyncSetUp(self) -> None:
        self.reached: list[bytes] = []
        self.serving: list[asyncio.Task[None] | None] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.serving.append(asyncio.current_task())
            while True:
                try:
                    request = await http.read(reader)
                except http.Broken:
                    break
                self.reached.append(request.body)
                await http.write(writer, http.answer(200, request.body, "application/json"))
            writer.close()

        self.upstream = await asyncio.start_server(answer, "127.0.0.1", 0)
        self.dice = Dice("1")
        proxy = Proxy(self.upstream.sockets[0].getsockname()[1], self.dice)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.serving.append(asyncio.current_task())
            await proxy._client(reader, writer)

        self.server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.reader, self.writer = await asyncio.open_connection(*self.server.sockets[0].getsockname())

    async def asyncTearDown(self) -> None:
        self.writer.close()
        await asyncio.gather(*(task for task in self.serving if task))
        self.server.close()
        self.upstream.close()

    async def ask(self, body: bytes) -> http.Message:
        await http.write(self.writer, http.Message("POST / HTTP/1.1", {"host": "queues", **_SQS}, body))
        return await http.read(self.reader)

    async def test_while_calm_it_changes_nothing(self) -> None:
        body = b'{"QueueUrl":"q","Entries":[{"Id":"0","ReceiptHandle":"r"}]}'
        for _ in range(3):
            self.assertEqual((await self.ask(body)).body, body)
        self.assertEqual(self.reached, [body] * 3)

    async def test_a_dropped_request_does_not_arrive_and_a_dropped_response_does(self) -> None:
        for kind, arrives in (("request dropped", 0), ("response dropped", 1)):
            with self.subTest(kind):
                self.reached.clear()
                await self.asyncTearDown()
                await self.asyncSetUp()
                self.dice.of_call = lambda _call, kind=kind: type(Dice("").of_call(sqs_batch()))(kind)  # type: ignore[method-assign,misc]
                with self.assertRaises(http.Broken):
                    await self.ask(b'{"QueueUrl":"q"}')
                self.assertEqual(len(self.reached), arrives)
