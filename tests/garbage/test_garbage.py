"""Everything that nobody should send, at every operation the product documents.

GARBAGE_EXAMPLES=200 looks deeper; the default fits into every test run.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from tests.bench.world import World, running

EXAMPLES = int(os.environ.get("GARBAGE_EXAMPLES", "12"))
SECONDS_MAX = 10.0
SHOWN_MAX = 15
LOOPBACK = "http://127.0.0.1:9/v1"  # nobody listens there; nothing leaves this machine
ENDLESS = ("/feed",)
ENDS_OURSELVES = ("/auth/signout",)
SHAPE = "response_schema_conformance"
WANTED = ("status_code_conformance", "content_type_conformance", SHAPE)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("product")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world() -> AsyncIterator[World]:
    async with running() as world:
        yield world


async def ids_of(world: World) -> dict[str, str]:
    """Places that exist, so that garbage gets further than to a 404."""
    chat_id = await world.chat()
    body = {"content": "Say something. #abc", "models": ["instant"]}
    told = await world.api.post(f"/api/v1/chats/{chat_id}/messages", body)
    message = told["message"]["id"]
    file = await world.api.post("/api/v1/files/text", {"name": "Tea.md", "text": "Hot."})
    upload = await world.api.post("/api/v1/uploads", {"name": "Tea.txt", "size": 1_000_000})
    knowledge = await world.api.post("/api/v1/knowledge", {"name": "Tea"})
    place = f"/api/v1/knowledge/{knowledge['id']}/directories"
    directory = await world.api.post(place, {"name": "Green"})
    return {
        "chat_id": chat_id,
        "message_id": message,
        "mid": message,
        "answer_id": told["answers"][0]["id"],
        "user_id": str(world.user_id),
        "file_id": file["id"],
        "upload_id": upload["id"],
        "knowledge_id": knowledge["id"],
        "directory_id": directory["id"],
    }


def harmless(case: Case[Any]) -> Case[Any]:
    """The same request, with no way out of this machine."""
    body = case.body
    for name in ("base_url", "url"):
        if isinstance(body, dict) and str(body.get(name, "")).lower().startswith("http"):
            body[name] = LOOPBACK
    return case


def problem_of(case: Case[Any], headers: dict[str, str], session: requests.Session) -> str:
    """What is wrong with the answer to a request; empty when nothing is."""
    try:
        response = case.call(headers=headers, session=session, timeout=SECONDS_MAX)
    except requests.Timeout:
        return f"no answer within {SECONDS_MAX:.0f} s"
    if response.status_code >= 500 and response.status_code != 503:
        return f"{response.status_code}: {response.text[:300]}"
    return broken_promise(case, response)


def broken_promise(case: Case[Any], response: schemathesis.Response) -> str:
    """What the document does not say about an answer."""
    names = [name for name in WANTED if name != SHAPE or not is_stream(response)]
    checks: Any = CHECKS.get_by_names(names)
    try:
        case.validate_response(response, checks=checks)
    except FailureGroup as group:
        return "; ".join(first_line(each) for each in group.exceptions)
    except Failure as failure:
        return first_line(failure)
    return ""


def is_stream(response: schemathesis.Response) -> bool:
    """OpenAPI has no words for the events of a stream; other tests look at those."""
    return "text/event-stream" in "".join(response.headers.get("content-type", []))


def first_line(failure: BaseException) -> str:
    return " ".join(str(failure).split())[:400]


def throw(operation: Any, world: World, known: dict[str, str], mode: GenerationMode) -> list[str]:
    """Some examples at one operation; each kind of problem once, with how to repeat it."""
    found: dict[str, str] = {}
    headers = {"Authorization": f"Bearer {world.api.token}"}
    fixed = {name: known[name] for name in names_of(operation) if name in known}
    session = requests.Session()

    @seed(2026)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=fixed or None))
    def run(case: Case[Any]) -> None:
        problem = problem_of(harmless(case), headers, session)
        if problem:
            found.setdefault(problem[:80], f"{case.as_curl_command()[:600]}\n    {problem}")

    with session:
        run()
    return list(found.values())


def names_of(operation: Any) -> list[str]:
    return [each.name for each in operation.path_parameters]


def wanted(path: str) -> bool:
    return not path.endswith((*ENDLESS, *ENDS_OURSELVES))


async def test_no_garbage_breaks_an_operation_or_surprises_its_caller(world: World) -> None:
    document = (await world.api.call("GET", "/openapi.json")).expect(200)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=world.product.url)
    known = await ids_of(world)
    problems = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if not wanted(operation.path):
            continue
        for mode in GenerationMode:
            for places in (known, {}):
                with contextlib.suppress(Unsatisfiable):  # an operation without any input
                    problems += throw(operation, world, places, mode)
    assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems[:SHOWN_MAX])
    world.api.close()  # the server has closed what was idle for so long
    reply = await world.api.call("GET", "/api/v1/auth/session")
    assert reply.status == 200
