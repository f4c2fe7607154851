"""Finds passages of files: by words in PostgreSQL, by meaning in the live vector index."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, LiteralString, Protocol
from uuid import UUID

from application.documents.ports import Embedder, Hit, Unfit, Vectors, VectorStore
from application.documents.settings import Mode
from application.ports import Unavailable
from application.retrieval.ports import Found, Passage, Ranking
from infrastructure.documents.indexes import Index
from infrastructure.lines import Lines

LEXEMES_MAX = 48
ROWS_PER_WORD_MAX = 2_000
SCORED_MAX = 80
APART_MAX = 4
MEANING_SECONDS_MAX = 6.0

# The index that is live; and before the first one is, the one that is being filled.
ASKED: LiteralString = """(
    select id from documents.indexes where state in ('live', 'filling')
    order by state = 'live' desc limit 1)"""
# BM25. Each word of the question is looked up for itself, in so many rows at most, so that
# neither a long question nor a common word costs much; a rare word, which decides, is found in
# all its rows, and so is what has all of the words. The best are scored by how often they have
# which, and whether these stand side by side as in the question. The plan depends on how many
# files there are, so it is made anew each time.
WORDS: LiteralString = rf"""
with scope as materialized (
    select file_id, cutting, passages from documents.indexed
    where index_id = {ASKED} and file_id = any (%(files)s)
), asked as materialized (
    select coalesce(nullif(to_tsvector('pg_catalog.english', %(query)s), ''),
                    to_tsvector('pg_catalog.simple', %(query)s)) as words
), found as materialized (
    select lexeme, positions,
        ('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''')::tsquery as word
    from asked cross join lateral unnest(words) limit %(lexemes)s
), lexemes as (
    select lexeme, word from found
    union all
    select '', string_agg(word::text, '&')::tsquery from found having count(*) > 1
), hits as materialized (
    select l.lexeme, h.id, h.file_id, h.cutting
    from lexemes l cross join lateral (
        select p.id, p.file_id, p.cutting from documents.passages p
        where p.words @@ l.word and p.file_id = any (%(files)s)
        limit %(rows)s) h
), sized as (
    select greatest(sum(passages), 1)::float8 as passages from scope
), weights as (
    select h.lexeme, ln(1 + (greatest(max(s.passages), count(*)) - count(*) + 0.5)
                        / (count(*) + 0.5)) as weight
    from hits h cross join sized s group by h.lexeme
), best as materialized (
    select h.id, sum(w.weight) as weight
    from hits h join weights w using (lexeme) join scope s using (file_id, cutting)
    group by h.id order by weight desc, h.id limit %(scored)s
), counted as (
    select p.id, p.tokens, w.weight, cardinality(u.positions) as n
    from best b join documents.passages p using (id)
    cross join lateral unnest(p.words) u join weights w using (lexeme)
), scored as (
    select id, sum(weight * n * 2.2 / (n + 1.2 * (0.25 + 0.75 * tokens / mean)))::float8 as score
    from (select *, avg(tokens) over () as mean from counted) c
    group by id order by score desc, id limit %(limit)s
), placed as (
    select lexeme, word, place from found cross join lateral unnest(positions) place
), pairs as materialized (
    select tsquery_phrase(a.word, b.word, b.place - a.place) as phrase,
        (v.weight + w.weight) / 2 as weight
    from (select *, lead(place) over (order by place) as following from placed) a
    join placed b on b.place = a.following and b.place - a.place <= %(apart)s
    join weights v on v.lexeme = a.lexeme join weights w on w.lexeme = b.lexeme
    limit %(lexemes)s
)
select s.id, s.score + coalesce(sum(q.weight), 0) as score
from scored s join documents.passages p using (id) left join pairs q on p.words @@ q.phrase
group by s.id, s.score order by score desc, s.id
"""  # noqa: S608
COLUMNS: LiteralString = """
    p.id, p.file_id, p.cutting, p.ordinal, p.text, p.headings, p.page, p.start_at, p.end_at, p.hash
"""
BY_ID: LiteralString = f"""
    select {COLUMNS} from documents.passages p
    where p.id = any (%(ids)s) and p.file_id = any (%(files)s)
"""  # noqa: S608
AROUND: LiteralString = f"""
    select distinct {COLUMNS}
    from unnest(%(ids)s::uuid[], %(cuttings)s::text[], %(ordinals)s::int[])
        as n (file_id, cutting, ordinal)
    join documents.passages p on p.file_id = n.file_id and p.cutting = n.cutting
        and p.ordinal between n.ordinal - %(reach)s and n.ordinal + %(reach)s
    where p.file_id = any (%(files)s)
"""  # noqa: S608
OF_TEXTS: LiteralString = f"""
    from documents.texts t
    join documents.indexed i on i.file_id = t.file_id and i.text_sha256 = t.sha256
    where i.index_id = {ASKED} and t.file_id = any (%(files)s)
"""
SIZES: LiteralString = f"select coalesce(sum(length(t.body)), 0) {OF_TEXTS}"
TEXTS: LiteralString = f"select t.file_id, t.body {OF_TEXTS} order by t.file_id"


class Targets(Protocol):
    """Which indexes there are."""

    async def targets(self) -> list[Index]:
        """The live one, and one that is being filled."""


class Engines(Protocol):
    """What an index works with. Both raise Unavailable or Unfit."""

    async def store_of(self, index: Index) -> VectorStore:
        """Where its vectors lie."""

    async def embedder_of(self, index: Index) -> Embedder:
        """What turns texts into such vectors."""


@dataclass(frozen=True, slots=True)
class PassageSearch:
    """The `Search` port."""

    lines: Lines
    indexes: Targets
    engines: Engines

    async def find(
        self, queries: Sequence[str], file_ids: Collection[UUID], *, mode: Mode, limit: int
    ) -> Found:
        """What is nearest to the queries, by words and meaning at the same time.

        When the index cannot be asked, words alone are found, and it is said why.
        """
        files = list(file_ids)
        took: dict[str, float] = {}
        meaning = asyncio.create_task(self._meaning(queries, files, mode, limit, took))
        try:
            rankings = await self._words(queries, files, limit, took) if mode != "meaning" else []
            found, lacking = await meaning
            if mode == "meaning" and lacking:
                rankings = await self._words(queries, files, limit, took)
        finally:
            meaning.cancel()
        return Found([*rankings, *found], took, lacking)

    async def passages(
        self, ids: Collection[UUID], file_ids: Collection[UUID]
    ) -> Mapping[UUID, Passage]:
        """Passages by their ids, of these files only."""
        if not ids:
            return {}
        what = {"ids": list(ids), "files": list(file_ids)}
        return {row[0]: passage_of(row) for row in await self.lines.rows(BY_ID, what)}

    async def around(
        self, passages: Sequence[Passage], reach: int, file_ids: Collection[UUID]
    ) -> Sequence[Passage]:
        """The passages up to so many before and after each one, of these files only."""
        what: dict[str, Any] = {
            "ids": [each.file_id for each in passages],
            "cuttings": [each.cutting for each in passages],
            "ordinals": [each.ordinal for each in passages],
        }
        what |= {"reach": reach, "files": list(file_ids)}
        return [passage_of(row) for row in await self.lines.rows(AROUND, what)]

    async def texts(
        self, file_ids: Collection[UUID], characters_max: int
    ) -> Sequence[Passage] | None:
        """The whole text of each file; None when together they are longer."""
        what = {"files": list(file_ids)}
        size = await self.lines.row(SIZES, what)
        if size is None or size[0] > characters_max:
            return None
        rows = await self.lines.rows(TEXTS, what)
        return [Passage("", body, file_id=key, end=len(body)) for key, body in rows]

    async def _words(
        self, queries: Sequence[str], files: list[UUID], limit: int, took: dict[str, float]
    ) -> list[Ranking]:
        begun = monotonic()
        found = await asyncio.gather(*(self._by_words(each, files, limit) for each in queries))
        note(took, "words", begun)
        return found

    async def _by_words(self, query: str, files: list[UUID], limit: int) -> Ranking:
        what = {"query": query.replace("\x00", " "), "files": files, "limit": limit}
        what |= {"lexemes": LEXEMES_MAX, "rows": ROWS_PER_WORD_MAX}
        what |= {"scored": SCORED_MAX, "apart": APART_MAX}
        rows = await self.lines.rows(WORDS, what, prepare=False)
        return Ranking("words", [Hit(*row) for row in rows])

    async def _meaning(
        self,
        queries: Sequence[str],
        files: list[UUID],
        mode: Mode,
        limit: int,
        took: dict[str, float],
    ) -> tuple[list[Ranking], str]:
        """What is nearest in meaning, or why that cannot be found."""
        if mode == "words":
            return [], ""
        try:
            async with asyncio.timeout(MEANING_SECONDS_MAX):
                return await self._by_meaning(queries, files, mode, limit, took), ""
        except TimeoutError:
            return [], "The vector index did not answer in time."
        except (Unavailable, Unfit) as error:
            return [], str(error)

    async def _by_meaning(
        self,
        queries: Sequence[str],
        files: list[UUID],
        mode: Mode,
        limit: int,
        took: dict[str, float],
    ) -> list[Ranking]:
        index = asked(await self.indexes.targets())
        if index is None:
            raise Unavailable("There is no vector index yet.")
        begun = monotonic()
        embedder, store = await asyncio.gather(
            self.engines.embedder_of(index), self.engines.store_of(index)
        )
        if embedder.space != index.space:
            raise Unavailable("The vector index waits to be made anew for another model.")
        vectors = await embedder.embed(queries, "query")
        note(took, "embed", begun)
        begun = monotonic()
        look = Look(store, index.name, limit, files, hybrid=mode == "hybrid" and store.is_hybrid)
        pairs = zip(queries, vectors, strict=True)
        found = await asyncio.gather(*(look.one(query, vector) for query, vector in pairs))
        note(took, "meaning", begun)
        return list(found)


@dataclass(frozen=True, slots=True)
class Look:
    """How a store is asked."""

    store: VectorStore
    index: str
    limit: int
    files: list[UUID]
    hybrid: bool

    async def one(self, query: str, vector: Vectors) -> Ranking:
        """What is nearest to one query."""
        if self.hybrid:
            hits = await self.store.hybrid(
                self.index, query, vector, limit=self.limit, file_ids=self.files
            )
            return Ranking("hybrid", hits)
        hits = await self.store.search(self.index, vector, limit=self.limit, file_ids=self.files)
        return Ranking("meaning", hits)


def asked(targets: Sequence[Index]) -> Index | None:
    """The index that questions are put to."""
    return min(targets, key=lambda each: each.state != "live", default=None)


def passage_of(row: tuple[Any, ...]) -> Passage:
    """A passage as it is kept; its name is that of its file, which is known elsewhere."""
    key, file_id, cutting, ordinal, text, headings, page, start, end, digest = row
    return Passage(
        "",
        text,
        id=key,
        file_id=file_id,
        cutting=cutting,
        ordinal=ordinal,
        headings=headings,
        page=page,
        start=start,
        end=end,
        hash=bytes(digest),
    )


def note(took: dict[str, float], stage: str, since: float) -> None:
    """Keep how long a stage took."""
    took[stage] = round((monotonic() - since) * 1000, 1)
