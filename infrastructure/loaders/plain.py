"""Files that are texts already: prose, Markdown, source code, data and notebooks."""

import json
from collections.abc import Iterator
from typing import Any

from infrastructure.loaders.base import Draft, Source, Unreadable
from infrastructure.loaders.encodings import decode
from infrastructure.loaders.writer import fenced

LINE_CHARS_MAX = 2_000  # longer lines of JSON are laid out anew
OUTPUT_CHARS_MAX = 20_000
SUFFIXES = {
    "python": "py pyi",
    "javascript": "js mjs cjs jsx",
    "typescript": "ts tsx",
    "c": "c h",
    "cpp": "cpp cc cxx hpp hh",
    "csharp": "cs",
    "bash": "sh bash zsh",
    "powershell": "ps1",
    "batch": "bat cmd",
    "ruby": "rb",
    "rust": "rs",
    "perl": "pl pm",
    "kotlin": "kt kts",
    "haskell": "hs",
    "elixir": "ex exs",
    "erlang": "erl",
    "clojure": "clj",
    "julia": "jl",
    "matlab": "m",
    "fortran": "f90 f95",
    "latex": "tex sty",
    "yaml": "yaml yml",
    "xml": "xml svg xsd xsl rss atom",
    "ini": "ini cfg conf properties env",
    "graphql": "gql graphql",
    "hcl": "tf hcl",
}
SAME = (
    *("java", "go", "php", "swift", "scala", "lua", "r", "sql", "css", "scss", "less", "toml"),
    *("dart", "groovy", "proto", "diff", "patch", "zig", "nim", "vue", "svelte"),
)
LANGUAGES = {
    **{each: each for each in SAME},
    **{suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes.split()},
}
NAMES = {"dockerfile": "dockerfile", "makefile": "makefile", "cmakelists.txt": "cmake"}


def read(source: Source) -> Draft:
    """Prose as it is, source code behind a fence."""
    text = _text(source)
    base = source.name.rpartition("/")[2].lower()
    language = LANGUAGES.get(source.suffix) or NAMES.get(base)
    return Draft((fenced(text, language) if language else text,))


def read_json(source: Source) -> Draft:
    """Data behind a fence, with lines of its own; notebooks cell by cell."""
    text = _text(source)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Draft((fenced(text, "json"),))  # many documents, one a line, or a broken one
    if isinstance(value, dict) and isinstance(value.get("cells"), list) and "nbformat" in value:
        return Draft(_cells(value))
    if max(map(len, text.splitlines()), default=0) > LINE_CHARS_MAX:
        text = json.dumps(value, ensure_ascii=False, indent=1)
    return Draft((fenced(text, "json"),))


def read_told(source: Source) -> Draft:
    """What an engine told, in our form already: form feeds part the pages."""
    text = source.data().decode("utf-8", "replace")
    return Draft(text.split("\f"), is_paged="\f" in text)


def _text(source: Source) -> str:
    if source.size > source.reading.limits.text_bytes_max * 4:
        raise Unreadable("too_large", "The file has more text than can be kept.")
    return decode(source.data()).replace("\f", "\n")


def _cells(notebook: dict[str, Any]) -> Iterator[str]:
    language = _at(notebook, "metadata", "language_info", "name") or "python"
    for cell in notebook["cells"]:
        source = _lines(_at(cell, "source"))
        if _at(cell, "cell_type") == "code":
            yield fenced(source, language if isinstance(language, str) else "")
            yield from _outputs(_at(cell, "outputs"))
        else:
            yield source


def _outputs(outputs: Any) -> Iterator[str]:
    for output in outputs if isinstance(outputs, list) else ():
        shown = _lines(_at(output, "text")) or _lines(_at(output, "data", "text/plain"))
        yield fenced(shown[:OUTPUT_CHARS_MAX])


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _lines(value: Any) -> str:
    """Notebooks keep a text as one, or as a list of lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""
