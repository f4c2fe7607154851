"""The table, and what is written around it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.bench.figures import commit, load
from tests.quality.library import Library, Way
from tests.quality.measuring import FIRST, RANKED, Outcomes
from tests.quality.questions import KINDS, Question, texts

HEAD = """# How well passages are found

Written by `make quality`, which asks {questions} questions about {files} old texts
(`tests/quality`: {characters:,} characters, {passages} passages) through the product's own way from
the upload to the answer of the built-in Reader. PostgreSQL with pgvector, the embedding model that
comes with Quire (all-MiniLM-L6-v2), and the settings of a fresh installation: passages of 256
tokens, 8 of them and their neighbours within 4,000 tokens for a model to read.

Commit {commit}. Load of the machine: {load}.

Of the questions {exact} ask for names and numbers as they stand in the text (*exact*), {paraphrase}
say it in words the text does not have (*paraphrase*), {similar} have an answer beside which others
look much alike (*similar*), such as two messages of one President, or the many kinds of whales. The
last {none} have no answer in the texts. The questions were written before the first measurement;
one of them got two more quotations afterwards, which answer it too.

"""
COLUMNS = """
- *recall@{first}*: for how many of the questions with an answer it stands in one of the first
  {first} passages. The next three columns are the same for each kind of question.
- *MRR@{ranked}*: the mean of 1 over the place of the first passage that has it; none below the
  {ranked}th place.
- *read*: for how many it is in what a language model gets to read.
- *cited*: for how many a passage that the Reader cites has it. The Reader is no language model: it
  cites what shares words with the question, or is very near to it in meaning.
- *quoted*: for how many the very words that the Reader quotes have it.
- *right*: of all passages that the Reader cites for questions with an answer, how many have it.
- *declined*: for how many of the questions without an answer the Reader says that it found none.
- *p50*: half of the questions were searched for within this time, while the machine did whatever
  else it was doing.

The answer to a question is an exact quotation; a passage has it when it holds the quotation whole,
but for line breaks. What says the same in other words counts as missed.

The reranker of the last row is the built-in one (settings, documents, retrieval: *Built in*;
`infrastructure/rerankers/late.py`). It is no trained cross-encoder, of which no weights come with
Quire: it compares question and passage token by token with the model that embeds (late interaction:
for each token of the question the nearest one of the passage, rare tokens counting more). Nothing
was read before the first question; what it read last of about 400 passages it remembers.

## What the built-in reranker costs

Thirty passages of about 190 tokens: 2.3 s on one core when it reads them for the first time (median
of six; 1.9 to 3.7 s, on a machine that did other work too), 14 ms when it remembers them (11 to 53
ms). These texts are few: most passages were remembered when they were asked for, which is why the
table has less than 2 s; among many texts a question takes about that. It stops reading after 4 s,
the best candidates first; what it did not read then stays last. Memory: about 60 MB for what it
remembers, and the model, both let go after five idle minutes. That is why it is off in a fresh
installation: a search over twenty files takes 19 ms without it, and would take two seconds with it.

## How to read this

- One question is about 1.3 points. With so few of them, a share of 84 % may as well be 75 % or 92 %
  on others of the same kind (19 times of 20); on other texts all figures will be others. English
  prose is what this embedding model is best at.
- Full text fails where question and text share no words, and the vector search fails on details
  within long passages. Together they find more than each alone; that is why hybrid is the default.
- A reranker brings most: it sees details that the one vector of a passage does not have. How well a
  trained cross-encoder does was not measured.
- The built-in Reader cites less than a language model could: compare *read*, which is the limit for
  whoever answers from these passages. A question in other words than the text has is where it
  fails, and it quotes three sentences at most, not always those with the answer.

## What was changed because of this

Measured on the same questions, hybrid without a reranker, one change after the other; the table
above has them all:

- Fusion weighs each place by how good its score is beside the others of its ranking. Before, with
  places alone: recall@5 80 %, MRR 0.625; with it 84 %, 0.694. MRR rose in each of the eight texts,
  and by 0.04 to 0.12 in 95 % of random draws of the questions. The constants are the usual ones (60
  of reciprocal rank fusion, equal weights); values near them gave the same within a point.
- The Reader weighs the words of a question by how few of the passages have them. Before: cited
  67 %, right 61 %, declined 6 of 8. So it cites a little less, and is right more often.
- The Reader takes the lines of wrapped prose together to sentences, and knows that no sentence ends
  after "Mr." Before: quoted 26 %.

## Not found among the first {first}

{missed}
"""


def report(library: Library, asked: Sequence[Question], found: Mapping[Way, Outcomes]) -> str:
    """All of docs/retrieval-quality.md."""
    counts: Counter[str] = Counter(each.kind for each in asked)
    known = texts()
    head = HEAD.format(
        questions=len(asked),
        files=len(library.files),
        characters=sum(len(known[name]) for name in library.files.values()),
        passages=library.passages,
        commit=commit(),
        load=load(),
        **counts,
    )
    columns = COLUMNS.format(first=FIRST, ranked=RANKED, missed=missed(found))
    return head + table(found) + "\n" + columns


def table(found: Mapping[Way, Outcomes]) -> str:
    """One line for each way of searching."""
    head = ("", f"recall@{FIRST}", *KINDS, f"MRR@{RANKED}", "read", "cited", "quoted", "right")
    lines = [(*head, "declined", "p50"), *(line(way, each) for way, each in found.items())]
    widths = [max(len(each[place]) for each in lines) for place in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(each, widths, strict=True)) + " |"
        for each in lines
    )


def line(way: Way, each: Outcomes) -> tuple[str, ...]:
    shares = (
        each.recall(),
        *map(each.recall, KINDS),
        each.read(),
        each.cited(),
        each.quoted(),
        each.exactness(),
        each.declined(),
    )
    cells = list(map(percent, shares))
    cells.insert(1 + len(KINDS), f"{each.reciprocal_rank():.3f}")
    return (way.name, *cells, f"{each.milliseconds():.0f} ms")


def percent(part: float) -> str:
    return f"{part * 100:.0f} %"


def missed(found: Mapping[Way, Outcomes]) -> str:
    """Which questions no way, or not all ways, found the answer of."""
    by_question: dict[str, list[str]] = {}
    for way, outcomes in found.items():
        for each in outcomes.missed():
            by_question.setdefault(each.text, []).append(way.name.replace("hybrid, ", ""))
    return "\n".join(f"- {text} ({', '.join(ways)})" for text, ways in by_question.items())
