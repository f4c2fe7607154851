"""What the tree of a chat shows."""

from uuid import UUID, uuid4

import pytest

from domain.answers import Answer, Outcome, Status
from domain.chats import Chat
from domain.errors import NotFound
from projections import branches
from tests.projections.telling import Telling
from tests.projections.test_chats import ANA, BEN, answer, end, question

pytestmark = pytest.mark.usefixtures("told")


async def a_branch(told: Telling, count: int) -> tuple[Chat, list[UUID]]:
    """A chat of so many questions, each answered."""
    chat = Chat.start(uuid4(), owner=ANA)
    await told.tell(chat)
    ids: list[UUID] = []
    for number in range(count):
        asked = question(chat, f"q{number}", ids[-1] if ids else None)
        given = answer(chat, asked.id)
        end(given, f"a{number}")
        await told.tell(asked, given)
        ids += [asked.id, given.id]
    return chat, ids


async def test_a_branch_is_read_page_by_page(told: Telling) -> None:
    chat, ids = await a_branch(told, 4)
    leaf = await branches.leaf(told.db, chat.id)
    assert leaf == ids[-1]
    page = await branches.branch(told.db, chat.id, leaf, limit=5)
    assert [each.id for each in page.items] == ids[3:]
    assert page.next_id == ids[2]
    page = await branches.branch(told.db, chat.id, page.next_id, limit=3)
    assert [each.content for each in page.items] == ["q0", "a0", "q1"]
    assert page.next_id is None
    assert page.items[0].parent_id is None
    assert (await branches.branch(told.db, uuid4(), leaf)).items == []


async def test_siblings_know_their_places(told: Telling) -> None:
    chat, ids = await a_branch(told, 1)
    again, third = answer(chat, ids[0]), answer(chat, ids[0])
    other = question(chat, "q0, better")
    await told.tell(again, third, other)
    row = await branches.message(told.db, again.id, ANA)
    assert (row.sibling_index, row.sibling_count) == (2, 3)
    assert (row.previous_sibling_id, row.next_sibling_id) == (ids[1], third.id)
    row = await branches.message(told.db, ids[0], ANA)
    assert (row.sibling_index, row.sibling_count) == (1, 2)
    assert (row.previous_sibling_id, row.next_sibling_id) == (None, other.id)
    below = await branches.children(told.db, chat.id, ids[0], limit=2)
    assert [each.id for each in below] == [ids[1], again.id]
    below = await branches.children(told.db, chat.id, ids[0], after=below[-1].position)
    assert [each.id for each in below] == [third.id]
    roots = await branches.children(told.db, chat.id, None)
    assert [each.id for each in roots] == [ids[0], other.id]


async def test_the_first_answer_of_a_batch_is_the_leaf(told: Telling) -> None:
    chat, ids = await a_branch(told, 1)
    batch = uuid4()
    both = [
        answer(chat, ids[0], batch_id=batch, batch_index=n, batch_count=2, model=f"m{n}")
        for n in range(2)
    ]
    await told.tell(*both)
    assert await branches.leaf(told.db, chat.id) == both[0].id
    assert await branches.newest_leaf(told.db, chat.id, ids[0]) == both[0].id
    row = await branches.message(told.db, both[1].id, ANA)
    assert (row.batch_id, row.batch_count, row.model, row.status) == (batch, 2, "m1", "queued")


async def test_a_chosen_leaf_stays_until_something_is_said(told: Telling) -> None:
    chat, ids = await a_branch(told, 2)
    chat.choose_leaf(ids[1])
    await told.tell(chat)
    assert await branches.leaf(told.db, chat.id) == ids[1]
    more = question(chat, "q1, better", ids[1])
    await told.tell(more)
    assert await branches.leaf(told.db, chat.id) == more.id
    with pytest.raises(NotFound):
        await branches.newest_leaf(told.db, uuid4(), ids[0])


async def test_what_followed_a_deleted_question_moves_up(told: Telling) -> None:
    chat, ids = await a_branch(told, 3)
    middle = question(chat, "gone", ids[1])
    given = answer(chat, middle.id)
    end(given)
    after = question(chat, "stays", given.id)
    await told.tell(middle, given, after)
    middle.delete()
    await told.tell(middle)
    page = await branches.branch(told.db, chat.id, after.id)
    assert [each.content for each in page.items] == ["q0", "a0", "stays"]
    for gone in (middle.id, given.id):
        with pytest.raises(NotFound):
            await branches.message(told.db, gone, ANA)
    late = question(chat, "late", given.id)  # its answer was still there when this was decided
    await told.tell(late)
    assert (await branches.message(told.db, late.id, ANA)).parent_id == ids[1]
    row = await branches.message(told.db, ids[2], ANA)
    assert (row.sibling_index, row.sibling_count, row.next_sibling_id) == (1, 3, after.id)


async def test_the_leaf_moves_when_its_branch_goes(told: Telling) -> None:
    chat, ids = await a_branch(told, 2)
    again = answer(chat, ids[2])
    end(again)
    await told.tell(again)
    again.delete()
    await told.tell(again)
    assert await branches.leaf(told.db, chat.id) == ids[3]
    rest = await branches.all_messages(told.db, chat.id)
    assert [each.id for each in rest] == ids


async def test_a_running_answer_grows_by_checkpoints(told: Telling) -> None:
    chat, ids = await a_branch(told, 1)
    given = answer(chat, ids[0])
    first = given.start(left_out=3)
    given.checkpoint(first, offset=0, text="One é", reasoning_offset=0, reasoning="Hm")
    given.checkpoint(first, offset=5, text=" two", reasoning_offset=2, reasoning=".")
    await told.tell(given)
    row = await branches.message(told.db, given.id, ANA)
    assert (row.content, row.reasoning, row.status) == ("One é two", "Hm.", "running")
    assert (row.left_out, row.attempt) == (3, 1)
    second = given.start(left_out=0)
    await told.tell(given)
    assert (await branches.message(told.db, given.id, ANA)).content == "One é two"
    given.checkpoint(second, offset=4, text="three", reasoning_offset=0, reasoning="")
    await told.tell(given)
    row = await branches.message(told.db, given.id, ANA)
    assert (row.content, row.reasoning) == ("One three", "")
    assert [each.id for each in await branches.running(told.db, chat.id)] == [given.id]


async def test_an_end_says_it_all(told: Telling) -> None:
    chat, ids = await a_branch(told, 1)
    given = answer(chat, ids[0])
    attempt = given.start(left_out=0)
    usage = {"input_tokens": 3, "output_tokens": 4}
    error = {"kind": "refused", "message": "No\x00"}
    cited = [{"n": 1, "title": "T", "quote": "Q\x00", "source": "S"}]
    outcome = Outcome(Status.FAILED, "All\x00", "Why", 0.5, 2.5, usage, cited, error)
    given.end(attempt, outcome)
    await told.tell(given)
    row = await branches.message(told.db, given.id, ANA)
    assert (row.content, row.reasoning, row.status) == ("All", "Why", "failed")
    assert (row.reasoning_seconds, row.seconds, row.usage) == (0.5, 2.5, usage)
    assert row.error == {"kind": "refused", "message": "No"}
    assert row.citations[0]["quote"] == "Q"
    assert await branches.running(told.db, chat.id) == []
    given.edit("Better")
    given.go_on()
    await told.tell(given)
    row = await branches.message(told.db, given.id, ANA)
    assert (row.content, row.status, row.error) == ("Better", "queued", None)
    assert row.edited_at is not None


async def test_a_model_reads_upwards_in_steps(told: Telling) -> None:
    chat, ids = await a_branch(told, 3)
    steps, next_id = await branches.context(told.db, chat.id, ids[4], limit=3)
    assert [each.content for each in steps] == ["q2", "a1", "q1"]
    assert (steps[0].role, steps[1].role, steps[1].status) == ("user", "assistant", "completed")
    assert next_id == ids[1]
    steps, next_id = await branches.context(told.db, chat.id, next_id)
    assert ([each.content for each in steps], next_id) == (["a0", "q0"], None)


async def test_copied_answers_are_there_at_once(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    asked = question(chat)
    given = Answer.record(
        uuid4(),
        chat_id=chat.id,
        owner=ANA,
        question_id=asked.id,
        model="m1",
        status=Status.STOPPED,
        text="80 °C",
        reasoning="Hm",
        citations=[],
    )
    await told.tell(chat, asked, given)
    row = await branches.message(told.db, given.id, ANA)
    assert (row.content, row.reasoning, row.status) == ("80 °C", "Hm", "stopped")
    assert (row.parent_id, row.batch_count) == (asked.id, 1)


async def test_others_see_nothing_and_deleted_chats_leave_nothing(told: Telling) -> None:
    chat, ids = await a_branch(told, 1)
    with pytest.raises(NotFound):
        await branches.message(told.db, ids[0], BEN)
    chat.trash()
    chat.delete()
    await told.tell(chat)
    assert await branches.all_messages(told.db, chat.id) == []
    for table in ("messages", "texts", "leaves"):
        await told.db.execute(f"select count(*) as n from {table}")
        assert await told.db.fetchone() == {"n": 0}
