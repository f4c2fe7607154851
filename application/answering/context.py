"""What a model gets to read: the newest turns that fit, and always what was asked."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from application.answering.draft import Draft
from application.ports import Given, ModelInfo, Prompt, Turn

CONTEXT_TOKENS = 8_192  # of a model that does not say how much it can read
ANSWER_TOKENS = 1_024  # kept free when nobody says how long the answer may be
ANSWER_SHARE_MAX = 0.5
BYTES_PER_TOKEN = 3.5
TURN_TOKENS = 4
OWN_PARAMS = ("context_tokens",)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a branch."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How the models of a chat are asked."""

    system: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """A question and the newest of what was said before, newest first, and what is above that.

    `attached`: something is attached to a question of this chat, on this branch or another.
    """

    manner: Manner
    said: Sequence[Said]
    above: UUID | None
    attached: bool = False


class Branches(Protocol):
    """What was said before."""

    def upwards(self, chat_id: UUID, start_id: UUID | None) -> AsyncGenerator[Sequence[Said], None]:
        """A branch from a message upwards, newest first, in pages."""


class Conversations(Branches, Protocol):
    """Chats as they can be read."""

    async def opening(self, chat_id: UUID, question_id: UUID, after: int) -> Opening | None:
        """A question and what was said before, as new as a position; None when it is gone."""

    async def count_above(self, chat_id: UUID, start_id: UUID) -> int:
        """How many messages a branch has, from a message upwards."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is sent, and how many messages of the branch are in it; None: all."""

    prompt: Prompt
    used: int | None = None

    async def left_out(self, draft: Draft, conversations: Conversations) -> int:
        """How many messages did not fit. It takes a moment, and no model has to wait for it."""
        if self.used is None or draft.question_id is None:
            return 0
        total = await conversations.count_above(draft.chat_id, draft.question_id)
        return max(total - self.used, 1)


def tokens_of(text: str) -> int:
    """About how many tokens a turn takes; nobody but the model knows exactly."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return int(size / BYTES_PER_TOKEN) + 1 + TURN_TOKENS


def budget_of(params: Mapping[str, Any], info: ModelInfo) -> int:
    """How many tokens a prompt may have."""
    room = int(params.get("context_tokens") or info.context_tokens or CONTEXT_TOKENS)
    wanted = int(params.get("max_tokens") or ANSWER_TOKENS)
    return room - min(wanted, int(room * ANSWER_SHARE_MAX))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question: as text for a language model, or as passages."""

    text: str = ""
    passages: tuple[Given, ...] = ()
    attached: bool = False


async def context_of(
    draft: Draft,
    info: ModelInfo,
    conversations: Branches,
    opening: Opening,
    *,
    so_far: str = "",
    found: Found | None = None,
) -> Context:
    """Collect the prompt of an answer, from its question upwards."""
    found = found or Found()
    manner = opening.manner
    params = {**manner.params, **draft.params}
    instructions = "\n\n".join(each for each in (manner.system, draft.hint) if each.strip())
    turns = [Turn("assistant", so_far)] if so_far else []
    budget = budget_of(params, info)
    budget -= sum(tokens_of(text) for text in (instructions, found.text) if text)
    budget -= sum(tokens_of(turn.content) for turn in turns)
    pages = conversations.upwards(draft.chat_id, opening.above)
    asked, used = await _fitting(opening.said, pages, budget)
    if found.text and asked:
        # One turn, since many servers want the roles to alternate.
        asked[0] = Turn("user", f"{found.text}\n\n{asked[0].content}")
    if instructions:
        asked.append(Turn("system", instructions))
    prompt = Prompt(
        model=draft.model,
        turns=(*reversed(asked), *turns),
        params={name: value for name, value in params.items() if name not in OWN_PARAMS},
        continues=bool(so_far),
        user_id=draft.owner,
        passages=found.passages,
        attached=found.attached,
    )
    return Context(prompt, used)


async def _fitting(
    page: Sequence[Said] | None, pages: AsyncGenerator[Sequence[Said], None], budget: int
) -> tuple[list[Turn], int | None]:
    """The newest turns that fit, newest first, and of how many messages unless of all.

    The question always fits.
    """
    found: list[Turn] = []
    used = 0
    while page:
        for said in page:
            budget -= tokens_of(said.content)
            if found and budget < 0:
                if len(found) > 1 and found[-1].role == "assistant":
                    return found[:-1], used - 1  # an answer whose question does not fit
                return found, used
            used += 1
            if said.content.strip():
                role: Literal["user", "assistant"] = (
                    "assistant" if said.role == "assistant" else "user"
                )
                found.append(Turn(role, said.content))
        page = await anext(pages, None)
    return found, None
