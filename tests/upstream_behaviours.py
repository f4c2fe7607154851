"""How the model server for tests answers, by the name of the model."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.upstream_call import EVENT_STREAM, USAGE, WORDS, Call, Reset

Behaviour = Callable[[Call], Awaitable[None]]


async def words(call: Call) -> None:
    """A good answer."""
    await call.begin()
    await call.words(*WORDS)
    await call.finish()


async def echo(call: Call) -> None:
    """The last message, word by word."""
    await call.begin()
    await call.words(*(f"{word} " for word in call.body["messages"][-1]["content"].split()))
    await call.finish()


async def slow(call: Call) -> None:
    """Fifty words, twenty a second."""
    await call.begin()
    for number in range(1, 51):
        await call.words(f"word{number} ")
        await asyncio.sleep(0.05)
    await call.finish()


async def held(call: Call) -> None:
    """Some words, the others when the test says so."""
    await call.begin()
    await call.words(*WORDS[:3])
    call.server.begun.set()
    await call.wait()
    await call.words(*WORDS[3:])
    await call.finish()


async def silent(call: Call) -> None:
    """Takes the question and says nothing, not even a status."""
    await call.wait()


async def keep_alive(call: Call) -> None:
    """Comments only, for ever."""
    await call.begin()
    for _ in range(10_000):
        await call.raw(b": still here\n\n")
        await asyncio.sleep(0.01)


async def thinking(call: Call) -> None:
    """Thoughts in a field of their own."""
    await call.begin()
    name = "thinking" if call.ollama else "reasoning_content"
    for thought in ("Let me", " think."):
        await call.delta(**{name: thought})
    await call.words(*WORDS)
    await call.finish()


async def think_tags(call: Call) -> None:
    """Thoughts in tags, in awkward parts."""
    await call.begin()
    await call.words("\n<th", "ink>\nLet ", "me </ok> think.</", "thi", "nk>\n\n", *WORDS)
    await call.finish()


async def only_thoughts(call: Call) -> None:
    await call.begin()
    await call.words("<think>Let me think")
    await call.finish("length")


async def tools(call: Call) -> None:
    """Two tool calls, the arguments in parts."""
    await call.begin()
    if call.ollama:
        function = {"name": "weather", "arguments": {"city": "Ulm"}}
        await call.delta(tool_calls=[{"function": function}, {"function": function}])
        await call.finish()
        return
    for index in (0, 1):
        function = {"name": "weather", "arguments": ""}
        await call.delta(tool_calls=[{"index": index, "id": f"call_{index}", "function": function}])
        for part in ('{"city"', ': "Ulm"}'):
            await call.delta(tool_calls=[{"index": index, "function": {"arguments": part}}])
    await call.finish("tool_calls")


async def whole(call: Call) -> None:
    """A server that does not stream."""
    message = {"role": "assistant", "content": "".join(WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    await call.whole({"object": "chat.completion", "choices": [choice], "usage": USAGE})


async def reset(call: Call) -> None:
    """Breaks the line in the middle."""
    await call.begin()
    await call.words(*WORDS[:4])
    await asyncio.sleep(0.05)
    raise Reset


async def reset_first(call: Call) -> None:
    """Breaks the line once before it answers, as a server that was just restarted."""
    if call.server.count("reset_first") % 2:
        raise Reset
    await words(call)


async def unfinished(call: Call) -> None:
    """The body ends properly, the answer does not."""
    await call.begin()
    await call.words(*WORDS[:4])
    await call.end()


async def finish_without_done(call: Call) -> None:
    """Some servers never say [DONE]."""
    await call.begin()
    await call.words(*WORDS)
    await call.delta("stop")
    raise Reset


async def late_end(call: Call) -> None:
    """The body ends a little after the answer."""
    await call.begin()
    await call.words(*WORDS)
    if call.ollama:
        await call.event({"message": {"content": ""}, "done": True})
    else:
        await call.raw(b"data: [DONE]\n\n")
    await asyncio.sleep(0.02)
    await call.end()


async def bad_json(call: Call) -> None:
    await call.begin()
    await call.words(*WORDS[:4])
    await call.raw(b'{"message": {\n' if call.ollama else b'data: {"choices": [{"delta"\n\n')
    await call.words(*WORDS[4:])
    await call.finish()


async def bad_types(call: Call) -> None:
    await call.begin()
    await call.words(*WORDS[:4])
    await call.delta(content=[42])
    await call.finish()


async def bytewise(call: Call) -> None:
    """Every byte in a packet of its own, with comments, odd line ends and no last one."""
    text = "".join(WORDS)
    if call.ollama:
        await call.begin()
        data = f'{{"message": {{"content": "{text}"}}, "done": false}}\r\n{{"done": true}}'
    else:
        await call.begin(f"{EVENT_STREAM}; charset=utf-8")
        chunk = f'{{"choices": [{{"delta": {{"content": "{text}"}}}}]}}'
        data = f": hi\r\n\r\nevent: x\nid: 1\ndata:{chunk}\r\n\r\n: again\n\ndata: [DONE]"
    for byte in data.encode():
        await call.raw(bytes([byte]))
    await call.end()


async def halves(call: Call) -> None:
    """NUL, halves of surrogate pairs, a lonely half, and bytes that are no UTF-8."""
    await call.begin()
    parts = (b"a\\u0000b ", b"\\ud83c", b"\\udf0d ", b"\\ud800 ", b"\xff")
    for part in parts:
        message = b'{"content": "' + part + b'"}'
        if call.ollama:
            await call.raw(b'{"message": ' + message + b"}\n")
        else:
            await call.raw(b'data: {"choices": [{"delta": ' + message + b"}]}\n\n")
    await call.finish()


async def big_event(call: Call) -> None:
    """An event that never ends."""
    await call.begin()
    await call.words(*WORDS[:4])
    await call.raw(b'data: {"choices": "')
    for _ in range(10_000):
        await call.raw(b"x" * 10_000)


async def huge_chunk(call: Call) -> None:
    """A large answer in a single event."""
    await call.begin()
    await call.words("x" * 500_000)
    await call.finish()


async def endless(call: Call) -> None:
    await call.begin()
    for _ in range(1_000_000):
        await call.words("again and again ")


async def empty(call: Call) -> None:
    await call.begin()
    await call.finish()


async def nothing(call: Call) -> None:
    """A body without a single byte."""
    await call.begin()
    await call.end()


async def html(call: Call) -> None:
    await call.whole("<html>Welcome to your router</html>")


async def error_inside(call: Call) -> None:
    await call.begin()
    await call.words(*WORDS[:4])
    if call.ollama:
        await call.event({"error": "out of memory"})
    else:
        await call.event({"error": {"message": "out of memory", "code": 500}})
    await call.end()


async def busy(call: Call) -> None:
    await call.error(429, "Rate limit reached", "retry-after: 30")


async def busy_once(call: Call) -> None:
    """Asks for a short wait, twice."""
    if call.server.count("busy_once") % 3:
        await call.error(429, "Rate limit reached", "retry-after: 0.05")
    else:
        await words(call)


async def broken(call: Call) -> None:
    await call.error(500, "CUDA error")


async def broken_once(call: Call) -> None:
    if call.server.count("broken_once") % 2:
        await call.error(503, "Loading model")
    else:
        await words(call)


async def redirect(call: Call) -> None:
    await call.whole({}, 307, "location: http://169.254.169.254/latest")


async def tells_key(call: Call) -> None:
    """Gives the key away in its error."""
    sent = call.headers.get("authorization", "")
    await call.error(400, f"Bad request of {sent} with {call.headers.get('x-team', '')}")


async def newer(call: Call) -> None:
    """Wants max_completion_tokens."""
    if "max_tokens" in call.body:
        text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        await call.error(400, text)
    else:
        await words(call)


async def thoughtless(call: Call) -> None:
    if "think" in call.body:
        await call.error(400, '"thoughtless" does not support thinking')
    else:
        await words(call)


async def judge_first(call: Call) -> None:
    """A judge that likes what comes first."""
    await verdict(call, "A")


async def judge_longer(call: Call) -> None:
    """A judge that likes the longer answer, whatever stands in it."""
    shown = call.body["messages"][-1]["content"].split("<<< ")
    a, b = (each.partition(">>>")[2].strip() for each in shown[2:4])
    better = "A" if len(a) > len(b) else "B"
    await verdict(call, "TIE" if len(a) == len(b) else better)


async def judge_slow(call: Call) -> None:
    """A judge that thinks first."""
    await asyncio.sleep(0.2)
    await verdict(call, "A")


async def judge_vague(call: Call) -> None:
    """A judge that does not do as it is told."""
    await call.begin()
    await call.words("Answer A is better, I think. ", "VERDICT: A or B")
    await call.finish()


async def verdict(call: Call, word: str) -> None:
    """A few reasons and a verdict."""
    await call.begin()
    await call.words("It says more.\n", f"VERDICT: {word}\n")
    await call.finish()


ALL: tuple[Behaviour, ...] = (
    words, echo, slow, held, silent, keep_alive, thinking, think_tags, only_thoughts, tools, whole,
    reset, reset_first, unfinished, late_end, finish_without_done, bad_json, bad_types, bytewise,
    halves, big_event, huge_chunk, endless, empty, nothing, html, error_inside, busy, busy_once,
    broken, broken_once, redirect, tells_key, newer, thoughtless, judge_first, judge_longer,
    judge_slow, judge_vague,
)  # fmt: skip
BEHAVIOURS: dict[str, Behaviour] = {each.__name__: each for each in ALL}
