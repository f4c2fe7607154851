"""A client that remembers every byte it was sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from tests.world import Person, World


@dataclass(slots=True)
class Tee(httpx.AsyncByteStream):
    """A body that is kept while it is read."""

    stream: httpx.AsyncByteStream
    kept: bytearray

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.stream:
            self.kept += part
            yield part

    async def aclose(self) -> None:
        await self.stream.aclose()


@dataclass(slots=True)
class Recording(httpx.AsyncBaseTransport):
    """Heads and bodies, each apart, so that words are never torn between two of them."""

    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    parts: list[bytearray] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        head = b"\n".join(b"%b: %b" % pair for pair in response.headers.raw)
        kept = bytearray()
        self.parts += [bytearray(head), kept]
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = Tee(response.stream, kept)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()

    @property
    def size(self) -> int:
        return sum(len(each) for each in self.parts)

    def said(self, word: str) -> bool:
        """Whether a word was sent, in letters of any size."""
        found = word.lower().encode()
        return any(found in bytes(each).lower() for each in self.parts)

    def forget(self) -> None:
        """Begin anew."""
        self.parts.clear()


def recorded(world: World, person: Person) -> tuple[Person, Recording]:
    """The same person with another client, which remembers."""
    recording = Recording()
    client = httpx.AsyncClient(
        base_url=world.base_url,
        headers={"Authorization": f"Bearer {person.token}", "Accept-Encoding": "identity"},
        timeout=30,
        transport=recording,
    )
    world.clients.append(client)
    return Person(client, person.token, person.user, person.position), recording
