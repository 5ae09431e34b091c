"""How things grow, in short."""

from __future__ import annotations

from pathlib import Path

from bench.growth import Growth, grow_history, grow_search, grow_sync
from tests.support.postgres import server_folder


def grown(found: Growth) -> float:
    """By how much the time grows from the smallest size to the largest."""
    return found.best_ms[-1] / found.best_ms[0]


async def test_a_search_takes_less_than_in_proportion_to_the_chunks(tmp_path: Path) -> None:
    for found in await grow_search([100, 2_000], tmp_path):
        assert grown(found) < 20


async def test_a_conversation_is_read_as_fast_among_many() -> None:
    with server_folder() as folder:
        assert grown(await grow_history([10, 5_000], folder)) < 20


async def test_a_sync_of_nothing_new_takes_no_more_than_in_proportion_to_the_documents() -> None:
    with server_folder() as folder:
        assert grown(await grow_sync([10, 200], folder / "docs")) < 20
