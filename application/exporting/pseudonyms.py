"""People under names that only the holder of a key can lead back to them."""

import hmac
from dataclasses import dataclass

KEY_BYTES_MIN = 16
CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Keyed names (HMAC-SHA256): a plain hash could be tried out for everybody there is."""

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) < KEY_BYTES_MIN:
            raise ValueError(f"A key for pseudonyms has at least {KEY_BYTES_MIN} bytes.")

    def of(self, person: str) -> str:
        """The name of a person; always the same with the same key."""
        return "voter-" + hmac.digest(self.key, person.encode(), "sha256").hex()[:CHARACTERS]

    @property
    def mark(self) -> str:
        """What tells one key from another without giving it away."""
        return hmac.digest(self.key, b"quire pseudonyms", "sha256").hex()[:16]
