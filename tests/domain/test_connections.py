"""A connection decides."""

import pytest

from domain.connections import Connection
from domain.errors import Invalid, NotFound
from tests.scenario import KEY, fact, given, memory, news, retold

URL = "https://models.example/v1"
ADDED = fact(Connection.Added, kind="openai", base_url=URL, prefix="", models=None)


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        (f" {URL}/ ", URL),
        ("http://localhost:11434", "http://localhost:11434"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_kept_tidily(given_url: str, kept: str) -> None:
    connection = Connection.add(KEY, kind="openai", base_url=given_url)
    assert connection.base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example",
        "ftp://models.example",
        "https://",
        "https://ana@models.example",
        "https://:secret@models.example",
        "http://models.example:port",
        "http://[::1",
        "https://models.example/" + "x" * 2000,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Connection.add(KEY, kind="openai", base_url=url)


def test_prefixes_and_lists_have_an_end() -> None:
    with pytest.raises(Invalid):
        Connection.add(KEY, kind="openai", base_url=URL, prefix="x" * 51)
    with pytest.raises(Invalid):
        given(Connection, ADDED).change(base_url=URL, prefix="", models=["m"] * 1001)


def test_only_a_change_is_news() -> None:
    connection = given(Connection, ADDED)
    connection.change(base_url=f"{URL}/", prefix=" ", models=None)
    assert news(connection) == []
    connection.change(base_url=URL, prefix="ex", models=["m1"])
    assert news(connection) == [fact(Connection.Changed, base_url=URL, prefix="ex", models=["m1"])]


def test_secrets_are_never_told() -> None:
    connection = given(Connection, ADDED)
    connection.change_secrets(has_key=True, header_names=["b", "a"])
    assert news(connection) == [
        fact(Connection.SecretsChanged, has_key=True, header_names=["a", "b"])
    ]


def test_it_is_removed_once_and_cannot_be_touched_then() -> None:
    connection = given(Connection, ADDED)
    connection.remove()
    connection.remove()
    assert news(connection) == [fact(Connection.Removed)]
    assert connection.is_closed
    with pytest.raises(NotFound):
        connection.change(base_url=URL, prefix="", models=None)
    with pytest.raises(NotFound):
        connection.change_secrets(has_key=False, header_names=[])


def test_the_past_alone_explains_the_present() -> None:
    connection = Connection.add(KEY, kind="ollama", base_url=URL)
    connection.change(base_url=URL, prefix="ex", models=["m1"])
    connection.remove()
    assert memory(retold(connection)) == memory(connection)
