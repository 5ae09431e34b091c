"""Packed bytes from a website, which may be hostile."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from core.ingestion.sources.compression import Damaged, TooLarge, collect, gunzip
from tests.support.packing import packed

LIMIT = 1_000_000
BOMB = packed(bytes(50 * LIMIT))
TWO = packed(b"first\n") + packed(b"second\n")


async def _in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (packed(b"text"), b"text"),
        (zlib.compress(b"text"), b"text"),
        (TWO, b"first\nsecond\n"),
        (TWO + bytes(512), b"first\nsecond\n"),
        (packed(bytes(LIMIT)), bytes(LIMIT)),
        (b"", b""),
    ],
)
async def test_what_was_packed_is_whole_in_whatever_pieces_it_comes(
    data: bytes, text: bytes, size: int
) -> None:
    assert await collect(_in_pieces(data, size), LIMIT, packed=True) == text
    assert gunzip(data, LIMIT) == text


@pytest.mark.parametrize("data", [b"no gzip", packed(b"text")[:-1], TWO[:-1], TWO[:-20], b"\x1f"])
async def test_what_ends_too_early_or_is_something_else_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        gunzip(data, LIMIT)
    with pytest.raises(Damaged):
        await collect(_in_pieces(data, 3), LIMIT, packed=True)


async def test_a_few_bytes_that_unpack_to_many_take_no_more_memory_than_the_limit() -> None:
    assert len(BOMB) < LIMIT / 10
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            gunzip(BOMB, LIMIT)
        with pytest.raises(TooLarge):
            await collect(_in_pieces(BOMB, len(BOMB)), LIMIT, packed=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * LIMIT


async def test_members_count_together_towards_the_limit() -> None:
    half = packed(bytes(LIMIT // 2 + 1))
    with pytest.raises(TooLarge):
        gunzip(half + half, LIMIT)


async def test_what_is_not_packed_is_cut_off_as_well() -> None:
    assert await collect(_in_pieces(bytes(LIMIT), 7_000), LIMIT, packed=False) == bytes(LIMIT)
    with pytest.raises(TooLarge):
        await collect(_in_pieces(bytes(LIMIT + 1), 7_000), LIMIT, packed=False)
