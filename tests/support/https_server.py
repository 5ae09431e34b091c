"""An HTTPS server on a loopback socket, with a certificate for one name; and PostgreSQL's way."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

OPENSSL = shutil.which("openssl")


def make_certificate(
    folder: Path, name: str, *, variables: Mapping[str, str] | None = None
) -> tuple[Path, Path]:
    """The certificate, which signs itself, and its key; `variables` are OpenSSL's."""
    assert OPENSSL is not None
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName=DNS:{name}"]
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True, env=variables)
    return certificate, key


@asynccontextmanager
async def serving_tls(
    certificate: Path, key: Path, text: str, heard: list[bytes] | None = None
) -> AsyncIterator[int]:
    """The port of a server that says `text` to everybody, and notes what it heard."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(asked)
            writer.write((head + text).encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went away
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def serving_postgres_tls(
    certificate: Path, key: Path, heard: list[bytes]
) -> AsyncIterator[int]:
    """The port of what agrees to TLS as PostgreSQL does, and hears what a client says then.

    See postgresql.org/docs/current/protocol-flow.html, "SSL Session Encryption".
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(8)
            writer.write(b"S")
            await writer.start_tls(context)
            heard.append(await reader.read(1000))
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went away
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
