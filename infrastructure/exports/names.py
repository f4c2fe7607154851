"""The key under whose names people leave the house, when nobody brings another one."""

from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.exporting.pseudonyms import KEY_BYTES_MIN, Pseudonyms
from infrastructure.settings import CannotStart, Settings, secret_key

KEY_BYTES = 32
KEY_FILE_BYTES_MAX = 4_096


def house_pseudonyms(settings: Settings) -> Pseudonyms:
    """Names under a key that follows from the installation's secret."""
    derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"quire export pseudonyms")
    return Pseudonyms(derive.derive(secret_key(settings).encode()))


def pseudonyms_of(path: Path) -> Pseudonyms:
    """Names under the key in a file."""
    try:
        with path.open("rb") as file:
            key = file.read(KEY_FILE_BYTES_MAX).strip()
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}") from None
    if len(key) < KEY_BYTES_MIN:
        raise CannotStart(f"{path}: a key for pseudonyms has at least {KEY_BYTES_MIN} bytes.")
    return Pseudonyms(key)
