"""Asks a model something on the side: its answer is used, and shown to nobody."""

from contextlib import aclosing

from application.ports import Model, Prompt

CHARACTERS_MAX = 4_000


async def said_aside(model: Model, prompt: Prompt) -> str:
    """All that a model says, up to a length. Raises ModelFailed."""
    said: list[str] = []
    size = 0
    async with aclosing(model.answer(prompt)) as pieces:
        async for piece in pieces:
            if piece.kind == "text":
                said.append(piece.text)
                size += len(piece.text)
            if size > CHARACTERS_MAX:
                break
    return "".join(said)
