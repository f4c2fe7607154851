"""What must not lie open in the database: sealed with a key from outside of it."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infrastructure.settings import CannotStart, Settings, secret_key

KEY_BYTES = 32
NONCE_BYTES = 12


def master_key(settings: Settings) -> bytes:
    """The 32 bytes everything else is sealed with, from the installation's secret."""
    derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"quire master key")
    return derive.derive(secret_key(settings).encode())


class Vault:
    """Seals bytes with AES-256-GCM; the label says what they are, so nothing is exchanged."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._key = key

    def seal(self, plain: bytes, label: str) -> bytes:
        """Make bytes unreadable for whoever has only the database."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, label.encode())

    def mark(self, content: bytes) -> bytes:
        """Tell contents apart without keeping them; nobody without the key can guess them."""
        return hmac.digest(self._key, b"mark " + content, "sha256")

    def open(self, sealed: bytes, label: str) -> bytes:
        """Read sealed bytes again; with another secret key that cannot be."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, label.encode())
        except InvalidTag:
            raise CannotStart(
                f"The {label} was sealed with another secret key. Put the old one back."
            ) from None
