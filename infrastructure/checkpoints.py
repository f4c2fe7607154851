"""How far everybody who follows the log has come."""

from dataclasses import dataclass

from infrastructure.lines import Lines

LAGS = """
    select m.name, m.version, m.lane, m.state, m.schema,
        case m.state when 'live' then l.position else m.position end as position,
        greatest(h.position - case m.state when 'live' then l.position else m.position end, 0),
        coalesce(extract(epoch from clock_timestamp() - (
            select e.recorded_at from log.events e
            where e.position > case m.state when 'live' then l.position else m.position end
            order by e.position limit 1)), 0)::float8,
        (select count(distinct p.root_id) from log.parked p where p.schema = m.schema)
    from log.read_models m join log.lanes l on l.name = m.lane cross join log.head h
    where m.state <> 'old' order by m.lane, m.name, m.state desc
"""
REQUEST = """
    insert into log.read_models (schema, name, version, lane, state)
    select name || '_v' || version || '_r' || extract(epoch from now())::bigint,
        name, version, lane, 'filling'
    from log.read_models live
    where name = %(name)s and state = 'live' and schema <> name
        and not exists (select from log.read_models f where f.name = %(name)s
                        and f.state = 'filling')
    on conflict do nothing returning schema
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one read model or policy is; `parked` counts roots that wait for a remedy."""

    name: str
    version: int
    lane: str
    state: str
    schema: str
    position: int
    lag_events: int
    lag_seconds: float
    parked: int


async def lags(lines: Lines) -> list[Lag]:
    """Everybody who follows the log: what is live, and what is being filled."""
    return [Lag(*row) for row in await lines.rows(LAGS, {})]


async def request_rebuild(lines: Lines, name: str) -> str | None:
    """Ask for a read model to be told anew; None when there is none, or it is so already."""
    row = await lines.row(REQUEST, {"name": name})
    return None if row is None else str(row[0])
