"""How messages are shown, whether they were read or have just been asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from application.messages import Asked
from domain.battles import PREFIX
from interfaces.http.fields import When
from projections.branches import MessageRow


class Citation(BaseModel):
    """Where a sentence of an answer comes from; `start` and `end` are places in its file."""

    n: int
    title: str
    quote: str
    source: str
    file_id: UUID | None = None
    passage_id: UUID | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    headings: str | None = None
    score: float | None = None
    url: str | None = None


class AttachmentShape(BaseModel):
    """What a question is about; the name is empty when it cannot be seen any more."""

    kind: Literal["file", "knowledge", "web"]
    id: UUID | None
    url: str | None
    name: str
    whole: bool


class Usage(BaseModel):
    """How many tokens an answer took."""

    input_tokens: int
    output_tokens: int


class AnswerError(BaseModel):
    """Why an answer failed."""

    kind: str
    message: str


class BaseMessage(BaseModel):
    """What questions and answers have in common."""

    id: UUID
    chat_id: UUID
    parent_id: UUID | None
    content: str
    created_at: When
    edited_at: When | None = None
    position: int
    sibling_index: int = 1
    sibling_count: int = 1
    previous_sibling_id: UUID | None = None
    next_sibling_id: UUID | None = None


class QuestionShape(BaseMessage):
    """What a person wrote, and what it is about."""

    role: Literal["user"] = "user"
    attachments: list[AttachmentShape] = Field(default_factory=list)
    web_search: bool = False


class OpinionShape(BaseModel):
    """What one thinks of an answer."""

    value: Literal[-1, 0, 1]
    score: int | None = None
    reasons: list[str] = Field(default_factory=list)
    comment: str = ""
    tags: list[str] = Field(default_factory=list)


class AnswerShape(BaseMessage):
    """What a model wrote."""

    role: Literal["assistant"] = "assistant"
    model: str
    status: Literal["queued", "running", "completed", "stopped", "failed", "interrupted"]
    reasoning: str = ""
    reasoning_seconds: float | None = None
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    left_out: int = 0
    citations: list[dict[str, Any]] = Field(default_factory=list)
    batch_id: UUID | None = None
    batch_count: int | None = None
    seconds: float | None = None
    rating: OpinionShape | None = None


MessageShape = QuestionShape | AnswerShape
Names = Mapping[tuple[str, UUID], str]

COMMON = tuple(BaseMessage.model_fields)
OF_ANSWERS = tuple(each for each in AnswerShape.model_fields if each not in (*COMMON, "role"))


def shown(row: MessageRow, names: Names | None = None) -> MessageShape:
    """A message as it was read. What is in a row is known to be sound."""
    common = {name: getattr(row, name) for name in COMMON}
    if row.role == "user":
        attached = [
            attachment(each["kind"], each["id"] and UUID(each["id"]), each, names or {})
            for each in row.attachments
        ]
        common |= {"attachments": attached, "web_search": row.web_search}
        return QuestionShape.model_construct(role="user", **common)
    of_answers = {name: getattr(row, name) for name in OF_ANSWERS}
    if of_answers["model"].startswith(PREFIX):
        of_answers["seconds"] = None  # speed would tell who hides
    if row.rating is not None:
        of_answers["rating"] = OpinionShape.model_construct(**row.rating)
    return AnswerShape.model_construct(role="assistant", **common, **of_answers)


def attachment(
    kind: Any, key: UUID | None, found: Mapping[str, Any], names: Names
) -> AttachmentShape:
    """Something attached; a page of the web is called by its address."""
    name = (names.get((kind, key), "") if key else found["url"]) or ""
    return AttachmentShape(kind=kind, id=key, url=found["url"], name=name, whole=found["whole"])


@dataclass(frozen=True, slots=True)
class Beside:
    """The messages that have the same parent, in order."""

    ids: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, ids: Sequence[UUID], new: Sequence[UUID]) -> "Beside":
        """Those that were there already, and the new ones after them."""
        return cls((*[each for each in ids if each not in new], *new))

    def place(self, key: UUID) -> dict[str, Any]:
        """Where one of them stands."""
        index = self.ids.index(key)
        return {
            "sibling_index": index + 1,
            "sibling_count": len(self.ids),
            "previous_sibling_id": self.ids[index - 1] if index else None,
            "next_sibling_id": self.ids[index + 1] if index + 1 < len(self.ids) else None,
        }


def queued(
    asked: Sequence[Asked],
    question: tuple[UUID, UUID],
    position: int,
    beside: Sequence[UUID] = (),
) -> list[AnswerShape]:
    """Answers that have just been asked for, to (chat, question), up to a position of the log."""
    chat_id, question_id = question
    siblings = Beside.of(beside, [each.id for each in asked])
    now = datetime.now(UTC)
    first = position - len(asked) + 1
    return [
        AnswerShape(
            id=each.id,
            chat_id=chat_id,
            parent_id=question_id,
            content="",
            created_at=now,
            position=first + index,
            model=each.model,
            status="queued",
            batch_id=each.batch_id,
            batch_count=each.batch_count,
            **siblings.place(each.id),
        )
        for index, each in enumerate(asked)
    ]
