"""`quire evaluation classify`: find out what battles are about."""

import argparse
import sys
from contextlib import aclosing
from typing import Any

from infrastructure.evaluation.classifying import Classifying, languages
from infrastructure.evaluation.questions import Questions
from interfaces.cli.evaluation_house import House


def register(parts: Any) -> None:
    """Add the part."""
    text = "say category, language and tags of battles where nobody did, and read all questions"
    parser = parts.add_parser("classify", help=text, description=f"{text.capitalize()}.")
    parser.set_defaults(action=classify)


async def classify(house: House, _: argparse.Namespace) -> int:
    """Say it of each battle, then read what topics are compared with; to begin again is no loss."""
    questions = Questions(house.log, house.lines, house.embedder)
    async with aclosing(languages()) as known:
        said = await Classifying(questions, known).all(report)
    await questions.read()
    tell(f"{said:,} battles were classified; all questions are read.")
    return 0


def report(seen: int, said: int) -> None:
    """How far it is."""
    tell(f"{seen:,} battles seen, {said:,} classified", end="\r" if sys.stdout.isatty() else "\n")


def tell(text: str, *, end: str = "\n") -> None:
    """Tell whoever called."""
    sys.stdout.write(text + end)
    sys.stdout.flush()
