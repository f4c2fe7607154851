"""`make quality`: measure on all texts, print the table, write docs/retrieval-quality.md."""

import asyncio
import sys
import tempfile
from pathlib import Path

from infrastructure.engines.embedded import Engines
from infrastructure.engines.supervisor import Supervisor
from infrastructure.settings import Settings
from tests.bench.figures import ROOT
from tests.engines import FAST, migrate_all
from tests.ingesting import open_ingesting
from tests.quality.library import WAYS, shelved
from tests.quality.measuring import measured
from tests.quality.questions import questions
from tests.quality.report import report, table

DOCUMENT = ROOT / "docs/retrieval-quality.md"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (what a terminal shows)


async def main(settings: Settings) -> str:
    """Everything; the whole report."""
    asked = questions()
    async with open_ingesting(settings) as product:
        say("Taking in the texts ...")
        library = await shelved(product)
        found = {}
        for way in WAYS:
            say(f"Asking {len(asked)} questions: {way.name} ...")
            await library.choose(way)
            found[way] = await measured(library, asked)
        say(table(found))
        return report(library, asked, found)


def run() -> int:
    """Measure on engines that are there for this alone."""
    with tempfile.TemporaryDirectory(prefix="quire-quality-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # engines may run as another user
        own = Settings.from_env({}, data=folder / "engines")
        with Engines(own, Supervisor(), FAST) as engines:
            engines.start()
            migrate_all(engines.database_url)
            settings = Settings.from_env(
                {},
                data=folder / "data",
                database_url=engines.database_url,
                redis_url=engines.redis_url,
                ollama_base_url="off",
            )
            DOCUMENT.write_text(asyncio.run(main(settings)))
    return 0


if __name__ == "__main__":
    sys.exit(run())
