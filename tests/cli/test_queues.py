"""`quire evaluation queues`: drawn, listed, taken out and closed from the command line."""

import csv
import io
import json
from pathlib import Path
from uuid import UUID

from tests.arena_sets import simulated
from tests.cli.conftest import Says, arena


def test_a_queue_from_the_command_line(says: Says, tmp_path: Path) -> None:
    simulated(60).write(tmp_path)
    arena(says, tmp_path)
    queues = ("evaluation", "queues")
    assert "no queue" in says(*queues, "list")
    told = says(*queues, "open", "Code", "--size", "5", "--people", "2", "--category", "code")
    key = told.partition(":")[0]
    assert UUID(key)
    assert "5 of " in told
    (listed,) = json.loads(says(*queues, "list", "--json"))
    assert (listed["id"], listed["state"], listed["items"]) == (key, "open", 5)
    assert (listed["annotated"], listed["alpha"]) == (0, None)
    assert says(*queues, "annotations", key) == ""
    (header,) = csv.reader(io.StringIO(says(*queues, "annotations", key, "--csv")))
    assert header[:2] == ["item", "battle_id"]
    says(*queues, "close", key)
    assert "closed" in says(*queues, "list")
    assert "No battle fits" in says(*queues, "open", "X", "--size", "5", "--language", "xx", code=2)
    assert "size" in says(*queues, "open", "X", "--size", "-1", code=2)
    assert "no queue" in says(*queues, "annotations", str(UUID(int=9)), code=2)
