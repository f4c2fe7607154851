"""Who outside is told of evaluations, for those who look after the house."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from application.sinks import (
    AddSink,
    ChangeSink,
    PauseSink,
    RemoveSink,
    ReplaySink,
    ResumeSink,
    Secrets,
)
from domain.sinks import NAME_CHARACTERS_MAX, Kind, Sink
from infrastructure.pushing.cursors import SinkState, forget, states_of
from infrastructure.pushing.sending import Kept, Place, keep, kept_of, origin_of
from infrastructure.pushing.setting_up import merged, secret_for, tried
from interfaces.http.call import AdministratorCall
from interfaces.http.connections import BaseUrl, Headers, Secret
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.services import Services
from projections import sinks as projection

router = Door(prefix="/evaluations/sinks", tags=["evaluations"])

POSITION_MAX = 2**63 - 1

State = Literal["waiting", "catching_up", "up_to_date", "failing", "paused"]
Name = Annotated[Line, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Position = Annotated[int, Field(ge=0, le=POSITION_MAX)]


class SinkShape(BaseModel):
    """A sink, and how it does. `position`: all of the log up to there has been told.

    `lag` counts the events of the log after that; few of them are evaluations. `next_try_at` is
    there while it fails. Its secret and the values of its headers are never shown.
    """

    id: UUID
    kind: Kind
    name: str
    url: str
    votes: bool
    has_secret: bool
    header_names: list[str]
    state: State
    paused: str | None
    position: int
    lag: int
    delivered: int
    delivered_at: When | None
    failures: int
    failing_since: When | None
    error: str | None
    next_try_at: When | None
    created_at: When


class SinksShape(BaseModel):
    """All sinks, oldest first."""

    items: list[SinkShape]
    next_cursor: str | None = None


class AddedSink(BaseModel):
    """A sink that is there now; the secret of a webhook is told this once."""

    id: UUID
    secret: str | None


class SinkTest(BaseModel):
    """Whether something marked as a test arrived just now."""

    ok: bool
    error: str | None
    milliseconds: int


class NewSink(Body):
    """Who is to be told. Without `from` only what happens from now on.

    A webhook without a secret gets one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kind": "webhook", "name": "Hook", "url": "https://example.org/hook"}
        }
    )

    id: UUID | None = None
    kind: Kind
    name: Name
    url: BaseUrl
    votes: StrictBool = False
    secret: Secret | None = None
    headers: Headers = Field(default_factory=dict)
    start: Annotated[Position | None, Field(alias="from")] = None


class SinkChange(Body):
    """What changes; what is left out stays. A header with null keeps its value.

    At another server old headers are not sent; give them anew.
    """

    name: Name | None = None
    url: BaseUrl | None = None
    votes: StrictBool | None = None
    secret: Secret | None = None
    headers: Headers | None = None
    paused: StrictBool | None = None


class Replay(Body):
    """From where everything is told once more."""

    start: Annotated[Position, Field(alias="from")]


@router.get("", responses=problems("projection_lagging"))
async def list_sinks(call: AdministratorCall) -> SinksShape:
    """Every sink, how far it was told, and what went wrong."""
    async with call.read(projection.sinks, own=True) as db:
        rows = await projection.all_sinks(db)
    states = await states_of(call.services.lines, [each.id for each in rows])
    head = await call.services.log.head()
    return SinksShape(items=[shown(each, states.get(each.id), head) for each in rows])


@router.get("/{sink_id}", responses=problems("not_found", "projection_lagging"))
async def read_sink(sink_id: UUID, call: AdministratorCall) -> SinkShape:
    """One sink, how far it was told, and what went wrong."""
    async with call.read(projection.sinks, own=True) as db:
        row = await projection.sink(db, sink_id)
    states = await states_of(call.services.lines, [sink_id])
    return shown(row, states.get(sink_id), await call.services.log.head())


@router.post("", status_code=201, responses=problems("conflict"))
async def add_sink(body: NewSink, call: AdministratorCall) -> AddedSink:
    """Have somebody told of ratings, and of votes if wished."""
    services, sink_id = call.services, body.id or call.new_id("sink")
    services.hooks.checked(body.url)
    kept = await kept_of(services.credentials, sink_id)
    told = ""
    if kept == Kept():
        headers = merged({}, body.headers, moved=False)
        kept = Kept(secret_for(body.kind, body.secret), headers, origin_of(body.url))
        await keep(services.credentials, sink_id, kept)  # before somebody sends without
        told = kept.secret
    head = await services.log.head()
    await call.execute(
        AddSink(
            sink_id,
            body.kind,
            body.name,
            body.url,
            votes=body.votes,
            from_position=head if body.start is None else min(body.start, head),
            secrets=Secrets(bool(kept.secret), tuple(kept.headers)),
        )
    )
    return AddedSink(id=sink_id, secret=(kept.secret if call.key else told) or None)


@router.patch("/{sink_id}", status_code=204, responses=problems("not_found", "conflict"))
async def change_sink(sink_id: UUID, body: SinkChange, call: AdministratorCall) -> None:
    """Change a sink, pause it, or have it go on."""
    services = call.services
    sink = await stored(services, sink_id)
    if body.url is not None:
        services.hooks.checked(body.url)
    before = await kept_of(services.credentials, sink_id)
    after = changed(sink, before, body)
    told = None
    if after != before:
        await keep(services.credentials, sink_id, after)
        told = Secrets(bool(after.secret), tuple(after.headers))
    await call.execute(ChangeSink(sink_id, body.name, body.url, body.votes, told), "change")
    if body.paused is not None:
        await call.execute(PauseSink(sink_id) if body.paused else ResumeSink(sink_id), "pause")


@router.delete("/{sink_id}", status_code=204, responses=problems("not_found"))
async def remove_sink(sink_id: UUID, call: AdministratorCall) -> None:
    """Tell a sink nothing more, and forget its secret and how far it was told."""
    await call.execute(RemoveSink(sink_id))
    await keep(call.services.credentials, sink_id, Kept())
    await forget(call.services.lines, sink_id)


@router.post("/{sink_id}/test", responses=problems("not_found"))
async def test_sink(sink_id: UUID, call: AdministratorCall) -> SinkTest:
    """Send something that is marked as a test, now, and tell whether it arrived."""
    services = call.services
    sink = await stored(services, sink_id)
    kept = await kept_of(services.credentials, sink_id)
    found = await tried(services.hooks, Place(sink.id, sink.kind, sink.url), kept)
    return SinkTest(ok=found.error is None, error=found.error, milliseconds=found.milliseconds)


@router.post("/{sink_id}/replay", status_code=204, responses=problems("not_found"))
async def replay_sink(sink_id: UUID, body: Replay, call: AdministratorCall) -> None:
    """Tell everything after a position once more; ids stay, so receivers can drop repeats."""
    head = await call.services.log.head()
    await call.execute(ReplaySink(sink_id, min(body.start, head)))


async def stored(services: Services, sink_id: UUID) -> Sink:
    """A sink that is not removed."""
    sink = await services.log.get(Sink, sink_id)
    sink.must_exist()
    return sink


def changed(sink: Sink, before: Kept, body: SinkChange) -> Kept:
    """What is secret of a sink after a change."""
    origin = origin_of(sink.url if body.url is None else body.url.strip())
    moved = origin != origin_of(sink.url)
    headers = {} if moved else dict(before.headers)
    if body.headers is not None:
        headers = merged(before.headers, body.headers, moved=moved)
    secret = secret_for(sink.kind, body.secret) if body.secret else before.secret
    return Kept(secret, headers, origin if secret or headers else "")


def shown(row: projection.SinkRow, state: SinkState | None, head: int) -> SinkShape:
    """A sink as it is shown. One of whom no worker has heard yet waits."""
    position = row.start if state is None else state.position
    lag = max(head - position, 0)
    failing = state is not None and state.failures > 0
    return SinkShape(
        id=row.id,
        kind="otlp" if row.kind == "otlp" else "webhook",
        name=row.name,
        url=row.url,
        votes=row.votes,
        has_secret=row.has_secret,
        header_names=row.header_names,
        state=state_of(row, state, lag),
        paused=row.paused or None,
        position=position,
        lag=lag,
        delivered=state.delivered if state else 0,
        delivered_at=state.delivered_at if state else None,
        failures=state.failures if state else 0,
        failing_since=state.failing_since if state else None,
        error=state.error if state else None,
        next_try_at=state.due_at if state and failing and not row.paused else None,
        created_at=row.created_at,
    )


def state_of(row: projection.SinkRow, state: SinkState | None, lag: int) -> State:
    """How a sink does, in one word."""
    if row.paused:
        return "paused"
    if state is None:
        return "waiting"
    if state.failures:
        return "failing"
    return "catching_up" if lag else "up_to_date"
