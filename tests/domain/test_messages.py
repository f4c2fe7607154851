"""A message decides."""

from uuid import UUID

import pytest

from domain.errors import Invalid, NotFound
from domain.messages import TEXT_CHARACTERS_MAX, Attachment, Message, Sources
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, CHAT = UUID(int=10), UUID(int=20)

POSTED = fact(
    Message.Posted,
    chat_id=CHAT,
    owner=ANA,
    parent_id=None,
    text="How hot?",
    attachments=[],
    web_search=False,
)
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


FILE = Attachment("file", UUID(int=30), None, whole=True)
PAGE = Attachment("web", None, "https://example.org/tea")


def about(*attachments: Attachment, web_search: bool = False) -> Message:
    sources = Sources(attachments, web_search)
    return Message.post(
        KEY, chat_id=CHAT, owner=ANA, parent_id=None, text="How hot?", sources=sources
    )


def test_it_keeps_what_it_is_about_each_thing_once() -> None:
    spaced = Attachment("web", None, f" {PAGE.url} ")
    again = Attachment("file", FILE.id)
    [posted] = news(about(FILE, PAGE, again, spaced, web_search=True))
    assert posted.details["attachments"] == [FILE, PAGE]
    assert posted.details["web_search"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        Attachment("file"),
        Attachment("knowledge", UUID(int=1), "https://example.org"),
        Attachment("web"),
        Attachment("web", UUID(int=1), "https://example.org"),
        Attachment("web", None, "file:///etc/passwd"),
        Attachment("web", None, "https://"),
        Attachment("web", None, "https://a@example.org"),
        Attachment("web", None, "https://[::1"),
        Attachment("web", None, "https://example.org:x"),
        Attachment("web", None, "https://example.org/\x00"),
        Attachment("web", None, "https://example.org/" + "x" * 2_000),
    ],
)
def test_what_makes_no_sense_is_not_attached(wrong: Attachment) -> None:
    with pytest.raises(Invalid):
        about(FILE, wrong)


def test_there_is_a_limit_to_what_is_attached() -> None:
    many = [Attachment("file", UUID(int=each)) for each in range(51)]
    assert len(news(about(*many[:50]))[0].details["attachments"]) == 50
    with pytest.raises(Invalid):
        about(*many)
