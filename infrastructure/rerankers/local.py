"""Reranks on this machine with a cross-encoder: any model in ONNX form with its tokenizer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Ranked
from infrastructure.embeddings.resident import IDLE_SECONDS, Resident, open_session
from infrastructure.embeddings.runs import Ids, padded, runs
from infrastructure.embeddings.texts import clean
from infrastructure.rerankers.http import ranked

if TYPE_CHECKING:
    from tokenizers import Encoding

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
TOKENS_MAX = 512
CHARACTERS_MAX = 8_000
CLASSES_MAX = 2  # how well, or no and yes
INPUTS = frozenset(("input_ids", "attention_mask", "token_type_ids"))
FILLERS = ("[PAD]", "<pad>")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a text, as the model reads them."""

    ids: list[int]
    segments: list[int]


class CrossEncoder:
    """The model, loaded; raises ValueError or OSError where the folder does not hold one."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 (only those who rerank pay for it)

        text = (folder / TOKENIZER).read_text(encoding="utf-8")
        json.loads(text)  # says more plainly than the library what is wrong
        self._tokenizer = Tokenizer.from_str(text)
        limit = min(TOKENS_MAX, (self._tokenizer.truncation or {}).get("max_length", TOKENS_MAX))
        self._tokenizer.enable_truncation(limit)
        self._tokenizer.no_padding()
        fillers = [self._tokenizer.token_to_id(each) for each in FILLERS]
        self._filler = next((each for each in fillers if each is not None), 0)
        if not (folder / MODEL).is_file():
            raise FileNotFoundError(f"{folder / MODEL} is not there")
        self._session = open_session(str(folder / MODEL))
        self._inputs = {each.name for each in self._session.get_inputs()}
        if not self._inputs <= INPUTS:
            raise ValueError(f"it takes {', '.join(sorted(self._inputs))}")
        self.scores(self.pairs("Does it work?", ["It does."]))  # better now than at a question

    def pairs(self, query: str, texts: Sequence[str]) -> list[Pair]:
        """What the model reads."""
        found: list[Encoding] = [self._tokenizer.encode(query, each) for each in texts]
        return [Pair(each.ids, each.type_ids) for each in found]

    def scores(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """How well each text answers its question, from 0 to 1."""
        ids = [each.ids for each in pairs]
        given: dict[str, Ids] = {
            "input_ids": padded(ids, self._filler),
            "attention_mask": padded([[1] * len(each) for each in ids]),
            "token_type_ids": padded([each.segments for each in pairs]),
        }
        inputs = {name: each for name, each in given.items() if name in self._inputs}
        found = np.asarray(self._session.run(None, inputs)[0], np.float32).reshape(len(pairs), -1)
        if found.shape[1] > CLASSES_MAX:
            raise ValueError(f"it gives {found.shape[1]} numbers for each text")
        against = found[:, 0] if found.shape[1] == CLASSES_MAX else 0
        logits = found[:, -1] - against
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), np.float32)


class LocalReranker:
    """A cross-encoder in a folder of this machine."""

    def __init__(self, folder: Path, idle_seconds: float = IDLE_SECONDS) -> None:
        self._model = Resident(
            f"The reranker in {folder}", lambda: CrossEncoder(folder), idle_seconds
        )

    async def rerank(self, query: str, texts: Sequence[str]) -> list[Ranked]:
        """All texts, best first."""
        if not texts:
            return []
        asked = clean(query[:CHARACTERS_MAX])
        short = [clean(each[:CHARACTERS_MAX]) for each in texts]
        pairs = await self._model.run(lambda model: model.pairs(asked, short), quick=True)
        scores = np.zeros(len(texts), np.float32)
        for run in runs([each.ids for each in pairs]):
            these = [pairs[place] for place in run]
            scores[run] = await self._model.run(
                lambda model, these=these: model.scores(these),  # type: ignore[misc]
                quick=True,
            )
        return ranked([float(each) for each in scores])

    async def aclose(self) -> None:
        """Let go of the model."""
        await self._model.aclose()
