"""What was found for an answer once before: whoever goes on with it has the same sources."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from application.retrieval.merge import Block, blocks
from application.retrieval.ports import Candidate, Passage, Scores, Search, named_by
from application.retrieval.prompting import Source

CHARACTERS_MAX = 1_000_000


async def sources_again(
    search: Search, files: Mapping[UUID, str], found: Sequence[Mapping[str, Any]]
) -> list[Source]:
    """The sources of a record with their old numbers, without those that are gone by now."""
    used = [each for each in found if each["used"]]
    known = await _known(search, files, used)
    numbers: dict[int, list[Candidate]] = defaultdict(list)
    for each in used:
        passage = known.get(_key(each)) or _from_elsewhere(each)
        if passage is not None:
            numbers[each["n"]].append(Candidate(passage, Scores(**each["scores"])))
    return [Source(n, _block(numbers[n])) for n in sorted(numbers)]


async def _known(
    search: Search, files: Mapping[UUID, str], used: Sequence[Mapping[str, Any]]
) -> dict[tuple[Any, Any], Passage]:
    """Passages and whole texts, of the files that may still be read."""
    ids = [UUID(each["passage_id"]) for each in used if each["passage_id"]]
    whole = {UUID(each["file_id"]) for each in used if each["file_id"] and not each["passage_id"]}
    passages = await search.passages(ids, files)
    texts = await search.texts(whole & files.keys(), CHARACTERS_MAX) if whole else None
    found = [*passages.values(), *(texts or ())]
    return {(each.id and str(each.id), str(each.file_id)): named_by(files, each) for each in found}


def _key(each: Mapping[str, Any]) -> tuple[Any, Any]:
    return (each["passage_id"], each["file_id"])


def _from_elsewhere(each: Mapping[str, Any]) -> Passage | None:
    """Of a page of the web or external knowledge, what was quoted is all that is left."""
    if each["file_id"] or not (each["url"] or each.get("quote")):
        return None
    return Passage(
        each.get("title") or each["url"] or "",
        each.get("quote") or "",
        url=each["url"],
        cutting=f"external {each['n']}",
        page=each["page"],
    )


def _block(candidates: Sequence[Candidate]) -> Block:
    """The candidates of one number; they stood together."""
    made = blocks(candidates)
    if len(made) == 1:
        return made[0]
    text = "\n".join(each.text for each in made)
    return Block(text, made[0].quoted, candidates)
