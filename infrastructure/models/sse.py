"""Cuts a byte stream into lines and server-sent events, by hand: it runs for every token."""

from dataclasses import dataclass, field


class TooLong(Exception):
    """One line or event is larger than we take."""


@dataclass(slots=True)
class Lines:
    """Cuts bytes into lines (NDJSON). A character split over chunks stays whole."""

    bytes_max: int
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete with this chunk, without their ends."""
        lines = chunk.split(b"\n")
        last = lines.pop()
        if self._parts and lines:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts.clear()
            self._size = 0
        if last:
            self._parts.append(last)
            self._size += len(last)
            if self._size > self.bytes_max:
                raise TooLong
        return [each[:-1] if each.endswith(b"\r") else each for each in lines]

    def rest(self) -> list[bytes]:
        """What came after the last line end; many servers forget the very last one."""
        rest = b"".join(self._parts)
        self._parts.clear()
        return [rest] if rest else []


@dataclass(slots=True)
class Events:
    """Cuts bytes into the data of server-sent events; comments and names are passed over."""

    bytes_max: int
    _lines: Lines = field(init=False)
    _data: list[bytes] = field(default_factory=list)
    _size: int = 0

    def __post_init__(self) -> None:
        self._lines = Lines(self.bytes_max)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that are complete with this chunk."""
        events: list[bytes] = []
        for line in self._lines.feed(chunk):
            self._take(line, events)
        return events

    def rest(self) -> list[bytes]:
        """The data of an event whose end was forgotten."""
        events: list[bytes] = []
        for line in (*self._lines.rest(), b""):
            self._take(line, events)
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if line.startswith(b"data:"):
            data = line[6:] if line.startswith(b"data: ") else line[5:]
            self._data.append(data)
            self._size += len(data)
            if self._size > self.bytes_max:
                raise TooLong
        elif not line and self._data:
            events.append(b"\n".join(self._data))
            self._data.clear()
            self._size = 0
