"""The calls that services make to SNS and SQS, as far as the proxy has to understand them: which action, which queue or
topic, and the entries of a batch.

SQS speaks JSON with the action in a header; SNS speaks forms and XML. Entries can be taken out of a request before it
goes on, and told as failed in the answer, in both. Nothing here sends anything.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

_ENTRY = re.compile(r"PublishBatchRequestEntries\.member\.(\d+)\.(.+)")
_REASON = "a fault of the harness"


@dataclass(frozen=True)
class Call:
    """One call. `fields` is the JSON object of SQS or the form of SNS."""

    action: str
    target: str  # the name of the queue or topic; empty where there is none
    fields: dict
    is_json: bool

    @property
    def entry_ids(self) -> list[str]:
        """The ids of the entries of a batch; empty for what is no batch."""
        if self.is_json:
            entries = self.fields.get("Entries")
            return [entry["Id"] for entry in entries] if isinstance(entries, list) else []
        return [entry["Id"] for entry in self._form_entries()]

    def without(self, ids: set[str]) -> bytes | None:
        """The body of the request without these entries; None if no entry is left."""
        if set(self.entry_ids) <= ids:
            return None
        if self.is_json:
            kept = [entry for entry in self.fields["Entries"] if entry["Id"] not in ids]
            return json.dumps(self.fields | {"Entries": kept}).encode()
        pairs = [(name, value) for name, value in self.fields.items() if not _ENTRY.fullmatch(name)]
        kept = [entry for entry in self._form_entries() if entry["Id"] not in ids]
        for number, entry in enumerate(kept, 1):
            pairs += [(f"PublishBatchRequestEntries.member.{number}.{name}", value) for name, value in entry.items()]
        return urlencode(pairs).encode()

    def _form_entries(self) -> list[dict[str, str]]:
        entries: dict[int, dict[str, str]] = {}
        for name, value in self.fields.items():
            if found := _ENTRY.fullmatch(name):
                entries.setdefault(int(found[1]), {})[found[2]] = value
        return [entries[number] for number in sorted(entries)]

    def nothing_done(self) -> bytes:
        """The answer to a batch of which no entry went on; failures are added by `with_failures`."""
        if self.is_json:
            return b'{"Successful":[],"Failed":[]}'
        return (
            b'<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful></Successful>'
            b"<Failed></Failed></PublishBatchResult></PublishBatchResponse>"
        )

    def with_failures(self, answer: bytes, ids: set[str]) -> bytes:
        """The answer in which these entries have failed, whatever it said of them. Failures are the service's fault, so that
        whoever reads the answer has to try again."""
        if self.is_json:
            said = json.loads(answer)
            successful = [entry for entry in said.get("Successful", []) if entry["Id"] not in ids]
            failed = [entry for entry in said.get("Failed", []) if entry["Id"] not in ids]
            failed += [
                {"Id": entry, "Code": "InternalError", "Message": _REASON, "SenderFault": False} for entry in sorted(ids)
            ]
            return json.dumps({"Successful": successful, "Failed": failed}).encode()
        text = answer.decode()
        for entry in sorted(ids):
            text = re.sub(rf"<member><Id>{re.escape(entry)}</Id>.*?</member>", "", text, flags=re.DOTALL)
            failure = f"<Id>{entry}</Id><Code>InternalError</Code><Message>{_REASON}</Message><SenderFault>false</SenderFault>"
            text = text.replace("<Failed>", f"<Failed><member>{failure}</member>", 1)
        return text.encode()


def read(headers: dict[str, str], body: bytes) -> Call | None:
    """The call that a request makes; None for what is none, such as a look at the emulator's health. Header names are in lower
    case."""
    if target := headers.get("x-amz-target"):
        fields = json.loads(body or b"{}")
        name = fields.get("QueueUrl", "").rpartition("/")[2]
        return Call(target.rpartition(".")[2], name, fields, is_json=True)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return Call(form.get("Action", ""), form.get("TopicArn", "").rpartition(":")[2], form, is_json=False)
    return None
