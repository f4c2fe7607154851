"""A model as its server lists it."""

from collections.abc import Iterable
from dataclasses import dataclass

MODELS_MAX = 2000
NAME_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """The server's own id, a name for people, and how much it reads at once."""

    id: str
    name: str
    context_tokens: int | None = None


def checked_models(found: Iterable[tuple[object, object, int | None]]) -> tuple[Listed, ...]:
    """The first of each id; what is no proper id is passed over."""
    models: dict[str, Listed] = {}
    for model_id, name, context_tokens in found:
        text = usable(model_id)
        if text and len(models) < MODELS_MAX:
            models.setdefault(text, Listed(text, usable(name) or text, context_tokens))
    return tuple(models.values())


def usable(text: object) -> str:
    """A foreign text that can be a name: not endless, and printable; else nothing."""
    good = isinstance(text, str) and len(text) <= NAME_CHARS_MAX and text.isprintable()
    return str(text) if good else ""
