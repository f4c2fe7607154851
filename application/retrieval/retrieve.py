"""The whole way from queries to numbered sources, and how long each stage took."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from uuid import UUID

from application.answering.context import BYTES_PER_TOKEN
from application.documents.ports import Reranker, Unfit
from application.documents.settings import Retrieval as Settings
from application.ports import Unavailable
from application.retrieval import budget, merge
from application.retrieval.fusion import fused
from application.retrieval.merge import Block
from application.retrieval.ports import Candidate, Passage, Scores, Search, named_by
from application.retrieval.prompting import Source, numbered

HITS = 32  # of each way of searching
CANDIDATES_MAX = 48
RERANKED_MAX = 32
RERANK_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look for, in which files by name, and how much may come of it.

    `whole_ids` are files to be read whole if they fit into `room_tokens`.
    """

    queries: Sequence[str]
    files: Mapping[UUID, str]
    settings: Settings
    room_tokens: int
    whole_ids: frozenset[UUID] = frozenset()
    web: Sequence[Candidate] = ()


@dataclass(slots=True)
class Retrieved:
    """What was found, best first, and what of it is used."""

    candidates: Sequence[Candidate] = ()
    sources: Sequence[Source] = ()
    milliseconds: dict[str, float] = field(default_factory=dict)
    lacking: str = ""
    too_long: Sequence[UUID] = ()

    def took(self, stage: str, since: float) -> None:
        """Note how long a stage took."""
        self.milliseconds[stage] = round((monotonic() - since) * 1000, 1)


async def retrieve(search: Search, wish: Wish, reranker: Reranker | None = None) -> Retrieved:
    """Find, order, and choose what fits. Only passages of the wish's files come out."""
    begun = monotonic()
    done = Retrieved()
    tokens = min(wish.settings.budget_tokens, wish.room_tokens)
    whole = await _whole(search, wish, done)
    if whole:
        tokens = min(tokens, wish.room_tokens - sum(budget.weight(each.quoted) for each in whole))
    read = {each.quoted.file_id for each in whole}
    rest = {key: name for key, name in wish.files.items() if key not in read}
    found = await candidates_of(search, replace(wish, files=rest), done)
    done.candidates = await reranked(wish.queries, found, reranker, done)
    chosen = await _chosen(search, wish, done.candidates, tokens)
    done.sources = numbered([*whole, *chosen])
    done.took("total", begun)
    return done


async def _whole(search: Search, wish: Wish, done: Retrieved) -> list[Block]:
    """The whole texts of the files that are to be read whole; none when they do not fit."""
    ids = wish.whole_ids & wish.files.keys()
    if not ids:
        return []
    begun = monotonic()
    texts = await search.texts(ids, int(wish.room_tokens * BYTES_PER_TOKEN))
    done.took("whole", begun)
    if texts is None or sum(map(budget.weight, texts)) > wish.room_tokens:
        done.too_long = sorted(ids)
        return []
    named = [named_by(wish.files, each) for each in texts]
    return [Block(each.text, each, [Candidate(each, Scores())]) for each in named]


async def candidates_of(search: Search, wish: Wish, done: Retrieved) -> list[Candidate]:
    """Passages that may fit, best first, each text once."""
    found: list[Candidate] = []
    if wish.files and wish.queries:
        hits = await search.find(wish.queries, wish.files, mode=wish.settings.mode, limit=HITS)
        done.milliseconds.update(hits.milliseconds)
        done.lacking = hits.lacking
        best = fused(hits.rankings)[:CANDIDATES_MAX]
        passages = await search.passages([key for key, _ in best], wish.files)
        found = [
            Candidate(named_by(wish.files, passages[key]), scores)
            for key, scores in best
            if key in passages
        ]
    both = sorted([*found, *wish.web], key=lambda each: -(each.scores.fused or 0))
    least = wish.settings.threshold
    good = [each for each in both if each.scores.meaning is None or each.scores.meaning >= least]
    return merge.without_duplicates(good if least > 0 else both)


async def reranked(
    queries: Sequence[str],
    found: Sequence[Candidate],
    reranker: Reranker | None,
    done: Retrieved,
) -> list[Candidate]:
    """The best candidates in the order of one who reads them; as they were when he is away."""
    some = list(found[:RERANKED_MAX])
    if reranker is None or not some:
        return list(found)
    begun = monotonic()
    texts = [f"{each.passage.headings}\n{each.passage.text}".strip() for each in some]
    try:
        async with asyncio.timeout(RERANK_SECONDS_MAX):
            ranked = await reranker.rerank("\n".join(queries), texts)
    except (Unavailable, Unfit, TimeoutError) as error:
        done.lacking = done.lacking or f"The reranker cannot be asked: {error or 'too slow'}"
        return list(found)
    done.took("rerank", begun)
    ordered = [
        replace(some[each.place], scores=replace(some[each.place].scores, rerank=each.score))
        for each in ranked
    ]
    return [*ordered, *found[RERANKED_MAX:]]


async def _chosen(
    search: Search, wish: Wish, found: Sequence[Candidate], tokens: int
) -> list[Block]:
    """What fits, with its neighbours as far as they fit too."""
    settings = wish.settings
    chosen, left = budget.fitting(found, settings.passages, tokens)
    around: Sequence[Passage] = ()
    kept = [each.passage for each in chosen if each.passage.file_id]
    if settings.neighbours and left and kept:
        near = await search.around(kept, settings.neighbours, wish.files)
        around = budget.room_around(chosen, near, settings.neighbours, left)
    return merge.blocks(chosen, around)
