"""A chat decides."""

from uuid import UUID

import pytest

from domain.chats import Chat, TitleSource
from domain.errors import Conflict, Invalid, NotFound
from tests.scenario import KEY, fact, given, memory, news, retold

ANA, BEN = UUID(int=10), UUID(int=11)

STARTED = fact(Chat.Started, owner=ANA, title="")
NAMED = fact(Chat.Renamed, title="Tea", source=TitleSource.PERSON)
TRASHED, RESTORED, DELETED = fact(Chat.Trashed), fact(Chat.Restored), fact(Chat.Deleted)
CONFIGURED = fact(Chat.Configured, system="Be brief.", params={"seed": 1}, models=["reader"])


def test_a_title_is_one_line() -> None:
    chat = Chat.start(KEY, owner=ANA, title="  Tea \n for\ttwo ")
    assert news(chat) == [fact(Chat.Started, owner=ANA, title="Tea for two")]
    assert chat.title_source == TitleSource.PERSON


def test_an_endless_title_is_refused() -> None:
    with pytest.raises(Invalid):
        Chat.start(KEY, owner=ANA, title="x" * 301)
    with pytest.raises(Invalid):
        given(Chat, STARTED).rename("x" * 301)


def test_a_title_of_its_own_comes_and_goes() -> None:
    chat = given(Chat, STARTED)
    assert chat.title_source == TitleSource.DERIVED
    chat.rename("Tea", source=TitleSource.AUTOMATIC)
    chat.rename("Tea time", source=TitleSource.AUTOMATIC)
    assert [each.details["title"] for each in news(chat)] == ["Tea", "Tea time"]


def test_a_title_that_a_person_chose_stays() -> None:
    chat = given(Chat, STARTED, NAMED)
    chat.rename("Better", source=TitleSource.AUTOMATIC)
    assert news(chat) == []
    chat.rename("Coffee")
    assert news(chat) == [fact(Chat.Renamed, title="Coffee", source=TitleSource.PERSON)]


def test_the_same_title_again_is_no_news() -> None:
    chat = given(Chat, STARTED, NAMED)
    chat.rename(" Tea ")
    assert news(chat) == []


def test_settings_change_once() -> None:
    chat = given(Chat, STARTED)
    for _ in range(2):
        chat.configure("Be brief.", {"seed": 1}, ["reader"])
    assert news(chat) == [CONFIGURED]
    assert given(Chat, STARTED, CONFIGURED).settings == ("Be brief.", {"seed": 1}, ["reader"])


def test_endless_instructions_are_refused() -> None:
    with pytest.raises(Invalid):
        given(Chat, STARTED).configure("x" * 100_001, {}, [])


def test_a_branch_may_be_chosen_again_after_new_words_elsewhere() -> None:
    chat = given(Chat, STARTED)
    for _ in range(2):
        chat.choose_leaf(UUID(int=20))
    assert news(chat) == 2 * [fact(Chat.LeafChosen, leaf_id=UUID(int=20))]


def test_seeing_is_always_news() -> None:
    chat = given(Chat, STARTED)
    chat.see()
    chat.see()
    assert news(chat) == [fact(Chat.Seen), fact(Chat.Seen)]


def test_the_trash_gives_back() -> None:
    chat = given(Chat, STARTED)
    chat.restore()
    assert news(chat) == []
    chat.trash()
    chat.trash()
    closed = chat.is_closed
    with pytest.raises(Conflict):
        chat.must_be_open()
    chat.restore()
    chat.must_be_open()
    assert (closed, chat.is_closed) == (True, False)
    assert news(chat) == [TRASHED, RESTORED]


def test_only_what_is_in_the_trash_goes_for_good() -> None:
    with pytest.raises(Conflict):
        given(Chat, STARTED).delete()
    chat = given(Chat, STARTED, TRASHED)
    chat.delete()
    chat.delete()
    assert news(chat) == [DELETED]
    assert chat.is_closed


def test_others_do_not_know_that_it_exists() -> None:
    chat = given(Chat, STARTED)
    chat.admit(ANA)
    with pytest.raises(NotFound):
        chat.admit(BEN)
    with pytest.raises(NotFound):
        given(Chat, STARTED, TRASHED, DELETED).admit(ANA)


def test_it_belongs_to_its_owner_and_is_its_own_root() -> None:
    chat = given(Chat, STARTED)
    assert (chat.owner_id, chat.root_id) == (ANA, KEY)


def test_the_past_alone_explains_the_present() -> None:
    chat = Chat.start(KEY, owner=ANA)
    chat.rename("Tea")
    chat.configure("Be brief.", {"seed": 1}, ["reader"])
    chat.choose_leaf(UUID(int=20))
    chat.see()
    chat.trash()
    chat.delete()
    assert memory(retold(chat)) == memory(chat)
