"""How far the generations of the vector index have come, told as of any other read model."""

from typing import LiteralString

from infrastructure.checkpoints import Lag
from infrastructure.lines import Lines

PREFIX = "index:"
# A generation follows files, not events: these are counted.
INDEX_LAGS: LiteralString = """
    select %(prefix)s || x.store, 1, 'documents', x.state, x.name, has.files, lacks.files,
        coalesce(extract(epoch from clock_timestamp() - lacks.since), 0)::float8, 0
    from documents.indexes x
    cross join lateral (
        select count(*) as files from documents.indexed i where i.index_id = x.id and i.done
    ) has
    cross join lateral (
        select count(distinct t.file_id) as files, min(t.kept_at) as since
        from documents.texts t where not exists (
            select from documents.indexed i
            where i.index_id = x.id and i.file_id = t.file_id and i.done)
    ) lacks
    where x.state in ('live', 'filling') order by x.state desc
"""


async def index_lags(lines: Lines) -> list[Lag]:
    """The live generation and the one that is filled; position and lag count files."""
    return [Lag(*row) for row in await lines.rows(INDEX_LAGS, {"prefix": PREFIX})]
