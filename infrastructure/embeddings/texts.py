"""What models are given: clean texts, with the marks that tell some of them what is a question."""

import re
from collections.abc import Sequence

from application.documents.ports import Purpose

# What the makers of some widespread models want before a passage, and before a question.
MARKS = (
    ("nomic-embed-text", "search_document: ", "search_query: "),
    (r"(^|[/_-])e5-(small|base|large)(?!-instruct)", "passage: ", "query: "),
    ("mxbai-embed-large", "", "Represent this sentence for searching relevant passages: "),
    (
        "bge-(small|base|large)-en",
        "",
        "Represent this sentence for searching relevant passages: ",
    ),
    ("embeddinggemma", "title: none | text: ", "task: search result | query: "),
)


def clean(text: str) -> str:
    """A text that can be sent: halves of characters become question marks."""
    return text.encode("utf-8", "replace").decode()


def marked(texts: Sequence[str], model: str, purpose: Purpose) -> list[str]:
    """The texts as this model wants them."""
    name = model.lower()
    found = next((marks for pattern, *marks in MARKS if re.search(pattern, name)), ["", ""])
    mark = found[purpose == "query"]
    return [mark + clean(each) for each in texts]
