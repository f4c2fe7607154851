"""RTF: the words, without anything that is embedded."""

from striprtf.striprtf import rtf_to_text

from infrastructure.loaders.base import Draft, Source


def read(source: Source) -> Draft:
    """All words; RTF itself is ASCII."""
    text = rtf_to_text(source.data().decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
    return Draft((str(text),))
