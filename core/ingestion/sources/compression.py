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
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    return _ended(unpacker, _unpack(unpacker, data, limit))


async def collect(chunks: AsyncIterable[bytes], limit: int, *, packed: bool) -> bytes:
    """All bytes of a stream, unpacked from gzip when `packed`. Raises TooLarge and Damaged."""
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
    body = bytearray()
    async for chunk in chunks:
        room = limit - len(body)
        body += _unpack(unpacker, chunk, room) if unpacker else chunk
        if len(body) > limit:
            raise TooLarge
    return _ended(unpacker, bytes(body)) if unpacker and body else bytes(body)


def _unpack(unpacker: zlib._Decompress, data: bytes, room: int) -> bytes:
    try:
        text = unpacker.decompress(data, room + 1)
    except zlib.error as exc:
        raise Damaged from exc
    if len(text) > room:
        raise TooLarge
    return text


def _ended(unpacker: zlib._Decompress, text: bytes) -> bytes:
    if not unpacker.eof:
        raise Damaged
    return text
