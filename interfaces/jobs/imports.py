"""The job that takes over judgements from elsewhere."""

from collections.abc import Mapping

from infrastructure.chores import Chore
from infrastructure.evaluation.importing import ImportJob
from infrastructure.evaluation.lines import LoggedStreams
from interfaces.services import Services


def importing(services: Services) -> Mapping[str, Chore]:
    """What reads much and long; done one at a time."""
    job = ImportJob(services.log, LoggedStreams(services.lines), services.files.uploads)
    return {"import": Chore(job.run, patient=True, give_up=job.give_up)}
