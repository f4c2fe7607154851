"""What is in files is given back whole or in part, and never so that it runs."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from interfaces.http.serving import disposition
from tests.uploading import read, seen, uploaded
from tests.world import World

TEA = b"Green tea at 70 degrees."


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 24)),
        ("bytes=-4", (20, 24)),
        ("bytes=-100", (0, 24)),
        ("bytes=3-1000", (3, 24)),
        ("bytes=23-23", (23, 24)),
    ],
)
async def test_a_part_can_be_read(world: World, asked: str, part: tuple[int, int]) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    answer = await ana.get(f"/files/{file['id']}/content", headers={"Range": asked})
    start, end = part
    assert answer.content == TEA[start:end]
    whole = part == (0, len(TEA))
    assert answer.status_code == (200 if whole else 206)
    if not whole:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(TEA)}"


async def test_odd_ranges_do_no_harm(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}/content"
    for asked in ("bytes=24-", "bytes=-0", f"bytes={10**17}-"):
        answer = await ana.get(path, headers={"Range": asked})
        assert answer.status_code == 416, asked
        assert answer.headers["content-range"] == "bytes */24"
    for asked in ("bytes=0-1,3-4", "bytes=9-2", "bytes=-", "lines=0-1", "bytes=a-b", "x" * 500):
        answer = await ana.get(path, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (200, TEA), asked
    empty = await uploaded(ana, "empty.txt", b"")
    path = f"/files/{empty['id']}/content"
    assert (await ana.get(path, headers={"Range": "bytes=0-"})).status_code == 416
    assert (await ana.get(path)).content == b""


async def test_what_is_known_is_not_sent_again(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path, tag = f"/files/{file['id']}/content", f'"{file["sha256"]}"'
    assert (await ana.get(path)).headers["etag"] == tag
    for known in (tag, f'"x", W/{tag}', "*"):
        answer = await ana.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    asked = {"Range": "bytes=0-3"}
    assert (await ana.get(path, headers={**asked, "If-Range": tag})).status_code == 206
    assert (await ana.get(path, headers={**asked, "If-Range": '"old"'})).status_code == 200


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    ("name", "said", "how", "kind"),
    [
        ("a.svg", "image/svg+xml", "attachment", "application/octet-stream"),
        ("a.html", "text/html", "attachment", "application/octet-stream"),
        ("a.xhtml", "application/xhtml+xml", "attachment", "application/octet-stream"),
        ("a.xml", "text/xml", "attachment", "application/octet-stream"),
        ("a.js", "text/javascript", "attachment", "application/octet-stream"),
        ("a.png", "image/svg+xml; x=image/png", "attachment", "application/octet-stream"),
        ("a.svg", "image/png", "inline", "image/png"),
        ("a.txt", "", "inline", "text/plain"),
        ("a.pdf", "", "inline", "application/pdf"),
        ("a", "", "attachment", "application/octet-stream"),
    ],
)
async def test_only_what_is_safe_is_shown(
    world: World, name: str, said: str, how: str, kind: str
) -> None:
    ana = await world.admin()
    body = {"name": name, "size": len(SVG), "media_type": said}
    upload = (await ana.post("/uploads", json=body)).json()
    await ana.patch(f"/uploads/{upload['id']}", content=SVG, headers={"Upload-Offset": "0"})
    file = (await ana.post(f"/uploads/{upload['id']}/finish")).json()
    for inline in (True, False):
        answer = await ana.get(f"/files/{file['id']}/content", params={"inline": inline})
        headers = answer.headers
        assert answer.content == SVG
        assert headers["content-disposition"].startswith(how if inline else "attachment")
        assert headers["content-type"] == kind
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Tea.pdf", "filename=\"Tea.pdf\"; filename*=UTF-8''Tea.pdf"),
        ('a"; filename="x.exe', 'filename="a__ filename__x.exe"; '),
        (
            "\u00e9t\u00e9 70 \u20ac.txt",
            "filename=\"_t_ 70 _.txt\"; filename*=UTF-8''%C3%A9t%C3%A9",
        ),
        ("\u8336", "filename=\"_\"; filename*=UTF-8''%E8%8C%B6"),
        ("a\r\nb\\c%00'", "filename=\"a__b_c_00_\"; filename*=UTF-8''a%0D%0Ab%5Cc%2500%27"),
    ],
)
def test_names_stay_inside_their_header(name: str, header: str) -> None:
    found = disposition("attachment", name)
    assert header in found
    assert found.isascii()
    assert "\n" not in found


async def test_a_text_is_read_and_edited(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}/text"
    assert (await ana.get(path)).status_code == 409
    assert (await ana.put(path, json={"text": "Mine"})).status_code == 409
    await read(world, file)
    await seen(world, ana, file)
    assert (await ana.get(path)).json() == {"text": "# Tea\n\nHot.", "pages": 1, "edited": False}
    answer = await ana.put(path, json={"text": "One\fTwo"})
    assert answer.json() == {"text": "One\fTwo", "pages": 2, "edited": True}
    assert (await ana.get(path)).json()["text"] == "One\fTwo"
    assert (await ana.get(f"/files/{file['id']}")).json()["characters"] == 7
    for text in ("", "\x00", None, 3):
        assert (await ana.put(path, json={"text": text})).status_code == 422


async def test_passages_are_paged(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    path = f"/files/{file['id']}/passages"
    assert (await ana.get(path)).json() == {"items": [], "next_cursor": None}
    await indexed(world, file["id"])
    page = (await ana.get(f"{path}?limit=2")).json()
    assert page["items"][1] == {
        "id": page["items"][1]["id"],
        "ordinal": 1,
        "text": "p1",
        "headings": "Tea",
        "page": 1,
        "start": 10,
        "end": 12,
        "tokens": 1,
    }
    rest = (await ana.get(f"{path}?limit=2&cursor={page['next_cursor']}")).json()
    assert ([each["ordinal"] for each in rest["items"]], rest["next_cursor"]) == ([2], None)
    for cursor in ("x", "LTU", "OTk5OTk5OTk5OTk5"):
        assert (await ana.get(f"{path}?cursor={cursor}")).status_code == 422


async def indexed(world: World, file_id: str) -> None:
    """Three passages of a file in a live index."""
    what: dict[str, Any] = {"index": uuid4(), "file": file_id}
    await world.services.lines.run(
        """
        insert into documents.indexes (id, store, name, space, dimension, cutting, settings, state)
        values (%(index)s, 'pgvector', 'i', 's', 3, 'c', '{}', 'live')
        """,
        what,
    )
    await world.services.lines.run(
        """
        insert into documents.indexed (index_id, file_id, cutting, text_sha256, passages)
        values (%(index)s, %(file)s, 'c', '', 3)
        """,
        what,
    )
    await world.services.lines.run(
        """
        insert into documents.passages
        select gen_random_uuid(), %(file)s, 'c', n, 'p' || n, 'Tea', 1, n * 10, n * 10 + 2, 1,
            '', documents.words_of('Tea', 'p' || n)
        from generate_series(0, 2) n
        """,
        what,
    )


async def test_a_missing_store_is_told_plainly(world: World) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "Tea.txt", TEA)
    await asyncio.to_thread(
        (world.services.settings.data_folder / "files").rename,
        world.services.settings.data_folder / "elsewhere",
    )
    assert (await ana.get(f"/files/{file['id']}/content")).status_code == 404
