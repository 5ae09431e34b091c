"""The chunks that were read last, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import Chunk
from core.retrieval.kept_chunks import KeptChunks
from tests.support.points import chunk


class Shelf:
    """What chunks are read from; each is named as its point is, and the capital ones are gone."""

    def __init__(self, most: int) -> None:
        self.kept = KeptChunks(self.fetch, most)
        self.fetched = ""

    async def fetch(self, collection: str, keys: Sequence[str]) -> dict[str, Chunk]:
        assert collection == "docs"
        self.fetched += "".join(keys)
        return {key: chunk(key) for key in keys if key.islower()}

    async def look(self, keys: str) -> str:
        """What of them had to be fetched."""
        self.fetched = ""
        read = await self.kept.read("docs", keys)
        assert {key: each.text for key, each in read.items()} == {
            key: key for key in keys if key.islower()
        }
        return self.fetched


@pytest.mark.parametrize(
    ("most", "asked", "fetched"),
    [
        (2, ["a", "b", "ab"], ["a", "b", ""]),
        (2, ["a", "b", "c", "bc"], ["a", "b", "c", ""]),
        (2, ["a", "b", "a", "c", "a", "b"], ["a", "b", "", "c", "", "b"]),
        (2, ["abc", "abc"], ["abc", "a"]),
        (0, ["a", "a"], ["a", "a"]),
        (9, ["aB", "aB"], ["aB", "B"]),
        (9, ["ab", "bc", ""], ["ab", "c", ""]),
    ],
)
async def test_only_what_is_not_kept_is_fetched_and_what_was_not_read_for_longest_gives_way(
    most: int, asked: list[str], fetched: list[str]
) -> None:
    shelf = Shelf(most)

    assert [await shelf.look(keys) for keys in asked] == fetched


@given(st.integers(0, 5), st.lists(st.sets(st.sampled_from("abcdefgh"), max_size=5), max_size=30))
def test_no_more_are_kept_than_may_be(most: int, asked: list[set[str]]) -> None:
    shelf = Shelf(most)

    async def look() -> None:
        for keys in asked:
            await shelf.look("".join(sorted(keys)))
        assert 8 - len(await shelf.look("abcdefgh")) <= most

    asyncio.run(look())
