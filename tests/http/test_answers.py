"""Asking, following, stopping and going on."""

from tests.answering import Answering, text_of
from tests.upstream_call import WORDS

TEXT = "".join(WORDS)


async def test_an_answer_is_written_and_kept(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why is the sky blue?", "words")
    events = await answering.follow(ana, asked["answers"][0]["id"])
    assert events[0].kind == "start"
    assert events[0].data == {"model": "words", "attempt": 1}
    assert events[-1].kind == "done"
    assert events[-1].data["status"] == "completed"
    assert text_of(events) == TEXT
    message = await answering.message(ana, asked)
    assert message["content"] == TEXT
    assert message["status"] == "completed"
    assert message["usage"] == {"input_tokens": 7, "output_tokens": 5} or message["usage"]
