"""Pages of the web that are kept as files."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from application.documents.ports import Unfit, WebPage
from application.ports import Unavailable
from domain.errors import Invalid
from domain.files import NAME_CHARACTERS_MAX, SOURCE_CHARACTERS_MAX, checked_name
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, without_nul
from interfaces.http.file_keeping import current, keep_text_file
from interfaces.http.file_shapes import FileShape
from projections import files as projection

router = Door("/files", tags=["files"])

ENDING = ".md"
MARKDOWN = "text/markdown"


def _address(text: str) -> str:
    """The address, as far as it is one; urlsplit raises ValueError for some that are none."""
    _ = urlsplit(text).port
    return without_nul(text)


class NewPage(Body):
    """The address of a page."""

    model_config = ConfigDict(json_schema_extra={"example": {"url": "https://example.org/tea"}})

    id: UUID | None = None
    url: Annotated[
        str,
        AfterValidator(_address),
        Field(
            min_length=1,
            max_length=SOURCE_CHARACTERS_MAX,
            json_schema_extra={"pattern": "^https?://.+"},
        ),
    ]


@router.post("/web", status_code=201, responses=problems("not_found", "conflict", "stale"))
async def fetch_page(body: NewPage, call: Call) -> FileShape:
    """Fetch a page of the open web and keep what it says as a file."""
    file_id = body.id or call.new_id("file")
    async with call.read(projection.files, own=True) as db:
        known = await projection.find(db, file_id)
    if known and known.owner_id == call.actor.id and known.source:
        return await current(call, file_id)
    page = await fetched(call, body.url)
    return await keep_text_file(
        call, file_id, (name_of(page), MARKDOWN), text_of(page), page.url[:SOURCE_CHARACTERS_MAX]
    )


async def fetched(call: Call, url: str) -> WebPage:
    """The page, or in plain words why there is none."""
    reader = (await call.services.shelves.means.web()).reader
    if reader is None:
        raise Invalid("url: pages of the web are not read here.")
    try:
        page = await reader.read(url)
    except (Unavailable, Unfit) as error:
        raise Invalid(f"url: {error}") from None
    if not page.text.strip():
        raise Invalid("url: there is no text on this page.")
    return page


def name_of(page: WebPage) -> str:
    """What the file is called: as the page, as far as that may be a name."""
    title = page.title.replace("/", " ").replace("\\", " ")[: NAME_CHARACTERS_MAX - 10]
    try:
        return checked_name(f"{checked_name(title)}{ENDING}")
    except Invalid:
        return f"Page{ENDING}"


def text_of(page: WebPage) -> str:
    """What the page says, below its title."""
    text = page.text.replace("\x00", "").encode(errors="replace").decode()
    return text if text.startswith("#") or not page.title else f"# {page.title}\n\n{text}"
