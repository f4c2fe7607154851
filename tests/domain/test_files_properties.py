"""A file, whatever people and late workers do to it."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.errors import Refusal
from domain.files import File, State
from tests.domain.test_files import ANA, CONTENT, FOUND
from tests.scenario import memory, news, retold

HASHES = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])
WORKERS = (State.QUEUED, State.READING)


class FileLife(RuleBasedStateMachine):
    """Random lives of a file, checked against what workers and readers rely on."""

    def __init__(self) -> None:
        super().__init__()
        self.file = File.add(UUID(int=1), owner=ANA, **CONTENT)

    @rule(sha256=HASHES)
    def start(self, sha256: str) -> None:
        file = self.file
        may = not file.is_closed and sha256 == file.sha256 and file.state in WORKERS
        try:
            file.start_reading(sha256)
            assert may
            assert file.state == State.READING
        except Refusal:
            assert not may

    @rule(sha256=HASHES, text=HASHES)
    def read(self, sha256: str, text: str) -> None:
        file = self.file
        may = not file.is_closed and sha256 == file.sha256 and file.state == State.READING
        try:
            file.record_read(sha256, text_sha256=text, **FOUND)
            assert may
        except Refusal:
            assert not may

    @rule(text=HASHES, passages=st.integers(min_value=0, max_value=2))
    def index(self, text: str, passages: int) -> None:
        file = self.file
        done = (State.INDEXING, State.READY)
        may = not file.is_closed and text == file.text_sha256 and file.state in done
        try:
            file.record_indexed(text, passages=passages)
            assert may
            assert (file.state, file.passages) == (State.READY, passages)
        except Refusal:
            assert not may

    @rule(of=HASHES, reading=st.booleans())
    def fail(self, of: str, reading: bool) -> None:  # noqa: FBT001 (Hypothesis gives it)
        before = self.file.state
        fail = self.file.fail_reading if reading else self.file.fail_indexing
        try:
            fail(of, kind="x", message="y")
            assert of == (self.file.sha256 if reading else self.file.text_sha256)
            assert before in (WORKERS if reading else (State.INDEXING,))
        except Refusal:
            assert self.file.state == before

    @rule(text=HASHES)
    def edit(self, text: str) -> None:
        before = self.file.state
        may = not self.file.is_closed and before not in WORKERS
        try:
            self.file.edit_text(text, characters=1)
            assert may
            assert self.file.text_sha256 == text
        except Refusal:
            assert not may

    @rule(sha256=HASHES)
    def replace(self, sha256: str) -> None:
        try:
            self.file.replace(**{**CONTENT, "sha256": sha256})
            assert not self.file.is_closed
            assert self.file.sha256 == sha256
        except Refusal:
            assert self.file.is_closed

    @rule(wish=st.sampled_from(["trash", "restore", "retry", "delete"]))
    def other(self, wish: str) -> None:
        before = memory(self.file)
        try:
            getattr(self.file, wish)()
        except Refusal:
            assert memory(self.file) == before

    @invariant()
    def what_is_found_is_the_newest_text(self) -> None:
        if self.file.state in (State.INDEXING, State.READY):
            assert self.file.text_sha256
        if self.file.state == State.READY:
            last = [each for each in news(self.file) if each.kind is File.Indexed][-1]
            assert last.details["text_sha256"] == self.file.text_sha256

    @invariant()
    def nothing_follows_its_end(self) -> None:
        ends = [each.kind for each in news(self.file)]
        if File.Deleted in ends:
            assert ends.index(File.Deleted) == len(ends) - 1

    @invariant()
    def the_past_alone_explains_the_present(self) -> None:
        assert memory(retold(self.file)) == memory(self.file)


FileLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFileLife = FileLife.TestCase
