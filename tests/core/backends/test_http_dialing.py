"""How connections come about."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from core.backends.http_connection import Connection, NotConnected
from core.backends.http_dialing import header_lines
from core.backends.http_session import open_session, send
from tests.support.connections import accepting
from tests.support.http_server import Exchange, serving
from tests.support.https_server import OPENSSL, make_certificate, serving_tls
from tests.support.raw_replies import replying

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"
FAR = URL("http://far.invalid/x?y=z")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "https", "all", "no"):
        for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
            monkeypatch.delenv(name, raising=False)


async def answer(exchange: Exchange) -> None:
    await exchange.reply(200, {})


async def test_a_proxy_of_the_environment_is_told_where_a_request_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://me:s%20t@"))
        async with open_session({}) as session:
            secret = FAR.with_user("her").with_password("key").with_fragment("part")
            reply = await send(session, "POST", secret, b"{}", service="Here")

    assert reply.status == 200
    [exchange] = proxy.exchanges
    assert exchange.path == str(FAR)
    assert exchange.headers["host"] == "far.invalid"
    assert exchange.headers["proxy-authorization"] == "Basic bWU6cyB0"


async def test_what_the_environment_excepts_goes_straight_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(answer) as proxy, serving(answer) as server:
        monkeypatch.setenv("ALL_PROXY", proxy.url.removeprefix("http://"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with open_session({}) as session:
            await send(session, "POST", URL(server.url) / "x", b"{}", service="Here")

    assert [exchange.path for exchange in server.exchanges] == ["/x"]
    assert not proxy.exchanges


@pytest.mark.parametrize(
    "proxy",
    ["socks5://127.0.0.1:1080", "http://127.0.0.1:1", "http://", "http://me:se#cret@here:1"],
)
async def test_a_proxy_that_is_of_no_use_is_an_error(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    async with open_session({}) as session:
        with pytest.raises(NotConnected) as told:
            await session.request("POST", FAR, b"{}")
    assert "cret" not in str(told.value)


@asynccontextmanager
async def tunnelling(reply: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A proxy that replies so to CONNECT, and passes everything on to that port of this machine."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        if not reply.startswith(b"HTTP/1.1 200"):
            return
        port = int(heard[-1].split()[1].rpartition(b":")[2])
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, forth), _pass_on(back, writer))

    async with accepting(serve) as port:
        yield port, heard


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while received := await reader.read(2**16):
            writer.write(received)
    writer.close()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """One for localhost, which is trusted."""
    if OPENSSL is None:
        pytest.skip("openssl makes the certificate")
    made = make_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    return made


async def test_what_is_secret_goes_through_a_proxy_unread(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"
    async with serving_tls(*certificate, "Hello") as port, tunnelling(accepted) as (proxy, heard):
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy}")
        async with open_session({"Authorization": "Bearer key"}) as session:
            url = URL(f"https://localhost:{port}/x")
            reply = await send(session, "POST", url, b"{}", service="Here")

    assert reply.body == b"Hello"
    [asked] = heard
    assert asked.startswith(f"CONNECT localhost:{port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic " in asked
    assert b"key" not in asked


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"", b"no proxy\r\n\r\n", b"x" * 70_000]
)
async def test_a_proxy_may_refuse(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async with tunnelling(reply) as (proxy, _):
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy}")
        async with open_session({}) as session:
            with pytest.raises(NotConnected, match="proxy"):
                await session.request("POST", URL("https://far.invalid/"), b"{}")


async def test_a_certificate_of_another_name_is_refused(certificate: tuple[Path, Path]) -> None:
    async with serving_tls(*certificate, "Hello") as port, open_session({}) as session:
        with pytest.raises(NotConnected, match="certificate"):
            await session.request("POST", URL(f"https://127.0.0.1:{port}/"), b"{}")
        assert (await session.request("POST", URL(f"https://localhost:{port}/"), b"")).status == 200


async def test_who_gives_up_as_a_connection_is_made_leaves_nothing_of_it(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[asyncio.BaseTransport] = []

    def give_up(connection: Connection, transport: asyncio.BaseTransport) -> None:
        as_it_is(connection, transport)
        made.append(transport)
        asking.cancel()

    as_it_is = Connection.connection_made
    async with serving_tls(*certificate, "Hello") as port, open_session({}) as session:
        url = URL(f"https://localhost:{port}/")
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "connection_made", give_up)
            asking = asyncio.create_task(session.request("POST", url, b""))
            with pytest.raises(asyncio.CancelledError):
                await asking
        assert len(made) == 1

        # The number of its socket is given out again.
        assert (await session.request("POST", url, b"")).status == 200


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with accepting(serve) as port, open_session({}, connect=0.05) as session:
        with pytest.raises(NotConnected):
            await session.request("POST", URL(f"https://127.0.0.1:{port}/"), b"{}")


async def test_of_a_name_the_addresses_are_tried_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        await asyncio.sleep(0)
        kinds = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        dead = (socket.AF_INET6, *kinds, ("::1", 1, 0, 0))
        return [dead, (socket.AF_INET, *kinds, ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    async with replying([HELLO]) as server, open_session({}) as session:
        url = server.url.with_host("docs.invalid")
        replies = await asyncio.gather(*(session.request("POST", url, b"") for _ in range(20)))

    assert [reply.status for reply in replies] == [200] * 20
    assert asked == ["docs.invalid"]


async def test_a_name_is_looked_up_as_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        raise socket.gaierror("not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    async with open_session({}) as session:
        with pytest.raises(NotConnected):
            await session.request("POST", URL("http://straße.invalid/"), b"")

    assert asked == ["xn--strae-oqa.invalid"]


async def test_a_name_that_was_not_found_is_looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []

    async def look_up(*_: Any, **__: Any) -> list[Any]:
        if not found:
            raise socket.gaierror("not known")
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    async with replying([HELLO]) as server, open_session({}) as session:
        url = server.url.with_host("docs.invalid")
        with pytest.raises(NotConnected, match="not known"):
            await session.request("POST", url, b"")
        address = ("127.0.0.1", url.port)
        found.append((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address))
        assert (await session.request("POST", url, b"")).status == 200


@pytest.mark.parametrize("value", ["a\r\nHost: other", "a\nb", "a\r"])
def test_no_header_holds_the_end_of_a_line(value: str) -> None:
    with pytest.raises(ValueError, match="end of a line"):
        header_lines({"api-key": value})
