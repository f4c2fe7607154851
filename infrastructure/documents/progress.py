"""How far the work on a file is, and what it waits for: shown to people, worth little else."""

from uuid import UUID

from infrastructure.lines import Lines

REASON_CHARACTERS_MAX = 300


async def advance(lines: Lines, file_id: UUID, done: int, total: int) -> None:
    """So many of its passages can be found already; what moves waits for nothing."""
    await lines.run(
        """
        with moved as (delete from documents.waiting where file_id = %(file)s)
        insert into documents.progress values (%(file)s, %(done)s, %(total)s)
        on conflict (file_id) do update set done = excluded.done, total = excluded.total
        """,
        {"file": file_id, "done": done, "total": total},
    )


async def wait_for(lines: Lines, file_id: UUID, reason: str) -> None:
    """The work is put off, for this reason."""
    await lines.run(
        """
        insert into documents.waiting (file_id, reason) values (%(file)s, %(reason)s)
        on conflict (file_id) do update set reason = excluded.reason
        """,
        {"file": file_id, "reason": reason[:REASON_CHARACTERS_MAX]},
    )


async def finish(lines: Lines, file_id: UUID) -> None:
    """Nothing is being done to it any more."""
    await lines.run(
        """
        with over as (delete from documents.progress where file_id = %(file)s)
        delete from documents.waiting where file_id = %(file)s
        """,
        {"file": file_id},
    )
