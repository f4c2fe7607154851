"""How far each read model and policy has come along the log."""

from dataclasses import dataclass

from infrastructure.lines import Lines

PROGRESS = """
    select m.name, m.version, m.lane, m.state,
           case when m.state = 'filling' then m.position else l.position end,
           (select count(*) from log.parked p where p.schema = m.schema)
    from log.read_models m join log.lanes l on l.name = m.lane
    where m.state <> 'old'
    order by m.lane, m.name, m.version
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """One read model or policy. `parked`: events that wait because they could not be handled."""

    name: str
    version: int
    lane: str
    state: str
    position: int
    parked: int


async def progress(lines: Lines) -> list[Progress]:
    """All that follow the log in this installation."""
    return [Progress(*row) for row in await lines.rows(PROGRESS, {})]
