"""Programs made for OpenAI's chat completions, unchanged."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from tests.answering import Answering
from tests.upstream_call import TEXT

ASKED: list[Any] = [{"role": "user", "content": "Why?"}]


@pytest.fixture
async def client(answering: Answering) -> AsyncIterator[openai.AsyncOpenAI]:
    ana = await answering.world.admin()
    made = await ana.post("/api-keys", json={"name": "A program"})
    url = f"{answering.world.base_url}/v1"
    key = made.json()["key"]
    async with openai.AsyncOpenAI(api_key=key, base_url=url, max_retries=0) as client:
        yield client


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    found = [each.id async for each in await client.models.list()]
    assert {"reader", "words"} <= set(found)


async def test_an_answer_at_once(client: openai.AsyncOpenAI, answering: Answering) -> None:
    answer = await client.chat.completions.create(
        model="words",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
        ],
        temperature=0.5,
        max_completion_tokens=50,
    )
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (7, 15)
    sent = answering.server.asked[-1]
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]
    assert (sent["temperature"], sent["max_tokens"]) == (0.5, 50)


async def test_an_answer_as_a_stream(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="thinking", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = [each async for each in stream]
    text = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    assert text == TEXT
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 8
    thoughts = [
        getattr(each.choices[0].delta, "reasoning_content", None) or ""
        for each in chunks
        if each.choices
    ]
    assert "".join(thoughts) == "Let me think."


async def test_the_model_is_let_go_when_the_reader_goes(
    client: openai.AsyncOpenAI, answering: Answering
) -> None:
    stream = await client.chat.completions.create(model="held", messages=ASKED, stream=True)
    async for _ in stream:
        break
    await stream.close()
    async with asyncio.timeout(10):
        await answering.server.gone.wait()


async def test_errors_are_what_programs_know(
    client: openai.AsyncOpenAI, answering: Answering
) -> None:
    ask = client.chat.completions.create
    with pytest.raises(openai.NotFoundError) as unknown:
        await ask(model="nobody", messages=ASKED)
    assert unknown.value.code == "unknown_model"
    with pytest.raises(openai.BadRequestError):
        await ask(model="words", messages=[])
    with pytest.raises(openai.BadRequestError):
        await ask(model="words", messages=ASKED, temperature=3)
    with pytest.raises(openai.InternalServerError):
        await ask(model="broken", messages=ASKED)
    with pytest.raises(openai.APIError):
        async for _ in await ask(model="reset", messages=ASKED, stream=True):
            pass
    url = f"{answering.world.base_url}/v1"
    async with openai.AsyncOpenAI(api_key="sk-wrong", base_url=url, max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()
        with pytest.raises(openai.AuthenticationError):
            await stranger.chat.completions.create(model="words", messages=ASKED)


async def test_a_session_will_do(answering: Answering) -> None:
    ana = await answering.world.admin()
    url = f"{answering.world.base_url}/v1"
    async with openai.AsyncOpenAI(api_key=ana.token, base_url=url, max_retries=0) as client:
        answer = await client.chat.completions.create(model="echo", messages=ASKED)
        assert answer.choices[0].message.content == "Why? "


async def test_what_is_no_json_is_refused(answering: Answering) -> None:
    ana = await answering.world.admin()
    response = await ana.web.post("/v1/chat/completions", content=b"{")
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
