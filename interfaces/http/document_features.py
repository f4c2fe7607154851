"""What people may do with documents here."""

from pydantic import BaseModel, ConfigDict

from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems

router = Door("/documents/features", tags=["documents"])


class FeaturesShape(BaseModel):
    """What this installation allows; no extensions means that all files are read."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"web_search": True, "file_bytes_max": 524288000, "extensions": []}
        }
    )

    web_search: bool
    file_bytes_max: int
    extensions: list[str]


@router.get("", responses=problems())
async def read_document_features(call: Call) -> FeaturesShape:
    """Whether the web can be searched, and which files may be uploaded."""
    found = await call.services.documents.settings()
    return FeaturesShape(
        web_search=found.web.engine != "off",
        file_bytes_max=found.limits.file_bytes_max,
        extensions=list(found.limits.extensions),
    )
