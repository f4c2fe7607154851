"""Judgements as a webhook, signed so that a receiver can tell who sent it, and when."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from application.pushing.items import Item
from domain.errors import Invalid

TYPE = "evaluation.results"
TEST = "evaluation.test"
PREFIX = "whsec_"
KEY_BYTES = 32
KEY_BYTES_MIN, KEY_BYTES_MAX = 24, 64


def results(items: Sequence[Item], kind: str = TYPE) -> dict[str, Any]:
    """The body of a message."""
    return {"type": kind, "timestamp": items[-1]["at"], "data": {"items": list(items)}}


def message_id(sink_id: UUID, items: Sequence[Item]) -> str:
    """The name of a message: the same items to the same sink are the same message."""
    told = "\n".join([str(sink_id), *(each["id"] for each in items)])
    return f"msg_{sha256(told.encode()).hexdigest()[:32]}"


def key_of(secret: str) -> bytes:
    """The key in a secret, or Invalid that says what is wrong with it."""
    try:
        key = b64decode(secret.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeError):
        key = b""
    if not secret.startswith(PREFIX) or not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise Invalid(f"secret is {PREFIX} and {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes in base64.")
    return key


def secret_of(key: bytes) -> str:
    """A key as people carry it."""
    return PREFIX + b64encode(key).decode()


def signed(secret: str, message: str, seconds: int, body: bytes) -> Mapping[str, str]:
    """The headers of a message, by the scheme of Standard Webhooks."""
    content = f"{message}.{seconds}.".encode() + body
    signature = b64encode(hmac.digest(key_of(secret), content, "sha256")).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature}",
    }
