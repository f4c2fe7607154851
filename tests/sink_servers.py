"""Receivers of evaluations for tests: real HTTP servers, strict about what is published.

A webhook must be signed as Standard Webhooks says and new; logs must have the shape of OTLP's
JSON. Whatever is not as it should be is answered 400 and noted as a fault.
"""

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.plain_http import Asked, Reply, serving

SECRET = "whsec_" + b64encode(b"a key of thirty-two bytes for us").decode()
TOLERANCE_SECONDS = 300
ITEM = {"id", "type", "position", "at", "voter"}
RATING = ITEM | {"response_id", "model", "value", "score", "reasons", "comment", "tags"}
VOTE = ITEM | {"battle_id", "blind", "winner", "responses"}
RECORD = {
    "timeUnixNano",
    "observedTimeUnixNano",
    "severityNumber",
    "severityText",
    "eventName",
    "attributes",
}
RESULT = {
    "gen_ai.evaluation.name": "stringValue",
    "gen_ai.evaluation.score.value": "doubleValue",
    "gen_ai.evaluation.score.label": "stringValue",
    "gen_ai.evaluation.explanation": "stringValue",
    "gen_ai.response.id": "stringValue",
    "gen_ai.request.model": "stringValue",
    "enduser.pseudo.id": "stringValue",
    "quire.evaluation.id": "stringValue",
    "quire.evaluation.type": "stringValue",
    "quire.evaluation.score": "intValue",
    "quire.evaluation.tags": "arrayValue",
}
OK = Reply(200, {"content-type": "application/json"}, b"{}")
Trouble = Callable[[Asked], Reply | None]


@dataclass
class Receiver:
    """Takes messages. `trouble` is asked first, and may answer instead; `lost` takes it even so."""

    port: int = 0
    secret: str = SECRET
    trouble: Trouble = lambda _: None
    lost: bool = False
    asked: list[Asked] = field(default_factory=list)
    taken: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def items(self) -> list[dict[str, Any]]:
        """All items that came, repeats too."""
        return [each for _, items in self.taken for each in items]

    @property
    def positions(self) -> list[int]:
        """Where those stand that came for the first time."""
        seen = dict.fromkeys(each["id"] for each in self.items)
        return [int(each.rpartition("-")[2]) for each in seen]

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        answer = self.trouble(asked)
        if answer is not None and not self.lost:
            return answer
        try:
            self.taken.append(self.message(asked))
        except (AssertionError, KeyError, ValueError) as error:
            self.faults.append(repr(error))
            return Reply(400, {}, b"not as it should be")
        return answer or OK

    def message(self, asked: Asked) -> tuple[str, list[dict[str, Any]]]:
        assert (asked.method, asked.path) == ("POST", "/hook")
        assert asked.headers["content-type"] == "application/json"
        name, sent = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
        assert name.startswith("msg_")
        assert abs(time.time() - int(sent)) < TOLERANCE_SECONDS
        key = b64decode(self.secret.removeprefix("whsec_"), validate=True)
        content = f"{name}.{sent}.".encode() + asked.body
        expected = b64encode(hmac.new(key, content, "sha256").digest()).decode()
        assert asked.headers["webhook-signature"] == f"v1,{expected}", "signature"
        body = json.loads(asked.body)
        assert set(body) == {"type", "timestamp", "data"}
        assert body["type"] in ("evaluation.results", "evaluation.test")
        items: list[dict[str, Any]] = body["data"]["items"]
        assert items
        for each in items:
            assert set(each) == (VOTE if each["type"].startswith("vote.") else RATING), each
            assert each["voter"].startswith("voter-")
        return name, items


@dataclass
class Collector(Receiver):
    """Takes OpenTelemetry logs from whoever has the header."""

    key: str = "Bearer collector-key"
    rejects: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/otlp"

    def reply(self, asked: Asked) -> Reply:
        answer = super().reply(asked)
        if answer is OK and self.rejects:
            said = {"rejectedLogRecords": str(self.rejects), "errorMessage": "too old"}
            return Reply(200, OK.headers, json.dumps({"partialSuccess": said}).encode())
        return answer

    def message(self, asked: Asked) -> tuple[str, list[dict[str, Any]]]:
        assert (asked.method, asked.path) == ("POST", "/otlp/v1/logs")
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers.get("authorization") == self.key, "authorization"
        body = json.loads(asked.body)
        assert set(body) == {"resourceLogs"}
        records = []
        for resource in body["resourceLogs"]:
            assert set(resource) == {"resource", "scopeLogs"}
            named = resource["resource"]["attributes"]
            assert {"key": "service.name", "value": {"stringValue": "quire"}} in named
            for scope in resource["scopeLogs"]:
                assert set(scope) == {"scope", "logRecords"}
                records += [record(each) for each in scope["logRecords"]]
        assert records
        return "", records


def record(found: dict[str, Any]) -> dict[str, Any]:
    """A log record as flat attributes; refused when it is none."""
    assert set(found) == RECORD, found
    assert found["eventName"] == "gen_ai.evaluation.result"
    for name in ("timeUnixNano", "observedTimeUnixNano"):
        assert isinstance(found[name], str)
        assert abs(int(found[name]) / 10**9 - time.time()) < 86_400
    flat: dict[str, Any] = {}
    for each in found["attributes"]:
        ((kind, value),) = each["value"].items()
        assert RESULT[each["key"]] == kind, each
        assert each["key"] not in flat
        flat[each["key"]] = value
    assert {"gen_ai.evaluation.name", "gen_ai.response.id"} <= set(flat)
    return {"id": flat["quire.evaluation.id"], **flat}


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """A receiver that can be reached."""
    async with serving(receiver.reply) as port:
        receiver.port = port
        yield receiver
