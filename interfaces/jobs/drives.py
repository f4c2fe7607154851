"""The job that fetches files of drives."""

from collections.abc import Mapping

from application.drives import FETCH
from infrastructure.chores import Chore
from infrastructure.drives.fetching import Fetching
from interfaces.services import Services


def fetching(services: Services) -> Mapping[str, Chore]:
    """What waits for others and takes long; done few at a time."""
    job = Fetching(
        log=services.log,
        lines=services.lines,
        reader=services.reader,
        files=services.files,
        engines=services.documents,
        links=services.drives,
    )
    return {FETCH: Chore(job.fetch, patient=True, give_up=job.give_up)}
