"""What holds on every route, and what is refused on every route."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from application.ports import Unavailable
from interfaces.http.paging import pack
from interfaces.http.security import flaw, page_policy
from interfaces.http.static import StaticFiles
from tests.world import API, World

PROBLEM = "application/problem+json"


async def test_every_answer_carries_what_browsers_must_know(world: World) -> None:
    web = world.client()
    for path in ("/healthz", "/api/v1/chats", "/api/v1/nowhere", "/", "/docs", "/openapi.json"):
        headers = (await web.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "server" not in headers, path


async def test_what_does_not_exist_is_a_problem(world: World) -> None:
    web = world.client()
    for method, path, status in (
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api", 404),
        ("GET", "/v1/nowhere", 404),
        ("PUT", "/api/v1/chats", 405),
        ("TRACE", "/api/v1/chats", 405),
        ("GET", "/api/v1/chats", 401),
        ("GET", "/_app/immutable/nothing.js", 404),
    ):
        response = await web.request(method, path)
        if path.startswith("/_app") and response.status_code == 200:
            continue  # the web UI is not built here: every address says so
        assert response.status_code == status, (method, path)
        assert response.headers["content-type"] == PROBLEM
        body = response.json()
        assert (body["status"], body["type"][:10]) == (status, "/problems/")
        assert body["title"]
        assert body["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"nothing",
        b'{"title": "\\ud800"}',
        b'{"title": NaN}',
        b'{"params": {"seed": 1e400}}',
        b'{"params": {"seed": 99999999999999999999999999999}}',
        b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"title": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"title": "\xff"}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b'{"title": "a", "title": 3}',
    ],
)
async def test_odd_json_is_refused(world: World, body: bytes) -> None:
    ana = await world.admin()
    for path in ("/chats", "/auth/signin", "/api-keys"):
        response = await ana.post(path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422, (path, response.text)
        assert response.headers["content-type"] == PROBLEM


async def test_other_types_than_json_are_refused(world: World) -> None:
    ana = await world.admin()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"):
        response = await ana.post("/chats", content=b"{}", headers={"Content-Type": kind})
        assert response.status_code == 422, kind


async def test_too_much_is_refused(world: World) -> None:
    ana = await world.admin()
    body = b'{"title": "' + b"x" * 1_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    whole = await ana.post("/chats", content=body, headers=headers)
    assert whole.status_code == 413

    async def dribble() -> AsyncIterator[bytes]:
        for begin in range(0, len(body), 100_000):
            yield body[begin : begin + 100_000]

    pieces = await ana.post("/chats", content=dribble(), headers=headers)
    assert pieces.status_code == 413
    assert pieces.json()["type"] == "/problems/too_large"


async def test_odd_headers_are_no_bugs(world: World) -> None:
    ana = await world.admin()
    for name, value, status in (
        ("Read-After", "x", 422),
        ("Read-After", "-1", 422),
        ("Read-After", str(2**70), 422),
        ("Read-After", "1e3", 422),
        ("Idempotency-Key", "x" * 201, 422),
        ("Authorization", "Bearer " + "x" * 300, 401),
        ("Authorization", "Basic xyz", 401),
        ("Authorization", "Bearer \xff", 401),
    ):
        raw = {name.encode(): value.encode("latin-1")}
        response = await ana.web.get(f"{API}/chats", headers=httpx.Headers(raw))
        assert response.status_code == status, (name, value)


async def test_a_position_of_the_future_is_waited_for_in_vain(world: World) -> None:
    ana = await world.admin()
    late = await ana.get("/chats", headers={"Read-After": "1000000"})
    assert late.status_code == 503
    assert late.json()["type"] == "/problems/projection_lagging"
    assert late.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "cursor",
    [
        pack("9999-12-31T23:59:59+00:00 x"),
        pack(f"2026-01-01 {UUID(int=7)}"),
        pack(f"\x00 {UUID(int=7)}"),
        "é",
    ],
)
async def test_odd_cursors_are_refused(world: World, cursor: str) -> None:
    ana = await world.admin()
    for path in ("/chats", "/users", "/auth/sessions", "/api-keys", "/connections"):
        response = await ana.get(path, params={"cursor": cursor})
        assert response.status_code == 422, path


async def test_a_bug_is_told_without_a_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await world.admin()

    async def broken(*_: object) -> int:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(world.services.models), "list", broken)
    response = await ana.get("/models")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["type"] == "/problems/internal"


async def test_engines_that_are_away_are_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await world.admin()

    async def away(*_: object) -> int:
        raise Unavailable("gone")

    monkeypatch.setattr(type(world.services.models), "list", away)
    response = await ana.get("/models")
    assert response.status_code == 503
    assert response.headers["Retry-After"]


async def test_health_and_metrics(world: World) -> None:
    web = world.client()
    assert (await web.get("/healthz")).json() == {"status": "ok"}
    ready = (await web.get("/readyz")).json()
    assert ready == {
        "status": "ready",
        "checks": {"postgres": "ok", "projections": "ok", "valkey": "ok"},
    }
    text = (await web.get("/metrics")).text
    assert 'quire_http_requests_total{method="GET",route="/readyz",status="200"}' in text
    assert 'quire_projection_lag_events{name="chats",state="live",version="1"}' in text
    through = world.client(**{"X-Forwarded-For": "192.0.2.1"})
    assert (await through.get("/metrics")).status_code == 401
    ana, ben = await world.admin(), await world.person()
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert (await ana.web.get("/metrics", headers=forwarded)).status_code == 200
    assert (await ben.web.get("/metrics", headers=forwarded)).status_code == 403


def test_only_sound_json_passes() -> None:
    assert not flaw(b'{"a": [1, 2.5, "x", null, {"b": true}]}')
    assert not flaw("\u202eabc".join('""').encode())
    assert flaw(b"[" + b"1," * 200_001 + b"1]")
    assert flaw(b"")


def test_the_policy_knows_the_scripts_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<script>alert(1)</script><script src='/a.js'></script>")
    assert page_policy(page).count("sha256-") == 1
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in page_policy(page)
    assert "script-src 'self' 'wasm-unsafe-eval';" in page_policy(tmp_path / "missing.html")


def test_files_of_the_build_are_found_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "_app/immutable").mkdir(parents=True)
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "_app/immutable/a.js").write_text("1")
    (tmp_path / "_app/immutable/a.js.br").write_bytes(b"br")
    files = StaticFiles(tmp_path)
    script = files.response("_app/immutable/a.js", "gzip, br")
    assert script.headers["content-encoding"] == "br"
    assert "immutable" in script.headers["cache-control"]
    assert "content-encoding" not in files.response("_app/immutable/a.js", "").headers
    page = files.response("chats/abc", "")
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src" in page.headers["content-security-policy"]
    assert files.find("_app/immutable/missing.js") is None
    assert files.find("../secret.key") is None
    assert b"not been built" in StaticFiles(tmp_path / "nowhere").response("", "").body
