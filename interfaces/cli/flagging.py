"""`quire evaluation flag`: reckon who votes oddly, and record what changed."""

import argparse
import sys
from typing import Any

from infrastructure.evaluation.flagging import record_flags
from interfaces.cli.evaluation_house import House


def register(parts: Any) -> None:
    """Add the part."""
    flag = parts.add_parser("flag", help="reckon who votes oddly, and record what changed")
    flag.add_argument("--space", default="", help="an imported data set of its own")
    flag.set_defaults(action=record)


async def record(house: House, arguments: argparse.Namespace) -> int:
    """Reckon, record, and tell."""
    found = await record_flags(house.boards, house.log, arguments.space)
    for voter in found.flagged:
        sys.stdout.write(f"{voter}\n")
    news = "nothing new" if not found.changes else f"{found.changes} recorded"
    sys.stderr.write(f"{len(found.flagged)} flagged; {news}.\n")
    return 0
