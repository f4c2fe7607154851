"""The jobs that have files read, indexed and forgotten."""

from collections.abc import Mapping

from infrastructure.chores import Chore
from infrastructure.documents.cuttings import Cuttings
from infrastructure.documents.indexes import Indexes
from infrastructure.documents.ingestion import Ingestion
from infrastructure.documents.putting import Putting
from infrastructure.documents.rebuilding import Rebuilding
from infrastructure.documents.rereading import Rereading
from interfaces.services import Services


def ingesting(services: Services) -> Mapping[str, Chore]:
    """What takes long and much; done few at a time."""
    ingestion = ingestion_of(services)
    rereading = Rereading(
        ingestion.log, ingestion.lines, ingestion.blobs, ingestion.engines, ingestion.indexes
    )
    return {
        "ingest": Chore(ingestion.ingest, patient=True, give_up=ingestion.give_up),
        "reread": Chore(rereading.reread, patient=True),
    }


def tending(services: Services) -> Mapping[str, Chore]:
    """What looks after the index, and must not wait for files."""
    ingestion = ingestion_of(services)
    rebuilding, cuttings = ingestion.rebuilding, ingestion.putting.cuttings
    return {
        "forget": Chore(ingestion.forget, patient=True),
        "fill": Chore(rebuilding.fill, patient=True),
        "reindex": Chore(rebuilding.reindex, patient=True),
        "rebuild": Chore(rebuilding.rebuild, patient=True),
        "recut": Chore(cuttings.recut, patient=True),
        "renew": Chore(cuttings.renew, patient=True),
    }


def ingestion_of(services: Services) -> Ingestion:
    """All that the way of a file needs."""
    log, lines, engines = services.log, services.lines, services.documents
    indexes = Indexes(lines)
    return Ingestion(
        log=log,
        lines=lines,
        blobs=services.files.blobs,
        release=services.files.holdings.release,
        engines=engines,
        indexes=indexes,
        rebuilding=Rebuilding(lines, engines, indexes),
        putting=Putting(log, lines, engines, indexes, Cuttings(log, lines, services.reader)),
    )
