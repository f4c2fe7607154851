"""Where sinks may be: on the public web, and where whoever runs the house says."""

from urllib.parse import urlsplit

from domain.errors import Invalid
from infrastructure.guarded import GuardedClient, checked_web_url
from infrastructure.settings import PREFIX, CannotStart, Settings


class HooksClient(GuardedClient):
    """Sends to the public web, and to places that were let in by host and port."""

    def __init__(self, places: frozenset[tuple[str, int]]) -> None:
        super().__init__(allowed=[host for host, _ in places])
        self._places = places

    def checked(self, url: str) -> str:
        """An address as a sink may have it, or Invalid that says why not."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme in ("http", "https") and (parts.hostname, port) in self._places:
            return url
        if any(host == parts.hostname for host, _ in self._places):
            raise Invalid(f"{PREFIX}SINK_HOSTS lets in {parts.hostname} at another port only.")
        return checked_web_url(url)


def hooks_client(settings: Settings) -> HooksClient:
    """What reaches sinks."""
    found = [each.strip() for each in settings.sink_hosts.split(",") if each.strip()]
    return HooksClient(frozenset(place_of(each) for each in found))


def place_of(text: str) -> tuple[str, int]:
    """A host and its port."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path or parts.username:
        raise CannotStart(f"{PREFIX}SINK_HOSTS: {text} is not host:port.")
    return host, port
