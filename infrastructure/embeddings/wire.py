"""Writes ONNX models: just as much of protocol buffers as graphs of a few kinds of nodes need."""

import struct
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

IR_VERSION = 8
OPERATORS = {"": 17, "com.microsoft": 1}
FLOAT, INT32, INT64 = 1, 6, 7
TYPES = {"float32": FLOAT, "int32": INT32, "int64": INT64}
ATTRIBUTES: dict[type, tuple[int, int]] = {float: (2, 1), int: (3, 2)}
EXTERNAL = 1

Value = int | float | str | bytes
Axes = tuple[int | str, ...]


def varint(number: int) -> bytes:
    """A number in as many bytes as it needs."""
    taken = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        taken.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*taken, number))


def entry(number: int, value: Value) -> bytes:
    """One field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields: tuple[int, Value]) -> bytes:
    """A message of these fields."""
    return b"".join(entry(number, value) for number, value in fields)


@dataclass(slots=True)
class Graph:
    """A graph that is being put together; everything in it has a name."""

    nodes: list[bytes] = field(default_factory=list)
    tensors: list[bytes] = field(default_factory=list)

    def node(
        self, operator: str, inputs: tuple[str, ...], *outputs: str, **attributes: float
    ) -> str:
        """Compute something; operators with a domain are written `domain:name`."""
        domain, _, name = operator.rpartition(":")
        chosen = [(5, attribute(each, value)) for each, value in attributes.items()]
        ins, outs = [(1, each) for each in inputs], [(2, each) for each in outputs]
        self.nodes.append(message(*ins, *outs, (4, name), *chosen, (7, domain)))
        return outputs[0]

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A tensor within the model."""
        kind = TYPES[str(array.dtype)]
        sizes = [(1, size) for size in array.shape]
        self.tensors.append(message(*sizes, (2, kind), (8, name), (9, array.tobytes())))
        return name

    def stored(self, name: str, shape: tuple[int, ...], place: tuple[str, int, int]) -> str:
        """A tensor of floats in a file: its name, where it begins there, and how long it is."""
        keys = zip(("location", "offset", "length"), place, strict=True)
        where = [(13, message((1, key), (2, str(value)))) for key, value in keys]
        sizes = [(1, size) for size in shape]
        self.tensors.append(message(*sizes, (2, FLOAT), (8, name), *where, (14, EXTERNAL)))
        return name

    def model(self, inputs: dict[str, tuple[int, Axes]], outputs: dict[str, Axes]) -> bytes:
        """The whole model; its outputs are floats."""
        graph = message(
            *((1, each) for each in self.nodes),
            (2, "graph"),
            *((5, each) for each in self.tensors),
            *((11, port(name, *each)) for name, each in inputs.items()),
            *((12, port(name, FLOAT, axes)) for name, axes in outputs.items()),
        )
        versions = [(8, message((1, each), (2, version))) for each, version in OPERATORS.items()]
        return message((1, IR_VERSION), (7, graph), *versions)


def attribute(name: str, value: float) -> bytes:
    """A number that a node is given."""
    number, kind = ATTRIBUTES[type(value)]
    return message((1, name), (number, value), (20, kind))


def port(name: str, kind: int, axes: Axes) -> bytes:
    """An input or output; an axis is its size or a name for it."""
    dims = [(1, message((2 if isinstance(axis, str) else 1, axis))) for axis in axes]
    return message((1, name), (2, message((1, message((1, kind), (2, message(*dims)))))))
