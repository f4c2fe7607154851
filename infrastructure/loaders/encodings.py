"""Which characters bytes stand for."""

import codecs
import re
from contextlib import suppress

from infrastructure.loaders.base import Unreadable

SAMPLE_BYTES = 32_768
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people's old files are in; the rare ones would only be mistaken for each other.
COMMON = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
HIGH = re.compile(rb"[\x80-\xff]")
CONTROL_SHARE_MAX = 0.002
BROKEN_SHARE_MAX = 0.02
HIGH_SHARE_MAX = 0.3


def encoding_of(data: bytes) -> str | None:
    """The encoding of a text, or None when these bytes are no text."""
    sample = data[:SAMPLE_BYTES]
    certain = next((name for mark, name in MARKS if data.startswith(mark)), None) or _wide(sample)
    if certain:
        return certain
    if len(CONTROL.findall(sample)) > len(sample) * CONTROL_SHARE_MAX + 2:
        return None
    if b"\x1b$" in sample or b"\x1b(J" in sample:
        return "iso2022_jp"
    return "utf-8" if _is_utf8(data) else _guessed(data)


def no_text() -> Unreadable:
    """These bytes mean nothing to us."""
    return Unreadable("unsupported", "This is not a text, and no kind of file that can be read.")


def decode(data: bytes) -> str:
    """The text in these bytes, or Unreadable when there is none."""
    name = encoding_of(data)
    if name is None:
        raise no_text()
    return data.decode(name, "replace")


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of most letters is zero."""
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    few, many = sorted((even, odd))
    if few or many * 4 < len(sample) // 2:
        return None
    name = "utf-16-le" if odd else "utf-16-be"
    text = sample.decode(name, "replace")
    fit = sum(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
    return name if fit > len(text) * 0.98 else None


def _is_utf8(data: bytes) -> bool:
    """Also with a few broken places among many good ones."""
    with suppress(UnicodeDecodeError):
        data.decode()
        return True
    text = data.decode("utf-8", "replace")
    return text.count("\ufffd") < (len(data) - len(text)) * BROKEN_SHARE_MAX


def _guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 (only few files need it)

    first = HIGH.search(data)
    place = first.start() if first else 0
    sample = data[max(0, place - 1000) : place + SAMPLE_BYTES]
    best = from_bytes(sample, cp_isolation=list(COMMON)).best()
    if best is not None:
        return str(best.encoding)
    return "cp1252" if len(HIGH.findall(sample)) < len(sample) * HIGH_SHARE_MAX else None
