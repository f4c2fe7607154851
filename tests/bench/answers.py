"""How much Quire adds to a model's answer: first token, each token, many at once, full speed."""

from dataclasses import replace

from tests.bench.figures import Row, ms, p50, p99
from tests.bench.streams import Summary
from tests.bench.world import World

GOAL_FIRST = (0.015, 0.060)
GOAL_DELAY = 0.002
GOAL_AT_ONCE = {50: 0.100, 200: 0.400}
GOAL_CPU_EACH_1000 = 0.5
GOAL_TOKENS_EACH_SECOND = 15_000
AT_ONCE = (1, 50, 200, 1000)
TOKENS_AT_ONCE = 200


async def first_token(world: World) -> list[Row]:
    """One answer after the other, on an idle product."""
    chats = await world.chats(20)
    await world.through(world.wish("instant", chats, rounds=20))  # warm up
    direct = await world.direct("instant", rounds=300)
    post, _ = await world.through(world.wish("instant", chats, rounds=300))
    wish = replace(world.wish("instant", chats, rounds=200), way="page")
    page, _ = await world.through(wish)
    rows = [added("First token over direct, in one request", post, direct)]
    rows.append(added("First token over direct, asked and then followed", page, direct))
    accepted = f"{ms(p50(page.accepts))} / {ms(p99(page.accepts))}"
    rows.append(Row("A question is accepted after, p50 / p99", accepted))
    direct = await world.direct("timed-t20-n60", streams=5)
    through, _ = await world.through(world.wish("timed-t20-n60", chats, streams=5))
    value = f"{ms(p50(through.delays))} / {ms(p99(through.delays))}"
    limit = f"{ms(p50(direct.delays))} / {ms(p99(direct.delays))}"
    kept = p50(through.delays) <= GOAL_DELAY and not through.failures
    rows.append(Row("Delay of a token, 5 answers, p50 / p99", value, limit, "2 ms", kept))
    return rows


def added(what: str, through: Summary, direct: Summary) -> Row:
    """What was added to the first token of an idle upstream."""
    base = p50(direct.firsts)
    over = (p50(through.firsts) - base, p99(through.firsts) - base)
    kept = not through.failures and over[0] <= GOAL_FIRST[0] and over[1] <= GOAL_FIRST[1]
    failed = f", {len(through.failures)} failed" if through.failures else ""
    return Row(
        f"{what}, p50 / p99",
        f"{ms(over[0])} / {ms(over[1])}{failed}",
        f"direct {ms(base)} / {ms(p99(direct.firsts))}",
        "15 / 60 ms",
        kept,
    )


async def streams(world: World) -> list[Row]:
    """1, 50, 200 and 1,000 answers at once, 20 tokens a second each."""
    rows: list[Row] = []
    for count in AT_ONCE:
        model = f"t20-n{TOKENS_AT_ONCE}"
        chats = await world.chats(count)
        upstream = world.upstream.cpu_seconds()
        direct = await world.direct(model, streams=count)
        upstream = world.upstream.cpu_seconds() - upstream
        through, cpu = await world.through(world.wish(model, chats, streams=count))
        rows += at_once(count, through, direct, (cpu, upstream))
    return rows


def at_once(count: int, through: Summary, direct: Summary, cpu: tuple[float, float]) -> list[Row]:
    """Failures, first token and CPU of so many at once."""
    name = f"{count:,} at once at 20 tokens/s"
    why = f" ({through.failures[0][:60]})" if through.failures else ""
    goal = GOAL_AT_ONCE.get(count)
    first = p50(through.firsts)
    each = cpu[0] / through.tokens * 1000 if through.tokens else float("nan")
    limit = cpu[1] / direct.tokens * 1000 if direct.tokens else float("nan")
    return [
        Row(
            f"{name}: failed",
            f"{len(through.failures)}{why}",
            str(len(direct.failures)),
            "0",
            not through.failures,
        ),
        Row(
            f"{name}: first token p50 / p99",
            f"{ms(first)} / {ms(p99(through.firsts))}",
            f"{ms(p50(direct.firsts))} / {ms(p99(direct.firsts))}",
            ms(goal) if goal else "",
            first <= goal if goal else None,
        ),
        Row(
            f"{name}: whole answer p50 (10 s of tokens)",
            ms(p50(through.wholes)),
            ms(p50(direct.wholes)),
        ),
        Row(
            f"{name}: CPU for 1,000 tokens, all processes",
            ms(each),
            f"upstream {ms(limit)}",
            "500 ms" if count >= 50 else "",
            each <= GOAL_CPU_EACH_1000 if count >= 50 else None,
        ),
    ]


async def speed(world: World) -> list[Row]:
    """Ten answers of 1,000 tokens, as fast as they come."""
    chats = await world.chats(10)
    direct = await world.direct("fast-n1000", streams=10, rounds=3)
    through, cpu = await world.through(world.wish("fast-n1000", chats, streams=10, rounds=3))
    rate = through.tokens / through.seconds
    return [
        Row(
            "Tokens as fast as they come, 10 answers at once",
            f"{rate:,.0f}/s, {len(through.failures)} failed, CPU {cpu:.1f} s",
            f"{direct.tokens / direct.seconds:,.0f}/s",
            f"{GOAL_TOKENS_EACH_SECOND:,}/s",
            rate >= GOAL_TOKENS_EACH_SECOND and not through.failures,
        )
    ]
