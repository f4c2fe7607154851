"""What analytics is asked, and how it answers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.errors import Invalid
from interfaces.http.fields import Line, When
from projections.usage_queries import WIDTHS, Counts, Metric, Span, Width

DAYS = timedelta(days=7)
DAYS_MAX = timedelta(days=3_660)
POINTS_MAX = 2_500
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
LAST = datetime(2100, 1, 1, tzinfo=UTC)


class Wanted(BaseModel):
    """Which stretch of time, and if wanted of which person; the last seven days if left out."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = None
    user: UUID | None = None

    def span(self, model: str | None = None, width: Width = "10m") -> Span:
        """The stretch in whole buckets; refused when it is none."""
        until = self.until or datetime.now(UTC)
        if not FIRST + DAYS <= until <= LAST:
            raise Invalid("until is between 2000-01-08 and 2100-01-01.")
        since = self.since or until - DAYS
        if not FIRST <= since < until:
            raise Invalid("from is before until, and not before 2000-01-01.")
        if until - since > DAYS_MAX:
            raise Invalid(f"from and until are at most {DAYS_MAX.days} days apart.")
        return Span(since, until, model, self.user).widened(WIDTHS[width])


class WantedModel(Wanted):
    """Also of which model."""

    model: Line | None = None


class WantedSeries(WantedModel):
    """Also in what steps, and what is counted."""

    bucket: Width = "1d"
    metric: Metric = "messages"

    def stretch(self) -> Span:
        """The stretch in whole steps; refused when there are too many."""
        span = self.span(self.model, self.bucket)
        if (span.until - span.since) / WIDTHS[self.bucket] > POINTS_MAX:
            raise Invalid(f"bucket {self.bucket} gives more than {POINTS_MAX} steps; take more.")
        return span


class WantedPage(WantedModel):
    """Also which page."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=300)] | None = None


class CountsShape(BaseModel):
    """Numbers of usage. Answers end completed, stopped, failed or interrupted."""

    questions: int
    answers: int
    completed: int
    stopped: int
    failed: int
    interrupted: int
    input_tokens: int
    output_tokens: int
    mean_seconds: float | None


class TotalsShape(CountsShape):
    """All of a stretch."""

    chats: int
    users: int


class Summary(BaseModel):
    """Totals, and those of as much time right before."""

    since: When
    until: When
    totals: TotalsShape
    previous: TotalsShape


class ModelLine(BaseModel):
    """One model, one value for each step."""

    model: str
    values: list[int]


class Series(BaseModel):
    """Usage over time; `previous` is all models together, right before."""

    since: When
    until: When
    bucket: Width
    metric: Metric
    times: list[When]
    series: list[ModelLine]
    previous: list[int]


class ModelUsage(CountsShape):
    """What one model was asked; `arena` are models that are still hidden."""

    model: str


class UserUsage(CountsShape):
    """What one person asked; without a name when the account is gone."""

    user_id: UUID
    user_name: str
    user_email: str


class Models(BaseModel):
    """All models of a stretch, those with the most answers first."""

    items: list[ModelUsage]


class Users(BaseModel):
    """All people of a stretch, those with the most answers first."""

    items: list[UserUsage]


class RatingDayShape(BaseModel):
    """Thumbs of one day."""

    at: When
    up: int
    down: int
    neither: int


class TagShape(BaseModel):
    """A tag of ratings, and how often it is there."""

    tag: str
    count: int


class ModelOverview(BaseModel):
    """One model; seconds in which half and 95 of 100 answers ended."""

    model: str
    since: When
    until: When
    totals: TotalsShape
    previous: TotalsShape
    median_seconds: float | None
    p95_seconds: float | None
    ratings: list[RatingDayShape]
    tags: list[TagShape]


class ChatUsage(BaseModel):
    """A chat in which models answered, without what was said."""

    chat_id: UUID
    user_id: UUID
    user_name: str
    answers: int
    tokens: int
    last_at: When


class MessageUsage(BaseModel):
    """A message without its words."""

    id: UUID
    chat_id: UUID
    user_id: UUID
    user_name: str
    role: Literal["user", "assistant"]
    model: str | None
    created_at: When
    status: str | None
    input_tokens: int
    output_tokens: int
    seconds: float | None


def numbers(found: Counts) -> dict[str, Any]:
    """Counts as fields of a shape."""
    return {name: getattr(found, name) for name in CountsShape.model_fields}
