"""Generations of the vector index, for those who look after the house."""

import asyncio
from uuid import UUID

from pydantic import BaseModel

from application.documents.ports import Unfit
from domain.document_settings import DOCUMENT_SETTINGS
from domain.errors import Conflict, NotFound
from infrastructure.documents.indexes import Indexes, State, Status
from infrastructure.documents.rebuilding import Rebuilding
from infrastructure.documents.verifying import Difference, Verified, Verifying
from infrastructure.jobs import ask
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import When
from interfaces.http.paging import Page

router = Door("/indexes", tags=["documents"])

VERIFY_SECONDS_MAX = 7.0


class IndexShape(BaseModel):
    """A generation: questions are put to the one that is live."""

    id: UUID
    store: str
    space: str
    dimension: int
    cutting: str
    state: State
    files_done: int
    files_total: int
    passages: int
    error: str | None
    made_at: When

    @classmethod
    def of(cls, status: Status) -> "IndexShape":
        """A generation in the words of the API."""
        index = status.index
        return cls(
            id=index.id,
            store=index.store,
            space=index.space,
            dimension=index.dimension,
            cutting=index.cutting,
            state=index.state,
            files_done=status.files_done,
            files_total=max(status.files_total, status.files_done),
            passages=status.passages,
            error=index.error,
            made_at=index.made_at,
        )


class Verification(BaseModel):
    """What was counted, and what differs; incomplete when there was not time enough."""

    differences: list[str]
    passages: int
    vectors: int
    complete: bool


@router.get("", responses=problems())
async def list_indexes(call: AdministratorCall) -> Page[IndexShape]:
    """Every generation there is, newest first; there are never many."""
    found = await Indexes(call.services.lines).all()
    return Page(items=[IndexShape.of(each) for each in found])


@router.post("/rebuild", status_code=202, responses=problems())
async def rebuild_index(call: AdministratorCall) -> None:
    """Have the index made anew beside the present one, which answers meanwhile."""
    await ask(call.services.lines, "rebuild", DOCUMENT_SETTINGS)


@router.post("/verify", responses=problems("not_found"))
async def verify_index(call: AdministratorCall) -> Verification:
    """Compare the live generation with the passages it should have."""
    documents = call.services.documents
    index = await Indexes(call.services.lines).live()
    if index is None:
        raise NotFound("index", "that is live")
    found = Verified()
    differences = []
    try:
        async with asyncio.timeout(VERIFY_SECONDS_MAX):
            store = await documents.store_of(index)
            await Verifying(call.services.lines, store, index).run(found)
        differences = [told(each) for each in found.differences]
    except Unfit as error:
        differences = [str(error)]
    except TimeoutError:
        pass  # there are too many to look at all of them now
    return Verification(
        differences=differences,
        passages=found.passages,
        vectors=found.vectors,
        complete=found.is_whole,
    )


@router.post("/{index_id}/cancel", status_code=204, responses=problems("not_found", "conflict"))
async def cancel_index(index_id: UUID, call: AdministratorCall) -> None:
    """Give up a generation that is being filled, or forget one that failed or is old."""
    indexes = Indexes(call.services.lines)
    index = await indexes.get(index_id)
    if index is None:
        raise NotFound("index", index_id)
    if index.state == "live":
        raise Conflict("Questions are put to this index. Rebuild it, then it goes by itself.")
    await Rebuilding(call.services.lines, call.services.documents, indexes).cancel(index)


def told(each: Difference) -> str:
    """A difference in words."""
    words = {
        "missing": "is not in the index",
        "extra": "is in the index, but is no passage",
        "other_file": "belongs to another file in the index",
    }
    return f"{each.passage_id} of file {each.file_id} {words[each.kind]}"
