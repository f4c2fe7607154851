"""Words in pictures, read by tesseract where it is installed."""

import re
import subprocess

from infrastructure.loaders.base import OCR_HINT, Draft, Reading, Source, Unreadable

LANGUAGES = re.compile(r"[A-Za-z0-9_]+(?:\+[A-Za-z0-9_]+)*")


def read(source: Source) -> Draft:
    """The words in a picture."""
    reading = source.reading
    if not reading.tesseract:
        raise Unreadable("no_text", f"This is a picture. {OCR_HINT}")
    if reading.scans >= reading.limits.scans_max or reading.seconds_left < 1:
        raise Unreadable("too_slow", "There was no time left to read this picture.")
    return Draft((recognise(reading, source.data()),))


def recognise(reading: Reading, image: bytes) -> str:
    """The words in a picture of any kind that tesseract knows, or Unreadable."""
    languages = reading.languages if LANGUAGES.fullmatch(reading.languages) else "eng"
    reading.scans += 1
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program; the picture comes through a pipe)
            [reading.tesseract, "stdin", "stdout", "-l", languages],
            input=image,
            capture_output=True,
            timeout=max(reading.seconds_left, 0.1),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("too_slow", "Reading the picture took too long.") from None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace").replace("\f", "\n")
    if b"languages" in done.stderr or b"traineddata" in done.stderr:
        raise Unreadable("no_text", f"Tesseract has no data for the languages “{languages}”.")
    raise Unreadable("damaged", "The picture is damaged or of a rare kind.")
