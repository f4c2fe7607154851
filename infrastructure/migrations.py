"""Applies migrations: each once, in order, all or nothing, whoever starts first."""

from importlib.resources import files

from infrastructure.postgres import connect

LOCK = 7105210310


async def migrate(url: str) -> list[str]:
    """Bring a database up to date; return the names of what was applied."""
    applied = []
    async with await connect(url, name="quire migrate") as db:
        await db.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        await db.execute(
            "create table if not exists public.migrations"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        rows = await (await db.execute("select name from public.migrations")).fetchall()
        known = {name for (name,) in rows}
        for name, script in scripts():
            if name not in known:
                await db.execute(script)
                await db.execute("insert into public.migrations values (%s)", [name])
                applied.append(name)
    return applied


def scripts() -> list[tuple[str, bytes]]:
    """All migrations there are, in order."""
    found = sorted(files("migrations").iterdir(), key=lambda each: each.name)
    return [(each.name, each.read_bytes()) for each in found if each.name.endswith(".sql")]
