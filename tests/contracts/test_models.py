"""What every model promises, and how every failure of a model server is told."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
import pytest

from application.ports import Model, ModelFailed, Piece, Prompt, Turn
from infrastructure.models.http import Limits, Server, open_client
from infrastructure.models.ollama import OllamaModel
from infrastructure.models.openai import OpenAIModel
from tests.upstream import Upstream, upstream
from tests.upstream_call import KEY, TEXT, WORDS

LIMITS = Limits(
    silence_seconds=2.0,
    patience_seconds=0.3,
    event_bytes_max=2**20,
    answer_chars_max=600_000,
)
BOTH = ("openai", "ollama")


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with open_client() as client:
        yield client


@pytest.fixture
async def server() -> AsyncGenerator[Upstream, None]:
    async with upstream(KEY) as server:
        yield server


@pytest.fixture(params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Ask:
    """Asks a model of the server by its name."""

    def __init__(self, client: httpx.AsyncClient, server: Upstream, kind: str) -> None:
        self.url = server.ollama_url if kind == "ollama" else server.url
        self.kind, self.server = kind, Server.at(client, self.url, KEY, limits=LIMITS)

    def model(self, name: str) -> Model:
        return (OllamaModel if self.kind == "ollama" else OpenAIModel)(self.server, name)

    async def __call__(self, name: str, **params: object) -> tuple[list[Piece], ModelFailed | None]:
        pieces: list[Piece] = []
        failed: ModelFailed | None = None
        prompt = Prompt(name, (Turn("user", "Hello \ud83d there"),), params)
        try:
            async with asyncio.timeout(10), aclosing(self.model(name).answer(prompt)) as answer:
                async for piece in answer:
                    pieces.append(piece)  # noqa: PERF401 (a failure must lose none)
        except ModelFailed as error:
            failed = error
        assert KEY[:8] not in str(failed)
        assert failed or pieces[-1].kind == "finish"
        return pieces, failed


@pytest.fixture
def ask(client: httpx.AsyncClient, server: Upstream, kind: str) -> Ask:
    return Ask(client, server, kind)


@pytest.fixture
def ask_openai(client: httpx.AsyncClient, server: Upstream) -> Ask:
    return Ask(client, server, "openai")


def said(pieces: list[Piece], kind: str = "text") -> str:
    return "".join(piece.text for piece in pieces if piece.kind == kind)


def data(pieces: list[Piece], kind: str) -> list[dict[str, object]]:
    return [dict(piece.data) for piece in pieces if piece.kind == kind]


async def test_an_answer_comes_word_by_word(ask: Ask) -> None:
    pieces, failed = await ask("words")
    assert failed is None
    assert [piece.text for piece in pieces if piece.kind == "text"] == list(WORDS)
    assert data(pieces, "usage") == [{"input_tokens": 7, "output_tokens": 8}]
    assert data(pieces, "finish") == [{"reason": "stop"}]


async def test_words_are_given_as_they_come(ask: Ask, server: Upstream) -> None:
    prompt = Prompt("held", (Turn("user", "Hello"),))
    async with asyncio.timeout(5), aclosing(ask.model("held").answer(prompt)) as answer:
        first = [(await anext(answer)).text for _ in range(3)]
        assert tuple(first) == WORDS[:3]
        server.release.set()
        assert [p.text async for p in answer if p.kind == "text"] == list(WORDS[3:])


async def test_a_reader_who_leaves_ends_the_request_at_once(ask: Ask, server: Upstream) -> None:
    answer = ask.model("held").answer(Prompt("held", (Turn("user", "Hello"),)))
    await anext(answer)
    await answer.aclose()
    async with asyncio.timeout(0.3):
        await server.gone.wait()


async def test_a_cancelled_reader_ends_the_request_at_once(ask: Ask, server: Upstream) -> None:
    task = asyncio.create_task(ask("held"))
    async with asyncio.timeout(2):
        await server.begun.wait()
    task.cancel()
    async with asyncio.timeout(0.3):
        await server.gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_line_is_used_again(ask: Ask, server: Upstream) -> None:
    for name in ("words", "late_end", "words", "thinking"):
        await ask(name)
    assert server.connections == 1


async def test_parameters_are_sent_as_the_server_knows_them(
    ask: Ask, kind: str, server: Upstream
) -> None:
    params = {"temperature": 0.5, "top_p": 1, "max_tokens": 9, "seed": 1, "stop": "END"}
    _, failed = await ask("words", **params, reasoning_effort="low", context_tokens=4096, other=1)
    assert failed is None
    body = server.asked[0]
    if kind == "openai":
        assert {name: body[name] for name in params} == params
        assert "context_tokens" not in body
    else:
        options = {"temperature": 0.5, "top_p": 1, "num_predict": 9, "seed": 1, "num_ctx": 4096}
        assert body["options"] == {**options, "stop": ["END"]}
        assert body["think"] == "low"


async def test_a_parameter_that_cannot_be_sent_is_told(ask: Ask, server: Upstream) -> None:
    _, failed = await ask("words", stop="\ud800")
    assert failed is not None
    assert failed.kind == "refused"
    assert not server.asked


async def test_thoughts_come_apart_from_the_answer(ask: Ask) -> None:
    for name, thought in (("thinking", "Let me think."), ("think_tags", "Let me </ok> think.")):
        pieces, failed = await ask(name)
        assert failed is None
        assert (said(pieces, "reasoning"), said(pieces)) == (thought, TEXT)


async def test_tool_calls_come_whole(ask: Ask, kind: str) -> None:
    pieces, failed = await ask("tools")
    assert failed is None
    first, second = data(pieces, "tool_call")
    arguments = '{"city": "Ulm"}' if kind == "openai" else '{"city":"Ulm"}'
    call_id = "call_1" if kind == "openai" else ""
    assert second == {"index": 1, "id": call_id, "name": "weather", "arguments": arguments}
    assert first["index"] == 0


async def test_a_server_that_does_not_stream_will_do(ask_openai: Ask) -> None:
    pieces, failed = await ask_openai("whole")
    assert failed is None
    assert said(pieces) == TEXT
    assert data(pieces, "usage")


async def test_characters_may_be_split_anywhere(ask: Ask) -> None:
    pieces, failed = await ask("bytewise")
    assert failed is None
    assert said(pieces) == TEXT


async def test_only_whole_characters_come_out(ask: Ask) -> None:
    pieces, failed = await ask("halves")
    assert failed is None
    assert said(pieces) == "ab 🌍 \ufffd \ufffd"
    assert all(piece.text.encode() for piece in pieces if piece.kind == "text")


async def test_a_large_event_is_no_trouble(ask: Ask) -> None:
    pieces, failed = await ask("huge_chunk")
    assert failed is None
    assert len(said(pieces)) == 500_000


FAILURES = [
    ("silent", "stalled", ""),
    ("held", "stalled", "".join(WORDS[:3])),
    ("reset", "cut", "".join(WORDS[:4])),
    ("unfinished", "cut", "".join(WORDS[:4])),
    ("bad_json", "malformed", "".join(WORDS[:4])),
    ("bad_types", "malformed", "".join(WORDS[:4])),
    ("big_event", "too_long", "".join(WORDS[:4])),
    ("endless", "too_long", None),
    ("empty", "empty", ""),
    ("nothing", "empty", ""),
    ("only_thoughts", "empty", ""),
    ("html", "malformed", ""),
    ("error_inside", "server_error", "".join(WORDS[:4])),
    ("broken", "server_error", ""),
    ("busy", "busy", ""),
    ("redirect", "redirected", ""),
    ("no-such-model", "unknown_model", ""),
    ("tells_key", "refused", ""),
]


@pytest.mark.parametrize(("name", "expected", "text"), FAILURES)
async def test_a_failure_has_a_kind_and_keeps_what_came(
    ask: Ask, server: Upstream, name: str, expected: str, text: str | None
) -> None:
    pieces, failed = await ask(name)
    assert failed is not None
    assert failed.kind == expected
    assert len(str(failed)) > 20
    assert server.host in str(failed)
    if text is not None:
        assert said(pieces) == text
    else:
        assert len(said(pieces)) > 500_000


async def test_a_failure_leaves_the_next_answer_alone(ask: Ask) -> None:
    for name in ("reset", "bad_json", "html", "broken"):
        await ask(name)
        assert (await ask("words"))[1] is None


async def test_comments_alone_do_not_keep_an_answer_alive(ask_openai: Ask) -> None:
    _, failed = await ask_openai("keep_alive")
    assert failed is not None
    assert failed.kind == "stalled"


async def test_what_a_server_says_about_its_failure_is_told(ask: Ask) -> None:
    _, failed = await ask("error_inside")
    assert "out of memory" in str(failed)
    _, failed = await ask("tells_key")
    assert "***" in str(failed)


@pytest.mark.parametrize("name", ["reset_first", "broken_once", "busy_once"])
async def test_a_passing_trouble_is_passed_over(ask: Ask, name: str) -> None:
    pieces, failed = await ask(name)
    assert failed is None
    assert said(pieces) == TEXT


async def test_a_long_wait_is_left_to_the_caller(ask: Ask, server: Upstream) -> None:
    _, failed = await ask("busy")
    assert failed is not None
    assert failed.retry_after == 30
    assert len(server.asked) == 1


async def test_a_finish_needs_no_done(ask_openai: Ask) -> None:
    pieces, failed = await ask_openai("finish_without_done")
    assert failed is None
    assert said(pieces) == TEXT


async def test_a_refused_key_is_told_without_it(client: httpx.AsyncClient, kind: str) -> None:
    async with upstream("sk-other-9876543210") as server:
        _, failed = await Ask(client, server, kind)("words")
    assert failed is not None
    assert failed.kind == "refused_key"


async def test_nobody_there(client: httpx.AsyncClient, kind: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Upstream(port=free.getsockname()[1])
        _, failed = await Ask(client, server, kind)("words")
    assert failed is not None
    assert failed.kind == "unreachable"


async def test_an_old_server_need_not_know_stream_options(client: httpx.AsyncClient) -> None:
    async with upstream(KEY, refused_fields=("stream_options",)) as server:
        ask = Ask(client, server, "openai")
        for _ in range(2):
            pieces, failed = await ask("words")
            assert failed is None
            assert said(pieces) == TEXT
        assert len(server.asked) == 3, "it is learnt once"


async def test_a_new_model_may_call_the_length_otherwise(ask_openai: Ask) -> None:
    assert (await ask_openai("newer", max_tokens=5))[1] is None


async def test_a_model_that_cannot_think_is_not_asked_to(
    client: httpx.AsyncClient, server: Upstream
) -> None:
    ask = Ask(client, server, "ollama")
    assert (await ask("thoughtless", reasoning_effort="low"))[1] is None
    assert (await ask("thoughtless", reasoning_effort="low"))[1] is None
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("base_url", "key", "headers"),
    [
        ("ftp://example.org", None, {}),
        ("http://", None, {}),
        ("http://me:secret@example.org", None, {}),
        ("http://example.org?key=1", None, {}),
        ("http://example.org:99999", None, {}),
        ("http://example.org", "sk-ключ", {}),
        ("http://example.org", None, {"Host": "other"}),
        ("http://example.org", None, {"X-A": "a\r\nX-B: b"}),
        ("http://example.org", None, {"X A": "a"}),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    client: httpx.AsyncClient, base_url: str, key: str | None, headers: dict[str, str]
) -> None:
    with pytest.raises(ModelFailed) as failed:
        Server.at(client, base_url, key, headers)
    assert failed.value.kind == "misconfigured"
