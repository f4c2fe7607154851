"""How files of judgements are read piece by piece."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.importing.fields import Malformed
from infrastructure.evaluation import lines
from infrastructure.evaluation.lines import array_items, in_order, json_lines

RECORDS = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=8,
)


def read(text: str) -> list[object]:
    return list(array_items(io.BytesIO(text.encode())))


@given(RECORDS, st.integers(1, 7), st.sampled_from([None, 0, 2]))
def test_items_are_the_same_however_the_file_is_cut(
    records: list[Any], piece: int, indent: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PIECE_BYTES", piece)
        assert read("\ufeff " + json.dumps(records, indent=indent, ensure_ascii=False)) == records


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a JSON array"),
        ('{"a": 1}', "not a JSON array"),
        ("[1, 2", "from one record on"),
        ("[1, 2,", "does not end"),
        ('[{"a": }]', "from one record on"),
        ("[" * 100_000, "from one record on"),
    ],
)
def test_what_is_no_array_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read(text)


def test_a_record_is_never_longer_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "RECORD_SIGNS_MAX", 1_000)
    monkeypatch.setattr(lines, "PIECE_BYTES", 100)
    file = io.BytesIO(b'["' + b"x" * 100_000 + b'"]')
    with pytest.raises(Malformed, match="longer than 1000"):
        list(array_items(file))
    assert file.tell() < 10_000


def test_records_come_in_the_order_of_their_time() -> None:
    told = [{"id": "b", "created_at": 2}, {"id": "c", "created_at": 1}, {"id": "a"}, 7]
    found = in_order(io.BytesIO(json.dumps(told).encode()))
    assert found == [7, told[2], told[1], told[0]]


def test_a_broken_line_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES_MAX", 20)
    path = tmp_path / "lines"
    path.write_bytes(b'{"a": 1}\n\n{"a"\n\xff\n"' + b"x" * 100 + b'"\n{"a": 2}')
    with path.open("rb") as file:
        found = {number: str(each) for number, each in json_lines(file)}
    assert found == {
        1: "{'a': 1}",
        3: "not JSON",
        4: "not UTF-8",
        5: "longer than 20 bytes",
        6: "{'a': 2}",
    }
