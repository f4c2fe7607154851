"""Reactions lead events to functions."""

from uuid import UUID

import pytest

from domain.chats import Chat
from domain.reactions import Reactions
from tests.scenario import KEY, tell


def test_events_find_their_handlers() -> None:
    heard: Reactions[list[str]] = Reactions("heard")

    @heard.on(Chat.Renamed)
    def on_renamed(event: Chat.Renamed, titles: list[str]) -> None:
        titles.append(event.title)

    chat = Chat.start(KEY, owner=UUID(int=10))
    chat.rename("Tea")
    titles: list[str] = []
    tell(heard, chat, titles)
    assert titles == ["Tea"]
    assert heard.topics == ["chat.renamed"]
    with pytest.raises(AssertionError):
        heard.on(Chat.Renamed)
