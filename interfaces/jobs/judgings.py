"""The job that judges battles."""

from collections.abc import Mapping

from infrastructure.chores import Chore
from infrastructure.evaluation.judging import JudgeJob
from infrastructure.exports.choosing import ReadChoosing
from infrastructure.exports.source import LogSource
from interfaces.services import Services


def judging(services: Services) -> Mapping[str, Chore]:
    """What asks models much and long; done one run at a time."""
    source = LogSource(services.log, ReadChoosing(services.reader, services.boards))
    job = JudgeJob(services.log, services.models, source)
    return {"judge": Chore(job.run, patient=True, give_up=job.give_up)}
