"""Unpacking that stops at a limit, whatever a few packed bytes would become."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class TooLarge(Exception):
    """There is more than the limit."""


class Damaged(Exception):
    """It is not packed as it says, or ends too early."""


def gunzip(data: bytes, limit: int) -> bytes:
    """Raises TooLarge and Damaged."""
    unpacker = _Unpacker()
    return unpacker.ended(unpacker.unpack(data, limit))


async def collect(chunks: AsyncIterable[bytes], limit: int, *, packed: bool) -> bytes:
    """All bytes of a stream, unpacked from gzip when `packed`. Raises TooLarge and Damaged."""
    unpacker = _Unpacker() if packed else None
    body = bytearray()
    async for chunk in chunks:
        body += unpacker.unpack(chunk, limit - len(body)) if unpacker else chunk
        if len(body) > limit:
            raise TooLarge
    return unpacker.ended(bytes(body)) if unpacker else bytes(body)


class _Unpacker:
    """Takes what is packed piece by piece: one member after the other (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def unpack(self, data: bytes, room: int) -> bytes:
        """No more than one byte beyond the room is ever made of it."""
        text = b""
        while data:
            self._begun = True
            if self._member.eof:
                if not data.startswith(GZIP_MAGIC[: len(data)]):
                    break  # padding, which gzip passes over as well
                self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                text += self._member.decompress(data, room + 1 - len(text))
            except zlib.error as exc:
                raise Damaged from exc
            if len(text) > room:
                raise TooLarge
            data = self._member.unused_data
        return text

    def ended(self, text: bytes) -> bytes:
        """The text, if nothing of it is missing; of nothing, nothing is."""
        if self._begun and not self._member.eof:
            raise Damaged
        return text
