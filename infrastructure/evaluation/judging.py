"""Has a judge read battles and records what it says, each battle once."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from application.answering.record import record
from application.evaluation.judge import Case, Hearing, NoVerdict
from application.exporting.orders import Order
from application.judgings import FailJudging, FinishJudging, Heard, RecordJudgement
from application.ports import Model, ModelFailed, Models
from domain.battles import Battle, RecordedBattle
from domain.errors import NotFound
from domain.judgings import Assignment, Judgement, Judging
from infrastructure.event_log import EventLog
from infrastructure.exports.source import Fought, LogSource, ids_of

AT_ONCE_MAX = 4
PAGE = 500
BATTLE_SECONDS_MAX = 600.0
FAILED_IN_ROW_MAX = 5
DIED = "It could not be done; see what the worker says."
ORDER = ("arena-battles",)  # nothing is exported; an order says from which space to read


@dataclass(frozen=True, slots=True)
class Docket:
    """Some battles with their texts, and whom they belong to."""

    fought: Mapping[str, Fought]
    owners: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class JudgeJob:
    """The chore `judge`: goes on with a run. What a killed worker had recorded stays."""

    log: EventLog
    models: Models
    source: LogSource

    async def run(self, judging_id: UUID) -> None:
        """Judge what is left, a few battles at once, until done, stopped or failing."""
        try:
            run = await self.log.get(Judging, judging_id)
        except NotFound:
            return
        if run.state != "running":
            return
        try:
            model, _ = await self.models.find(run.assignment.judge)
        except ModelFailed as error:
            await record(self.log, FailJudging(judging_id, str(error)))
            return
        if reason := await self._judge(run, model):
            await record(self.log, FailJudging(judging_id, reason))
        else:
            await record(self.log, FinishJudging(judging_id))

    async def give_up(self, judging_id: UUID) -> None:
        """Whoever did it died, again and again."""
        with suppress(NotFound):
            await record(self.log, FailJudging(judging_id, DIED))

    async def _judge(self, run: Judging, model: Model) -> str:
        """Judge what is left; why it cannot go on, if it cannot."""
        left = await self._left(run)
        failed = 0
        for start in range(0, len(left), AT_ONCE_MAX):
            if (await self.log.get(Judging, run.id)).state != "running":
                return ""
            some = left[start : start + AT_ONCE_MAX]
            docket = await self._docket(run.assignment.space, some)
            hearings = [self._hear(run, model, docket, each) for each in some]
            for error in await asyncio.gather(*hearings):
                failed = failed + 1 if error else 0
                if failed >= FAILED_IN_ROW_MAX:
                    return f"The judge failed {failed} times in a row. {error}"
        return ""

    async def _left(self, run: Judging) -> list[str]:
        """The battles that this run has still to judge."""
        left: list[str] = []
        head = await self.log.head()
        battles = run.assignment.battles
        for start in range(0, len(battles), PAGE):
            keys = {Judgement.id_of(run.assignment, each): each for each in battles[start:][:PAGE]}
            told = await self.log.histories(list(keys), head)
            left += [
                battle
                for key, battle in keys.items()
                if not any(
                    isinstance(each, Judgement.Given)
                    or (isinstance(each, Judgement.Failed) and each.judging_id == run.id)
                    for each in told.get(key, ())
                )
            ]
        return left

    async def _docket(self, space: str, battles: Sequence[str]) -> Docket:
        head = await self.log.head()
        ids = {stream: each for each in battles for stream in ids_of(space, each)}
        told = await self.log.histories(list(ids), head)
        owners = {
            ids[stream]: events[0].owner
            for stream, events in told.items()
            if events and isinstance(events[0], Battle.Started | RecordedBattle.Recorded)
        }
        order = Order(ORDER, space=space)
        return Docket(await self.source.battles(order, set(battles), head), owners)

    async def _hear(self, run: Judging, model: Model, docket: Docket, battle: str) -> str:
        """Judge one battle and record it; the true error if the model failed."""
        heard = await heard_of(model, run.assignment, docket.fought.get(battle))
        owner = docket.owners.get(battle, run.owner)
        await record(self.log, RecordJudgement(run.id, battle, owner, heard))
        is_failure = heard.verdicts is None and heard.fault == "model"
        return heard.error if is_failure else ""


async def heard_of(model: Model, assignment: Assignment, fought: Fought | None) -> Heard:
    """What a judge says of a battle, and what that cost."""
    hearing = Hearing(model, assignment.judge)
    case = Case((), "", "")
    if fought is not None:
        case = Case(fought.context, fought.answer_a, fought.answer_b)
    try:
        async with asyncio.timeout(BATTLE_SECONDS_MAX):
            verdicts = await hearing.verdicts(case)
    except NoVerdict as failure:
        return Heard(hearing.usage, fault=failure.fault, error=str(failure))
    except TimeoutError:
        return Heard(hearing.usage, fault="model", error="It took too long.")
    return Heard(hearing.usage, verdicts)
