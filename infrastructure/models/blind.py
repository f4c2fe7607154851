"""Models of which nobody may know the name."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from application.arena import side_failed
from application.ports import Log, Model, ModelFailed, ModelInfo, ModelList, Models, Piece, Prompt
from domain.battles import Battle, Blind
from domain.errors import NotFound

COUNTS = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class BlindModels:
    """The `Models` port for who writes answers: it alone knows who is behind a stand-in."""

    models: Models
    log: Log

    async def list(self) -> ModelList:
        """All models; the hidden ones are among them, by their names."""
        return await self.models.list()

    async def find(self, model_id: str) -> tuple[Model, ModelInfo]:
        """The model of that id, or raise ModelFailed."""
        blind = Blind.parse(model_id)
        if blind is None:
            return await self.models.find(model_id)
        try:
            model, info = await self.models.find(await self._true(blind))
        except ModelFailed as error:
            raise side_failed() from error
        return BlindModel(model), replace(info, id=model_id, name=f"Model {blind.slot.upper()}")

    async def _true(self, blind: Blind) -> str:
        """The model behind a stand-in; sides never change, so a remembered battle will do."""
        try:
            battle = await self.log.get(Battle, blind.battle_id, fresh=False)
            return battle.sides[blind.slot].model
        except (NotFound, KeyError):
            raise ModelFailed("unknown_model", "There is no such battle.") from None


@dataclass(frozen=True, slots=True)
class BlindModel:
    """A model that says what it says, and nothing that tells who it is."""

    model: Model

    @property
    def continues_prefix(self) -> bool:
        """Whether it goes on exactly after a last turn of its own."""
        return self.model.continues_prefix

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Yield the answer piece by piece, or raise ModelFailed without a reason."""
        try:
            async with aclosing(self.model.answer(prompt)) as pieces:
                async for piece in pieces:
                    if plain := plain_of(piece):
                        yield plain
        except ModelFailed as error:
            raise side_failed(error.retry_after) from error


def plain_of(piece: Piece) -> Piece | None:
    """What of a piece everybody may see: words, the end, and how many tokens there were."""
    if piece.kind == "usage":
        counts = {name: piece.data.get(name) for name in COUNTS}
        return Piece("usage", data={name: n for name, n in counts.items() if type(n) is int})
    if piece.kind == "text":
        return Piece("text", piece.text)
    return Piece("finish") if piece.kind == "finish" else None
