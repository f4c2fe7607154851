"""Whether an answer gives its model away, and which prompts are the same."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256


def normalised(prompt: str) -> str:
    """A prompt without what makes no difference: NFKC, casefolded, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", prompt).casefold().split())


def prompt_key(prompt: str) -> str:
    """The same for prompts that are the same; 64 hexadecimal digits."""
    return sha256(normalised(prompt).encode(errors="surrogatepass")).hexdigest()


def aliases_of(name: str, vendor: str = "", more: Iterable[str] = ()) -> list[str]:
    """By which words people know a model: its name, that up to the first hyphen, its vendor.

    `more` are words that are known besides; they are taken as they are.
    """
    every = (name, name.partition("-")[0], vendor, *more)
    return sorted({each.strip() for each in every if each.strip()})


def leaked(text: str, aliases: Iterable[str]) -> bool:
    """Whether one of the words stands in a text, whole, in letters of any size."""
    words = "|".join(re.escape(each) for each in aliases if each)
    return bool(words) and bool(re.search(rf"(?<!\w)(?:{words})(?!\w)", text, re.IGNORECASE))
