"""The tree of a chat, compared with a simple one in memory, whatever is done in any order."""

import random
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from domain.answers import Answer
from domain.chats import Chat
from domain.messages import Message
from projections import branches
from tests.projections.telling import Telling
from tests.projections.test_chats import ANA, answer, question

STEPS = 60


@dataclass
class Node:
    stream: Message | Answer
    parent: UUID | None
    born: tuple[int, int]  # newest first: by command, and the first of a batch
    deleted: bool = False


@dataclass
class Tree:
    """What should be there."""

    nodes: dict[UUID, Node] = field(default_factory=dict)
    leaf: UUID | None = None
    commands: int = 0

    def living(self, key: UUID | None) -> UUID | None:
        while key is not None and self.nodes[key].deleted:
            key = self.nodes[key].parent
        return key

    def here(self) -> list[UUID]:
        return [key for key, node in self.nodes.items() if not node.deleted]

    def children(self, key: UUID | None) -> list[UUID]:
        return [each for each in self.here() if self.nodes[each].parent == key]

    def below(self, key: UUID | None) -> list[UUID]:
        found = [] if key is None else [key]
        for each in self.children(key):
            found += self.below(each)
        return found

    def newest(self, keys: list[UUID]) -> UUID | None:
        return max(keys, key=lambda key: self.nodes[key].born, default=None)

    def branch(self) -> list[UUID]:
        found, key = [], self.leaf
        while key is not None:
            found.append(key)
            key = self.nodes[key].parent
        return found[::-1]

    def add(self, stream: Message | Answer, parent: UUID | None, index: int = 0) -> None:
        if index == 0:
            self.commands += 1
            self.leaf = stream.id
        self.nodes[stream.id] = Node(stream, self.living(parent), (self.commands, -index))

    def delete(self, key: UUID) -> None:
        gone = [key]
        if isinstance(self.nodes[key].stream, Message):
            answers = self.children(key)
            gone += [each for each in answers if isinstance(self.nodes[each].stream, Answer)]
        for each in gone:
            self.nodes[each].deleted = True
        for each in self.here():
            self.nodes[each].parent = self.living(self.nodes[each].parent)
        if self.leaf in gone:
            above = self.living(self.leaf)
            self.leaf = self.newest(self.below(above)) or self.newest(self.here())


async def step(told: Telling, chat: Chat, tree: Tree, chance: random.Random) -> None:
    """One random thing somebody does."""
    everything = list(tree.nodes)
    match chance.choice(["post", "post", "ask", "ask", "delete", "choose"]):
        case "post":
            # Also below what is just gone: whoever posted had not heard of it.
            parent = chance.choice([None, *everything[-12:]])
            message = question(chat, parent=parent)
            tree.add(message, parent)
            await told.tell(message)
        case "ask":
            asked = [each for each in tree.here() if isinstance(tree.nodes[each].stream, Message)]
            if asked:
                await ask(told, chat, tree, chance.choice(asked), chance.choice([1, 1, 3]))
        case "delete" if tree.here():
            key = chance.choice(tree.here())
            tree.nodes[key].stream.delete()
            tree.delete(key)
            await told.tell(tree.nodes[key].stream)
        case "choose" if tree.here():
            tree.leaf = chance.choice(tree.here())
            chat.choose_leaf(tree.leaf)
            await told.tell(chat)


async def ask(told: Telling, chat: Chat, tree: Tree, asked: UUID, count: int) -> None:
    batch = uuid4()
    for index in range(count):
        more = answer(chat, asked, batch_id=batch, batch_index=index, batch_count=count)
        tree.add(more, asked, index)
        await told.tell(more)


async def check(told: Telling, chat: Chat, tree: Tree) -> None:
    assert await branches.leaf(told.db, chat.id) == tree.leaf
    rows = await branches.all_messages(told.db, chat.id)
    assert {each.id: each.parent_id for each in rows} == {
        key: tree.nodes[key].parent for key in tree.here()
    }
    for row in rows:
        siblings = tree.children(row.parent_id)
        place = siblings.index(row.id)
        assert (row.sibling_index, row.sibling_count) == (place + 1, len(siblings))
        around = [None, *siblings, None]
        found = (row.previous_sibling_id, row.next_sibling_id)
        assert found == (around[place], around[place + 2])
    if tree.leaf is not None:
        page = await branches.branch(told.db, chat.id, tree.leaf, limit=100)
        assert [each.id for each in page.items] == tree.branch()
    if rows:
        some = rows[len(rows) // 2].id
        below = tree.newest(tree.below(some))
        assert await branches.newest_leaf(told.db, chat.id, some) == below


@pytest.mark.parametrize("seed", range(6))
async def test_the_tree_is_as_one_would_think(told: Telling, seed: int) -> None:
    chance = random.Random(seed)
    chat, tree = Chat.start(uuid4(), owner=ANA), Tree()
    await told.tell(chat)
    for _ in range(STEPS):
        await step(told, chat, tree, chance)
        await check(told, chat, tree)
