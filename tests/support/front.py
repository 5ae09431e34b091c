"""An address of an HTTP stand-in's own, where nobody may listen, or somebody else."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Papers:
    """Two certificates for localhost with their keys: one that clients trust, one they do not."""

    trusted: tuple[Path, Path]
    unknown: tuple[Path, Path]


class Front:
    """`mistrusted` counts the connections that were shown what nobody vouches for."""

    def __init__(self, runner: web.AppRunner, papers: Papers | None) -> None:
        self.mistrusted = 0
        self._runner = runner
        self._port = 0
        self._site: web.TCPSite | None = None
        self._trusted = None if papers is None else _context(papers.trusted)
        self._unknown = None if papers is None else _context(papers.unknown)
        self._shown = self._trusted
        if self._trusted is not None:
            self._trusted.sni_callback = self._show

    @property
    def url(self) -> str:
        scheme = "http" if self._trusted is None else "https"
        return f"{scheme}://localhost:{self._port}"

    @property
    def has_certificate(self) -> bool:
        """Whether it has one that clients trust, and so can lose their trust."""
        return self._trusted is not None

    async def listen(self) -> None:
        """At the same port as before, if it did before."""
        self._site = web.TCPSite(
            self._runner, _HOST, self._port, ssl_context=self._trusted, reuse_address=True
        )
        await self._site.start()
        if not self._port:
            # Of a runner's addresses, the latest site's is the last.
            self._port = self._runner.addresses[-1][1]

    async def refuse(self) -> None:
        """Nobody listens, until `listen`; whoever is connected is cut off."""
        assert self._site is not None
        await self._site.stop()
        self._cut_off()

    def lose_trust(self) -> None:
        """It shows the certificate that nobody vouches for, until `regain_trust`."""
        self._shown = self._unknown
        self._cut_off()

    def regain_trust(self) -> None:
        self._shown = self._trusted

    def _show(self, connection: ssl.SSLObject, _name: str, _before: ssl.SSLContext) -> None:
        """Called for each connection that comes about."""
        assert self._shown is not None
        connection.context = self._shown
        self.mistrusted += self._shown is self._unknown

    def _cut_off(self) -> None:
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            transport = connection.transport
            if transport is not None and transport.get_extra_info("sockname")[1] == self._port:
                transport.abort()


def _context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@asynccontextmanager
async def open_fronts(
    application: web.Application, papers: Papers | None
) -> AsyncIterator[tuple[Front, Front]]:
    """Two before one application; with TLS where there are papers."""
    runner = web.AppRunner(
        application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None
    )
    await runner.setup()
    fronts = Front(runner, papers), Front(runner, papers)
    try:
        for front in fronts:
            await front.listen()
        yield fronts
    finally:
        await runner.cleanup()
