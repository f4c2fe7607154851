"""The one door to addresses that people choose: never into a private network, never too much.

Every name is looked up here and every address it has must be public; the connection goes to an
address that was checked, so a second answer of the name server changes nothing. Redirects are
followed by hand, each checked as if a person had written it.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from application.ports import Unavailable
from domain.errors import Invalid

REDIRECTS_MAX = 5
BYTES_MAX = 10 * 2**20
ANSWER_BYTES_MAX = 64 * 2**10
SECONDS_MAX = 20.0
CONNECT_SECONDS = 5.0
CONNECTIONS_MAX = 20
URL_CHARACTERS_MAX = 2_000
PORTS = (80, 443, 8000, 8080, 8443)
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOCAL_NAMES = ("localhost", "local", "internal", "lan", "home", "corp", "intranet")
AGENT = "Mozilla/5.0 (compatible; Quire)"
CHUNK_BYTES = 64 * 1024

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(httpcore.ConnectError):
    """An address nobody may reach from here."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    ip: IP = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


def checked_web_url(url: str) -> str:
    """An address as it may be fetched, or Invalid that says why not."""
    url = url.strip()
    if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or " " in url:
        raise Invalid(f"The address has at most {URL_CHARACTERS_MAX} characters, none blank.")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Invalid("The address is not a valid URL.") from None
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid("The address must begin with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise Invalid("The address must not contain a name or a password.")
    if host.rpartition(".")[2] in LOCAL_NAMES:
        raise Invalid(f"{host} is not on the public web.")
    if port not in PORTS:
        raise Invalid(f"Port {port} is not one of {', '.join(map(str, PORTS))}.")
    return url


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only; `allowed` names hosts an administrator has let in."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's own form)
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up, refuse what is private, and connect to what was looked up."""
        address = await self._address(host, port)
        return await self._backend.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        await asyncio.sleep(seconds)

    async def _address(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise httpcore.ConnectError(f"{host} is not known.") from None
        addresses = [str(each[4][0]) for each in found]
        if not addresses:
            raise httpcore.ConnectError(f"{host} is not known.")
        if host not in self._allowed and not all(is_public(each) for each in addresses):
            raise Blocked(f"{host} is not on the public web.")
        return addresses[0]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool that looks before it connects."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        context = ssl.create_default_context()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(allowed),
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: where it led in the end, its media type, and its bytes."""

    url: str
    media_type: str
    charset: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What an address answered to what it was sent, as far as that is read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedClient:
    """Fetches what people name. Use it in `async with`."""

    def __init__(self, *, allowed: Iterable[str] = (), ports: Iterable[int] = ()) -> None:
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(allowed),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(SECONDS_MAX, connect=CONNECT_SECONDS),
            headers={"user-agent": AGENT, "accept-encoding": "gzip"},
        )
        self._allowed = frozenset(allowed)
        self._ports = frozenset(ports)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def fetch(self, url: str, *, bytes_max: int = BYTES_MAX) -> Fetched:
        """Get a document. Invalid: nobody may; Unavailable: it does not come."""
        async with explaining(url):
            return await self._follow(url, bytes_max)

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answered:
        """Send a document, once, and follow nothing. Refused as `fetch` refuses."""
        async with explaining(url):
            request = self._client.build_request(
                "POST", self.checked(url), content=content, headers=dict(headers)
            )
            response = await self._client.send(request, stream=True)
            async with aclosing(response):
                taken = bytearray()
                async for chunk in unpacked(response, ANSWER_BYTES_MAX, request.url.host):
                    taken += chunk
                    if len(taken) >= ANSWER_BYTES_MAX:
                        break
                return Answered(response.status_code, response.headers, bytes(taken))

    async def _follow(self, url: str, bytes_max: int) -> Fetched:
        for _ in range(REDIRECTS_MAX + 1):
            url = self.checked(url)
            try:
                request = self._client.build_request("GET", url)
            except (httpx.InvalidURL, UnicodeError):
                raise Invalid("The address is not a valid URL.") from None
            response = await self._client.send(request, stream=True)
            async with aclosing(response):
                if not response.is_redirect:
                    return await whole(url, response, bytes_max)
                url = urljoin(url, response.headers["location"])
        raise Unavailable(f"{urlsplit(url).hostname} redirects more than {REDIRECTS_MAX} times.")

    def checked(self, url: str) -> str:
        """An address as it may be asked, or Invalid that says why not."""
        parts = urlsplit(url)
        if parts.hostname in self._allowed and parts.port in self._ports:
            return url
        return checked_web_url(url)


@asynccontextmanager
async def explaining(url: str) -> AsyncIterator[None]:
    """Ask within the time there is; say in plain words why it did not work."""
    host = url
    try:
        host = urlsplit(url).hostname or url
        async with asyncio.timeout(SECONDS_MAX):
            yield
    except (ValueError, httpx.InvalidURL):  # the address, or one that it redirects to
        raise Invalid("The address is not a valid URL.") from None
    except TimeoutError:
        raise Unavailable(f"{host} took longer than {SECONDS_MAX:g} seconds.") from None
    except httpx.HTTPError as error:
        if "not on the public web" in str(error):
            raise Invalid(str(error)) from None
        raise Unavailable(f"{host} cannot be reached.") from None


async def whole(url: str, response: httpx.Response, bytes_max: int) -> Fetched:
    """The body of a response, unpacked, within its limit."""
    host = urlsplit(url).hostname or ""
    if not response.is_success:
        raise Unavailable(f"{host} answered with the status {response.status_code}.")
    taken = bytearray()
    async for chunk in unpacked(response, bytes_max, host):
        taken += chunk
        if len(taken) > bytes_max:
            raise too_much(host, bytes_max)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(url, media_type, response.charset_encoding, bytes(taken))


async def unpacked(response: httpx.Response, bytes_max: int, host: str) -> AsyncIterator[bytes]:
    """The bytes as they were before packing; a bomb goes off a little at a time."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    raw = response.aiter_raw(CHUNK_BYTES)
    if encoding in ("", "identity"):
        async for chunk in raw:
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unavailable(f"{host} packs its pages in an unknown way.")
    opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        async for chunk in raw:
            piece = opener.decompress(chunk, bytes_max + 1)
            yield piece
            if opener.unconsumed_tail:
                raise too_much(host, bytes_max)
        yield opener.flush()
    except zlib.error:
        raise Unavailable(f"{host} sent a page that cannot be unpacked.") from None


def too_much(host: str, bytes_max: int) -> Unavailable:
    """More came than is taken."""
    return Unavailable(f"The page of {host} is larger than {bytes_max // 2**20} MB.")
