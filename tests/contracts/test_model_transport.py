"""The line to a model server: encrypted or not, kept, lost, and what is not HTTP at all."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from application.ports import ModelFailed, Prompt, Turn
from infrastructure.models import transport
from infrastructure.models.http import Limits, Server, open_client
from infrastructure.models.openai import OpenAIModel
from tests.upstream import upstream
from tests.upstream_call import TEXT

LIMITS = Limits(silence_seconds=0.5)
PROMPT = Prompt("words", (Turn("user", "Hello"),))
EVENT = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n'


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with open_client() as client:
        yield client


async def ask(client: httpx.AsyncClient, url: str, name: str = "words") -> str:
    model = OpenAIModel(Server.at(client, url, limits=LIMITS), name)
    async with asyncio.timeout(10):
        return "".join([piece.text async for piece in model.answer(PROMPT)])


@asynccontextmanager
async def raw(*sent: bytes) -> AsyncGenerator[str, None]:
    """A server that sends these bytes whatever it is asked, and hangs up."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        for part in sent:
            writer.write(part)
            await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0.03)


def head(*lines: str) -> bytes:
    return "\r\n".join(
        ("HTTP/1.1 200 OK", "content-type: text/event-stream", *lines, "", "")
    ).encode()


async def test_a_body_may_end_with_the_connection(client: httpx.AsyncClient) -> None:
    async with raw(head("connection: close"), EVENT[:20], EVENT[20:]) as url:
        assert await ask(client, url) == "Hi"


async def test_interim_responses_are_passed_over(client: httpx.AsyncClient) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    async with raw(interim, head(f"content-length: {len(EVENT)}") + EVENT) as url:
        assert await ask(client, url) == "Hi"


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000,
        head("content-length: 1000") + b"data: {}",
        head("transfer-encoding: chunked") + b"xyz\r\n",
    ],
)
async def test_what_is_not_http_is_a_cut_line(client: httpx.AsyncClient, sent: bytes) -> None:
    async with raw(sent) as url:
        with pytest.raises(ModelFailed) as failed:
            await ask(client, url)
        assert failed.value.kind == "cut"


async def test_a_packed_answer_is_refused(client: httpx.AsyncClient) -> None:
    async with raw(head("content-encoding: gzip", "connection: close"), b"\x1f\x8b") as url:
        with pytest.raises(ModelFailed) as failed:
            await ask(client, url)
        assert failed.value.kind == "malformed"


async def test_a_line_that_was_closed_meanwhile_is_replaced(client: httpx.AsyncClient) -> None:
    async with upstream() as server:
        for pause in (0.05, 0.0):
            assert await ask(client, server.url) == TEXT
            for writer in tuple(server.writers):
                writer.close()
            await asyncio.sleep(pause)
        assert await ask(client, server.url) == TEXT
        assert server.connections == 3


async def test_old_lines_are_not_used_again(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "IDLE_SECONDS", 0.0)
    async with upstream() as server:
        await ask(client, server.url)
        await ask(client, server.url)
        assert server.connections == 2


async def test_there_is_a_limit_of_lines(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECTIONS_MAX", 1)
    async with upstream() as server:
        first = asyncio.create_task(ask(client, server.url, "held"))
        await server.begun.wait()
        with pytest.raises(ModelFailed) as failed:
            await ask(client, server.url)
        assert failed.value.kind == "busy"
        server.release.set()
        assert await first == TEXT
        assert await ask(client, server.url) == TEXT


async def test_a_slow_reader_is_not_flooded(client: httpx.AsyncClient) -> None:
    async with upstream() as server:
        model = OpenAIModel(Server.at(client, server.url, limits=LIMITS), "endless")
        answer = model.answer(PROMPT)
        await anext(answer)
        await asyncio.sleep(0.3)
        lean = client._transport  # noqa: SLF001
        assert isinstance(lean, transport.LeanTransport)
        (line,) = lean._busy  # noqa: SLF001
        assert line._buffered < 4 * transport.BUFFER_BYTES_MAX  # noqa: SLF001
        await answer.aclose()
        assert not lean._busy  # noqa: SLF001


def test_it_works_on_the_loop_of_the_product() -> None:
    async def go() -> None:
        async with upstream() as server, open_client() as client:
            for _ in range(3):
                assert await ask(client, server.url) == TEXT
            assert server.connections == 1
            with pytest.raises(ModelFailed):
                await ask(client, server.url, "reset")

    uvloop.run(go())


async def test_cookies_of_servers_are_not_kept(client: httpx.AsyncClient) -> None:
    sent = head("set-cookie: a=b", f"content-length: {len(EVENT)}") + EVENT
    async with raw(sent) as url:
        await ask(client, url)
    assert not client.cookies


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_encrypted_lines_are_checked(
    loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificate(tmp_path)

    async def go() -> None:
        async with upstream(tls=tls) as server:
            url = server.url.replace("http:", "https:")
            async with open_client() as client:
                with pytest.raises(ModelFailed, match="certificate") as failed:
                    await ask(client, url)
                assert failed.value.kind == "unreachable"
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
            async with open_client() as client:
                for _ in range(2):
                    assert await ask(client, url) == TEXT

    (asyncio.run if loop == "asyncio" else uvloop.run)(go())


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    cert = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(cert.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
