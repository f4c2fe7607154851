"""Lets reactions happen: collects what a batch of events asks for, and writes it down.

Handlers only collect. What they want written goes to the database in the order of the log, in one
transaction with the position, so each event counts once. An event that cannot be handled parks
its root: what follows there waits in line, everything else goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from domain.reactions import Reactions
from infrastructure.base_log import Recorded
from infrastructure.postgres import Connection

Statement = tuple[str, Mapping[str, Any]]

ERROR_CHARACTERS_MAX = 500
FENCED = "QR001"
# What a handler can do wrong; it concerns one event and none of the others.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
# What may be well again in a moment, and is no event's fault.
TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.InternalError)
# Among these, what comes back however often one tries: something is too big or too deep.
TOO_MUCH = (psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex)

PARK = """
    insert into log.parked (schema, root_id, position, error)
    values (%(schema)s, %(root_id)s, %(position)s, %(error)s)
    on conflict (schema, position) do update set error = excluded.error, at = now()
"""


class Fenced(Exception):
    """Somebody else moves this lane or read model now."""


class Context(Protocol):
    """What handlers work with: it collects statements, and may have something to do afterwards.

    The follower sets `position` and `root_id` to those of the event before each call.
    """

    position: int
    root_id: UUID
    statements: list[Statement]

    async def after_commit(self) -> None:
        """Whatever may follow once the batch is safe, such as waking somebody."""


@dataclass(slots=True)
class Member:
    """One read model or policy in a lane."""

    reactions: Reactions[Any]
    context: Callable[[], Context]
    schema: str
    has_tables: bool = True
    version: int = 0
    topics: frozenset[str] = frozenset()
    parked: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.topics = frozenset(self.reactions.topics)


@dataclass(frozen=True, slots=True)
class Told:
    """What one event asks for, or why it cannot be handled."""

    recorded: Recorded
    statements: Sequence[Statement]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of events asks for in one member."""

    member: Member
    context: Context
    told: list[Told]

    @property
    def is_smooth(self) -> bool:
        """Whether no event of it is or will be parked."""
        parked = self.member.parked
        return not any(each.error or each.recorded.root_id in parked for each in self.told)


def is_transient(error: psycopg.Error) -> bool:
    """Whether trying again may help."""
    return isinstance(error, TRANSIENT) and not isinstance(error, TOO_MUCH)


def collect(member: Member, events: Sequence[Recorded]) -> Batch:
    """Let the handlers of a member say what they want written."""
    context = member.context()
    told = [tell(member, context, each) for each in events if each.type in member.topics]
    return Batch(member, context, [each for each in told if each.statements or each.error])


def tell(member: Member, context: Context, recorded: Recorded) -> Told:
    """Let a handler say what it wants written because of one event."""
    if recorded.event is None:
        return Told(recorded, (), recorded.problem)
    context.position, context.root_id = recorded.position, recorded.root_id
    context.statements = []
    try:
        member.reactions.handle(recorded.event, context)
    except FAULTS as error:
        return Told(recorded, (), explained(error))
    return Told(recorded, context.statements)


def explained(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:ERROR_CHARACTERS_MAX]


def topics_of(members: Sequence[Member]) -> list[str]:
    """Everything that at least one member wants to hear of."""
    return sorted(set().union(*(each.topics for each in members)))


async def store(line: Connection, batches: Sequence[Batch], move: Statement) -> None:
    """Write batches of several members and move the position, in one transaction.

    As a rule that is one round trip; when an event cannot be handled, it is found and parked.
    """
    if all(each.is_smooth for each in batches):
        try:
            async with line.pipeline(), line.transaction():
                for each in batches:
                    if each.member.has_tables:
                        await write(line, each)
                await write_told(line, effects(batches))
                await line.execute(*move)
        except psycopg.Error as error:
            refuse_transient(error)
        else:
            return
    async with line.transaction():
        for each in batches:
            await enter(line, each.member)
            await write_carefully(line, each)
        await line.execute(*move)


def effects(batches: Sequence[Batch]) -> list[Told]:
    """What policies ask for, in the order of the log: they may share tables."""
    told = (told for each in batches if not each.member.has_tables for told in each.told)
    return sorted(told, key=lambda each: each.recorded.position)


def refuse_transient(error: psycopg.Error) -> None:
    """Raise what is no event's fault: another owner, or an engine that is away."""
    if error.sqlstate == FENCED:
        raise Fenced(str(error)) from error
    if is_transient(error):
        raise error


async def enter(line: Connection, member: Member) -> None:
    """Have the statements that follow mean the tables of a member."""
    if member.has_tables:
        await line.execute(
            "select set_config('search_path', quote_ident(%s), true)", [member.schema]
        )


async def write(line: Connection, batch: Batch) -> None:
    """Write a smooth batch; best in a pipeline, where nothing waits for an answer."""
    await enter(line, batch.member)
    await write_told(line, batch.told)


async def write_told(line: Connection, told: Sequence[Told]) -> None:
    """Write what events ask for, in order."""
    async with line.cursor() as cursor:
        for sql, params in runs(told):
            if len(params) == 1:
                await cursor.execute(sql, params[0])
            else:
                await cursor.executemany(sql, params)


def runs(told: Sequence[Told]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The statements in order, equal neighbours together."""
    statements = (statement for each in told for statement in each.statements)
    for sql, group in groupby(statements, key=lambda statement: statement[0]):
        yield sql, [params for _, params in group]


async def write_carefully(line: Connection, batch: Batch) -> None:
    """Write what can be written of a batch and park the rest; for when it is not smooth."""
    kept: list[Told] = []
    for each in batch.told:
        if each.error:
            await _write_or_halve(line, batch.member, kept)
            kept = []
            await park(line, batch.member, each.recorded, each.error)
        else:
            kept.append(each)
    await _write_or_halve(line, batch.member, kept)


async def _write_or_halve(line: Connection, member: Member, told: list[Told]) -> None:
    """Find the events that the database refuses by trying halves, in order."""
    for each in told:
        if each.recorded.root_id in member.parked:
            await park(line, member, each.recorded, None)
    told = [each for each in told if each.recorded.root_id not in member.parked]
    if not told:
        return
    try:
        async with line.transaction():
            await write_told(line, told)
    except psycopg.Error as error:
        refuse_transient(error)
        if len(told) == 1:
            await park(line, member, told[0].recorded, explained(error))
        else:
            middle = len(told) // 2
            await _write_or_halve(line, member, told[:middle])
            await _write_or_halve(line, member, told[middle:])


async def park(line: Connection, member: Member, recorded: Recorded, error: str | None) -> None:
    """Set an event aside; later ones of its root wait behind it."""
    member.parked.add(recorded.root_id)
    await line.execute(
        PARK,
        {
            "schema": member.schema,
            "root_id": recorded.root_id,
            "position": recorded.position,
            "error": error,
        },
    )


async def create(line: Connection, schema: str, tables: str) -> None:
    """Make the schema of a read model anew, inside a transaction."""
    await line.execute(SQL("drop schema if exists {} cascade").format(Identifier(schema)))
    await line.execute(SQL("create schema {}").format(Identifier(schema)))
    await line.execute("select set_config('search_path', quote_ident(%s), true)", [schema])
    await line.execute(tables)
