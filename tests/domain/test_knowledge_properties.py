"""The tree of a knowledge base, compared with plain paths, whatever is done in any order."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.errors import Conflict, NotFound, Refusal
from domain.knowledge import Knowledge
from tests.scenario import KEY, memory, retold

OWNER = UUID(int=10)
DIRECTORIES = st.integers(min_value=1, max_value=7).map(lambda n: UUID(int=n))
PLACES = st.none() | DIRECTORIES
FILES = st.integers(min_value=100, max_value=104).map(lambda n: UUID(int=n))
NAMES = st.sampled_from(["a", "b", "c"])
Path = tuple[UUID, ...]


class Tree(RuleBasedStateMachine):
    """Directories as paths of ids from the top; files as the path they lie in."""

    def __init__(self) -> None:
        super().__init__()
        self.knowledge = Knowledge.create(KEY, owner=OWNER, name="Tea")
        self.paths: dict[UUID, Path] = {}
        self.names: dict[UUID, str] = {}
        self.files: dict[UUID, Path] = {}

    def path(self, place: UUID | None) -> Path | None:
        """Where a place is; None when it is nowhere."""
        return () if place is None else self.paths.get(place)

    def taken(self, above: Path, name: str) -> bool:
        """Whether there is a directory of this name in a place."""
        return any(
            path[:-1] == above and self.names[key] == name for key, path in self.paths.items()
        )

    @rule(key=DIRECTORIES, name=NAMES, parent=PLACES)
    def make(self, key: UUID, name: str, parent: UUID | None) -> None:
        above = self.path(parent)
        again = above is not None and self.paths.get(key) == (*above, key)
        try:
            self.knowledge.make_directory(key, name=name, parent_id=parent)
        except NotFound:
            assert above is None
        except Conflict:
            assert key in self.paths or (above is not None and self.taken(above, name))
            assert not (again and self.names[key] == name)
        else:
            assert above is not None
            if not again:
                assert key not in self.paths
                assert not self.taken(above, name)
            self.paths[key], self.names[key] = (*above, key), name

    @rule(key=DIRECTORIES, name=NAMES, parent=PLACES)
    def change(self, key: UUID, name: str, parent: UUID | None) -> None:
        above, before = self.path(parent), self.paths.get(key)
        try:
            self.knowledge.change_directory(key, name=name, parent_id=parent)
        except NotFound:
            assert above is None or before is None
        except Conflict:
            assert above is not None
            assert key in above or self.taken(above, name)
        else:
            assert above is not None
            assert before is not None
            assert key not in above
            self.names[key] = name
            for moved in (self.paths, self.files):
                for each, path in moved.items():
                    if path[: len(before)] == before:
                        moved[each] = (*above, *path[len(before) - 1 :])

    @rule(key=DIRECTORIES)
    def remove(self, key: UUID) -> None:
        try:
            self.knowledge.remove_directory(key)
        except NotFound:
            assert key not in self.paths
        else:
            for gone in (self.paths, self.files):
                for each in [each for each, path in gone.items() if key in path]:
                    del gone[each]

    @rule(key=FILES, place=PLACES)
    def put(self, key: UUID, place: UUID | None) -> None:
        path = self.path(place)
        try:
            self.knowledge.place_file(key, directory_id=place)
        except NotFound:
            assert path is None
        else:
            assert path is not None
            self.files[key] = path

    @rule(key=FILES)
    def take_out(self, key: UUID) -> None:
        try:
            self.knowledge.remove_file(key)
        except Refusal:
            assert key not in self.files
        else:
            del self.files[key]

    def found(self, place: UUID | None) -> Path:
        """Where the knowledge base says a place is; a cycle would never end."""
        path: list[UUID] = []
        while place is not None:
            assert place not in path
            path.insert(0, place)
            place = self.knowledge.directories[place].parent_id
        return tuple(path)

    @invariant()
    def both_say_the_same(self) -> None:
        directories = self.knowledge.directories
        assert {key: self.found(key) for key in directories} == self.paths
        assert {key: each.name for key, each in directories.items()} == {
            key: self.names[key] for key in self.paths
        }
        files = self.knowledge.files
        assert {key: self.found(place) for key, place in files.items()} == self.files

    @invariant()
    def no_two_have_one_name_in_one_place(self) -> None:
        directories = list(self.knowledge.directories.values())
        assert len(set(directories)) == len(directories)

    @invariant()
    def the_past_alone_explains_the_present(self) -> None:
        assert memory(retold(self.knowledge)) == memory(self.knowledge)


Tree.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTree = Tree.TestCase
