"""`quire leaderboard --topic` and `quire evaluation classify`."""

import json
from pathlib import Path

from tests.cli.conftest import Says, board
from tests.http.test_topics import MODELS, lines

TOPIC = ("--topic", "programming in Python")


def test_a_topic_is_asked_published_and_verified(
    says: Says,
    tmp_path: Path,
) -> None:
    battles, votes = lines(200)
    (tmp_path / "models.json").write_text(json.dumps([{"name": each} for each in MODELS]))
    for name, some in (("battles", battles), ("votes", votes)):
        text = "".join(json.dumps(each) + "\n" for each in some)
        (tmp_path / f"{name}.jsonl").write_text(text)
    words = [f"--{name.split('.')[0]}" for name in ("models.json", "battles.jsonl", "votes.jsonl")]
    files = [str(tmp_path / each) for each in ("models.json", "battles.jsonl", "votes.jsonl")]
    pairs = [word for pair in zip(words, files, strict=True) for word in pair]
    says("import", "arena", *pairs)

    first = says("leaderboard", *TOPIC)
    assert "200 questions are still to be read" in first
    assert "200 questions" in says("leaderboard", "publish", "early", *TOPIC, code=2)
    told = says("evaluation", "classify")
    assert "198 battles were classified; all questions are read." in told
    found = board(says, *TOPIC)
    assert found["entries"][0]["model"] == "coder"
    assert (found["topic"]["reading"], found["topic"]["without"]) == (0, 2)
    assert "198 of them can be compared" in says("leaderboard", *TOPIC)
    assert board(says, "--topic", "cooking")["entries"][0]["model"] == "baker"
    code = board(says, "--category", "code")["entries"]
    assert code[0]["model"] == "coder"
    says("leaderboard", "publish", "python", *TOPIC)
    assert "the same" in says("leaderboard", "verify", "python")
    assert "method must be: bt" in says("leaderboard", *TOPIC, "--method", "elo", code=2)
