"""What people may do with documents here."""

from pydantic import BaseModel, ConfigDict

from domain.drives import Kind
from infrastructure.drives.links import KINDS
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems

router = Door("/documents/features", tags=["documents"])


class FeaturesShape(BaseModel):
    """What this installation allows; no extensions means that all files are read."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "web_search": True,
                "file_bytes_max": 524288000,
                "extensions": [],
                "drives": ["google"],
            }
        }
    )

    web_search: bool
    file_bytes_max: int
    extensions: list[str]
    drives: list[Kind]


@router.get("", responses=problems())
async def read_document_features(call: Call) -> FeaturesShape:
    """Whether the web can be searched, which files may be uploaded, and which drives linked."""
    found = await call.services.documents.settings()
    links = call.services.drives
    return FeaturesShape(
        web_search=found.web.engine != "off",
        file_bytes_max=found.limits.file_bytes_max,
        extensions=list(found.limits.extensions),
        drives=[kind for kind in KINDS if await links.enabled(kind)],
    )
