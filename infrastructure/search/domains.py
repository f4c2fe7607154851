"""Which domains of the web are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Domains:
    """Names such as `example.org`, which stand for all below them. Nothing allowed: all are."""

    allowed: Sequence[str] = ()
    denied: Sequence[str] = ()

    def allow(self, url: str) -> bool:
        """Whether an address may be used."""
        try:
            host = (urlsplit(url).hostname or "").rstrip(".").lower()
        except ValueError:
            return False
        if not host or any(is_below(host, each) for each in self.denied):
            return False
        return not self.allowed or any(is_below(host, each) for each in self.allowed)


def is_below(host: str, domain: str) -> bool:
    """Whether a host is a domain, or below it."""
    domain = domain.strip().strip(".").lower()
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))
