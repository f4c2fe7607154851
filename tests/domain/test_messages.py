"""A message decides."""

from uuid import UUID

import pytest

from domain.errors import Invalid, NotFound
from domain.messages import TEXT_CHARACTERS_MAX, Message
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, CHAT = UUID(int=10), UUID(int=20)

POSTED = fact(Message.Posted, chat_id=CHAT, owner=ANA, parent_id=None, text="How hot?")
DELETED = fact(Message.Deleted)


def post(text: str) -> Message:
    return Message.post(KEY, chat_id=CHAT, owner=ANA, parent_id=None, text=text)


def test_it_is_kept_as_it_was_said() -> None:
    text = "  How\n\thot?  \U0001f375"
    [posted] = news(post(text))
    assert posted == fact(Message.Posted, **{**POSTED.details, "text": text})


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "x" * (TEXT_CHARACTERS_MAX + 1)])
def test_nothing_and_too_much_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        post(text)
    with pytest.raises(Invalid):
        given(Message, POSTED).edit(text)


def test_what_cannot_be_stored_is_dropped() -> None:
    assert news(post("a\x00b"))[0].details["text"] == "ab"


def test_it_belongs_to_its_chat() -> None:
    message = given(Message, POSTED)
    assert (message.owner_id, message.root_id, message.is_closed) == (ANA, CHAT, False)


def test_it_can_be_said_in_other_words() -> None:
    message = given(Message, POSTED)
    message.edit("How hot exactly?")
    assert news(message) == [fact(Message.Edited, text="How hot exactly?")]


def test_it_goes_once_and_cannot_be_touched_then() -> None:
    message = given(Message, POSTED)
    message.delete()
    message.delete()
    assert news(message) == [DELETED]
    assert message.is_closed
    with pytest.raises(NotFound):
        message.edit("Again")
    with pytest.raises(NotFound):
        given(Message, POSTED, DELETED).must_exist()


def test_the_past_alone_explains_the_present() -> None:
    message = post("How hot?")
    message.edit("How hot exactly?")
    message.delete()
    assert memory(retold(message)) == memory(message)
