"""`quire import` and `quire leaderboard`, against reckoning done another way."""

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import Table
from pyarrow.parquet import write_table

from tests.arena_sets import ArenaSet, simulated
from tests.cli.conftest import Says, arena, board


def reckoned(data: ArenaSet, until: int | None = None) -> dict[int, str | None]:
    """The policy told in the shortest way, from the lines of the files: reasons by seq."""
    battles = {each["battle_id"]: each for each in data.battles}
    last: dict[Any, dict[str, Any]] = {}
    for act in data.votes:
        ignored = act["action"] == "change" and act["after_reveal"]
        if not ignored and (until is None or act["seq"] <= until):
            last[act["voter"], act["battle_id"]] = act
    found: dict[int, str | None] = {}
    seen: set[Any] = set()
    caps: Counter[Any] = Counter()
    for act in sorted(last.values(), key=lambda each: int(each["seq"])):
        if act["action"] == "retract":
            continue
        battle = battles.get(act["battle_id"])
        reason = fixed(battle)
        if battle is not None and reason is None:
            text = unicodedata.normalize("NFKC", battle["prompt"]).casefold()
            prompt = " ".join(text.split())
            day = (act["voter"], datetime.fromtimestamp(act["tstamp"], UTC).date())
            same = (act["voter"], prompt, frozenset((battle["model_a"], battle["model_b"])))
            reason = (
                (same in seen and "duplicate_prompt")
                or (caps[prompt] >= 20 and "prompt_cap")
                or (caps[day] >= 50 and "voter_daily_cap")
                or None
            )
            if reason is None:
                seen.add(same)
                caps.update((prompt, day))
        found[act["seq"]] = reason
    return found


def fixed(battle: dict[str, Any] | None) -> str | None:
    if battle is None:
        return "unknown_battle"
    statuses = (battle["status_a"], battle["status_b"])
    checks = {
        "self_pair": battle["model_a"] == battle["model_b"],
        "not_blind": not battle["blind"],
        "incomplete": statuses != ("complete", "complete"),
        "identity_leak": battle["response_a"].startswith("I am"),
    }
    return next((name for name, holds in checks.items() if holds), None)


def games(data: ArenaSet, reasons: dict[int, str | None]) -> Iterator[tuple[str, str, float]]:
    battles = {each["battle_id"]: each for each in data.battles}
    scores = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}
    for act in data.votes:
        if reasons.get(act["seq"], "") is None:
            battle = battles[act["battle_id"]]
            yield battle["model_a"], battle["model_b"], scores[act["winner"]]


def minorised(found: list[tuple[str, str, float]]) -> dict[str, float]:
    """Ratings by another road: minorise and maximise (D. R. Hunter, Ann. Statist. 32, 2004)."""
    names = sorted({name for a, b, _ in found for name in (a, b)})
    wins: Counter[str] = Counter()
    met: Counter[frozenset[str]] = Counter()
    for a, b, score in found:
        wins[a] += score  # type: ignore[assignment]
        wins[b] += 1 - score  # type: ignore[assignment]
        met[frozenset((a, b))] += 1
    worth = dict.fromkeys(names, 1.0)
    for _ in range(3_000):
        worth = {
            each: wins[each]
            / sum(
                n / (worth[each] + worth[next(iter(pair - {each}))])
                for pair, n in met.items()
                if each in pair
            )
            for each in names
        }
        scale = math.exp(sum(map(math.log, worth.values())) / len(worth))
        worth = {each: value / scale for each, value in worth.items()}
    return {each: 1000 + 400 / math.log(10) * math.log(value) for each, value in worth.items()}


def test_a_simulated_arena_gives_the_numbers_of_another_road(says: Says, tmp_path: Path) -> None:
    data = simulated(600)
    data.write(tmp_path)
    first = arena(says, tmp_path, "--space", "club")
    assert f"votes.jsonl: imported {len(data.votes):,}, skipped 0" in first
    second = arena(says, tmp_path, "--space", "club")
    assert f"votes.jsonl: imported 0, skipped {len(data.votes):,}" in second
    assert f"battles.jsonl: imported 0, skipped {len(data.battles):,}" in second

    middle = len(data.votes) // 2
    for until, words in ((None, ()), (middle, ("--as-of", f"import:club@{middle}"))):
        reasons = reckoned(data, until)
        found = board(says, "--space", "club", *words)
        counted = Counter(each or "" for each in reasons.values())
        totals = found["totals"]
        assert totals["accepted"] == counted.pop("")
        assert totals["dropped"] == dict(counted)
        expected = minorised(list(games(data, reasons)))
        assert {each["model"] for each in found["entries"]} == set(expected)
        for each in found["entries"]:
            assert each["rating"] == pytest.approx(expected[each["model"]], abs=0.5)
            assert each["lower"] < each["rating"] < each["upper"]
    by_fold = board(says, "--space", "club", "--as-of", str(board_head(says)))
    assert by_fold["entries"] == board(says, "--space", "club")["entries"]
    check_options(says)
    check_published(says)


def board_head(says: Says) -> int:
    position: int = board(says, "--space", "club")["position"]
    return position


def check_options(says: Says) -> None:
    everything = board(says, "--space", "club")
    for words in (
        ("--ties", "drop_all"),
        ("--weighting", "pair"),
        ("--category", "code"),
        ("--language", "de"),
        ("--category", "code", "--language", "de"),
        ("--style", "on"),
        ("--votes", "trusted"),
        ("--votes", "all"),
        ("--method", "elo"),
        ("--interval", "bootstrap:20"),
        ("--anchor", "maker0-chat-0:1500"),
    ):
        found = board(says, "--space", "club", *words)
        assert found["entries"] != everything["entries"], words
    trusted = board(says, "--space", "club", "--votes", "trusted")
    assert trusted["totals"]["dropped"]["flagged_voter"] > 20
    assert board(says, "--space", "nowhere")["entries"] == []


def check_published(says: Says) -> None:
    says("leaderboard", "publish", "january", "--space", "club", "--category", "code")
    assert "the same" in says("leaderboard", "verify", "january")
    again = says("leaderboard", "publish", "january", "--space", "club", code=2)
    assert "published already" in again
    assert "There is no" in says("leaderboard", "verify", "may", code=2)


def test_broken_lines_are_told_and_the_rest_is_taken_over(says: Says, tmp_path: Path) -> None:
    data = simulated(20)
    data.write(tmp_path)
    votes = tmp_path / "votes.jsonl"
    lines = votes.read_bytes().splitlines()
    odd = {**data.votes[4], "winner": "everybody", "seq": 999}
    lines[2:2] = [b"{", b'"words"', json.dumps(odd).encode(), b"\xff\xfe", b"[1]"]
    votes.write_bytes(b"\n".join(lines))
    told = arena(says, tmp_path)
    assert f"votes.jsonl: imported {len(data.votes)}, skipped 0, malformed 5" in told
    assert "line 3: not JSON" in told
    assert "line 5: winner: must be one of model_a, model_b, tie, both_bad" in told
    assert "line 7: not an object" in told
    assert "bad_parameter" not in says("leaderboard", "--method", "best", code=2)
    assert "as_of must be" in says("leaderboard", "--as-of", "yesterday", code=2)


def test_feedback_of_open_webui_is_reckoned_as_there(says: Says, tmp_path: Path) -> None:
    records = [
        thumb("b", 20, "x", 1, ["y"]),
        thumb("a", 10, "y", "1", ["x", "z"]),
        thumb("c", 30, "x", -1, ["x"]),
        thumb("d", 40, "x", None, ["y"]),
        thumb("e", 50, "z", 0, ["y"]),
        thumb("f", 60, "z", 1, None),
        {"id": "g", "data": None},
        thumb("h", 5, "x", "great", ["y"]),
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(records, indent=1))
    told = says("import", "openwebui-feedback", str(path))
    assert told == "imported 5, skipped 0, not usable 3 (no_model: 1) (no_rating: 2)\n"
    again = says("import", "openwebui-feedback", str(path))
    assert again.startswith("imported 0, skipped 5")
    found = {each["model"]: each for each in board(says, "--method", "openwebui")["entries"]}
    assert found["y"]["rating"] == pytest.approx(1013.1004, abs=1e-3)
    assert (found["x"]["wins"], found["x"]["losses"]) == (2, 2)
    assert (found["z"]["wins"], found["z"]["losses"]) == (0, 1)


def thumb(key: str, at: int, model: str, rating: Any, siblings: Any) -> dict[str, Any]:
    data = {"model_id": model, "rating": rating, "sibling_model_ids": siblings}
    return {"id": key, "created_at": at, "user_id": "u", "data": data, "snapshot": {"chat": "x"}}


def test_a_flat_table_is_taken_over(says: Says, tmp_path: Path) -> None:
    rows = [flat(number) for number in range(40)]
    rows[3]["winner"] = "nobody"
    lines = tmp_path / "flat.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in rows))
    told = says("import", "arena-table", str(lines), "--space", "flat")
    assert "imported 39, skipped 0, malformed 1\n  line 4: winner: must be one of" in told
    del rows[3]
    parquet = tmp_path / "flat.parquet"
    write_table(Table.from_pylist(rows), parquet)
    assert "imported 39" in says("import", "arena-table", str(parquet), "--space", "other")
    assert "imported 0" in says("import", "arena-table", str(parquet), "--space", "other")
    first, second = board(says, "--space", "flat"), board(says, "--space", "other")
    assert first["entries"] == second["entries"]
    assert first["totals"]["accepted"] == 39
    assert [each["model"] for each in first["entries"]] == ["m0", "m1"]
    table = says("leaderboard", "--space", "flat", "--csv").splitlines()
    assert table[0].startswith("rank,model,rating,lower,upper")
    assert len(table) == 3


def flat(number: int) -> dict[str, Any]:
    def talk(answer: str) -> list[dict[str, str]]:
        asked = {"role": "user", "content": f"Question {number}?"}
        return [asked, {"role": "assistant", "content": answer}]

    return {
        "question_id": f"q{number}",
        "model_a": "m0",
        "model_b": "m1",
        "winner": ("model_a", "model_a", "model_b", "tie (bothbad)")[number % 4],
        "judge": f"j{number % 7}",
        "conversation_a": talk("Yes."),
        "conversation_b": talk("No."),
        "turn": 1,
        "anony": True,
        "language": "en",
        "tstamp": 1_760_000_000.0 + number,
        "category": "code",
    }
