"""Fields of bodies: their types and limits, the same on every route."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer


def without_nul(text: str) -> str:
    """The text; NUL cannot be stored."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Line = Annotated[str, AfterValidator(without_nul), Field(max_length=300)]
Text = Annotated[str, Field(max_length=1_000_000)]
Words = Annotated[Text, Field(min_length=1)]
ModelId = Annotated[str, AfterValidator(without_nul), Field(min_length=1, max_length=300)]
ModelIds = Annotated[list[ModelId], Field(max_length=8)]
When = Annotated[datetime, PlainSerializer(_zulu, return_type=str)]


class Body(BaseModel):
    """What is sent: nothing unknown, nothing converted from another type."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Params(Body):
    """How a model is asked; what is left out is the model's own business."""

    temperature: float | None = Field(default=None, ge=0, le=2, strict=True)
    top_p: float | None = Field(default=None, ge=0, le=1, strict=True)
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000, strict=True)
    seed: int | None = Field(default=None, ge=-(2**53), le=2**53, strict=True)
    stop: str | list[Line] | None = Field(default=None, max_length=16)
    context_tokens: int | None = Field(default=None, ge=256, le=100_000_000, strict=True)
    reasoning_effort: Line | None = None

    def given(self) -> dict[str, Any]:
        """Only what was said."""
        return self.model_dump(exclude_none=True)


def zulu(at: datetime) -> str:
    """A time as we write it."""
    return _zulu(at)
