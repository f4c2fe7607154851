"""How the files of a knowledge base are cut: what may be chosen."""

from typing import Any

from domain.errors import Invalid

TOKENS_MIN, TOKENS_MAX = 32, 4_096
CUTTING: dict[str, type] = {"tokens": int, "overlap": int, "contextual": bool}


def checked_cutting(cutting: dict[str, Any]) -> dict[str, Any]:
    """How files are cut, as it is kept: tokens, overlap and contextual, all of them."""
    if {name: type(value) for name, value in cutting.items()} != CUTTING:
        raise Invalid("cutting has tokens, overlap and contextual.")
    if not TOKENS_MIN <= cutting["tokens"] <= TOKENS_MAX:
        raise Invalid(f"cutting: tokens is {TOKENS_MIN} to {TOKENS_MAX}.")
    if not 0 <= cutting["overlap"] <= cutting["tokens"] // 2:
        raise Invalid("cutting: overlap is 0 to half of tokens.")
    return cutting
