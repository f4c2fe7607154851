"""The model all-MiniLM-L6-v2 by hand, in numpy: what the fast one must agree with."""

import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

erf = np.vectorize(math.erf)


class Plain:
    """A forward pass as the paper has it, one text at a time, in double precision."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        begin = 8 + int.from_bytes(data[:8], "little")
        self.weights: dict[str, Floats] = {}
        for name, tensor in json.loads(data[8:begin]).items():
            if name != "__metadata__" and tensor["dtype"] == "F32":
                first, last = (begin + each for each in tensor["data_offsets"])
                flat = np.frombuffer(data[first:last], "<f4")
                self.weights[name] = flat.astype(np.float64).reshape(tensor["shape"])

    def vector(self, ids: list[int]) -> Floats:
        w = self.weights
        hidden = w["embeddings.word_embeddings.weight"][ids]
        hidden = hidden + w["embeddings.position_embeddings.weight"][: len(ids)]
        hidden = hidden + w["embeddings.token_type_embeddings.weight"][0]
        hidden = self.norm("embeddings.LayerNorm", hidden)
        for number in range(6):
            hidden = self.layer(f"encoder.layer.{number}", hidden)
        mean = hidden.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    def layer(self, name: str, hidden: Floats) -> Floats:
        seen = self.dense(f"{name}.attention.output.dense", self.attend(name, hidden))
        seen = self.norm(f"{name}.attention.output.LayerNorm", seen + hidden)
        wide = self.dense(f"{name}.intermediate.dense", seen)
        bent = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        narrow = self.dense(f"{name}.output.dense", bent)
        return self.norm(f"{name}.output.LayerNorm", narrow + seen)

    def attend(self, name: str, hidden: Floats) -> Floats:
        query, key, value = (
            self.dense(f"{name}.attention.self.{each}", hidden).reshape(-1, 12, 32)
            for each in ("query", "key", "value")
        )
        scores = np.einsum("qhd,khd->hqk", query, key) / math.sqrt(32)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        seen: Floats = np.einsum("hqk,khd->qhd", shares, value).reshape(len(hidden), -1)
        return seen

    def dense(self, name: str, taken: Floats) -> Floats:
        dense: Floats = taken @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return dense

    def norm(self, name: str, taken: Floats) -> Floats:
        centred = taken - taken.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        normed: Floats = scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return normed
