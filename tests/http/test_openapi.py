"""The description of the API is complete, and true."""

from typing import Any

from tests.world import World

ROOT = ("/healthz", "/readyz", "/v1/models", "/v1/chat/completions")
OPEN = ("/api/v1/auth/options", "/api/v1/auth/signup", "/api/v1/auth/signin")


async def test_every_operation_says_what_can_happen(world: World) -> None:
    found: dict[str, Any] = (await world.client().get("/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    names = []
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            names.append(operation["operationId"])
            assert operation["summary"], where
            assert operation["description"], where
            if path in ROOT:
                continue
            responses = operation["responses"]
            assert {"401", "403", "413", "422", "503"} <= set(responses), where
            if "{" in path:
                assert "404" in responses, where
            for status, response in responses.items():
                if int(status) >= 400:
                    assert "application/problem+json" in response["content"], where
            if path not in OPEN:
                assert operation["security"], where
    assert len(names) == len(set(names))
    assert "HTTPValidationError" not in found["components"]["schemas"]


async def test_people_can_read_it(world: World) -> None:
    page = await world.client().get("/docs")
    assert page.status_code == 200
    assert "/api/v1/chats/{chat_id}/messages" in page.text
    assert "<script" not in page.text
