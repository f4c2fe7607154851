"""The job that writes exports."""

from collections.abc import Mapping

from infrastructure.chores import Chore
from infrastructure.exports.choosing import ReadChoosing
from infrastructure.exports.job import ExportJob
from infrastructure.exports.names import house_pseudonyms
from infrastructure.exports.source import LogSource
from interfaces.services import Services


def exporting(services: Services) -> Mapping[str, Chore]:
    """What reads much and long; done one at a time."""
    job = ExportJob(
        log=services.log,
        lines=services.lines,
        files=services.files,
        source=LogSource(services.log, ReadChoosing(services.reader, services.boards)),
        pseudonyms=house_pseudonyms(services.settings),
        data_folder=services.settings.data_folder,
    )
    return {"export": Chore(job.run, patient=True, give_up=job.give_up)}
