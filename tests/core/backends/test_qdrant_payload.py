"""A point's payload, there and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.backends.qdrant_payload import INDEXED, to_chunk, to_packed_payload, to_payload
from core.model import Point
from tests.support.points import point

NEEDED = ("source", "path", "title", "heading_path", "anchor", "ordinal", "text")


@pytest.mark.parametrize("stored", [to_payload, to_packed_payload])
def test_a_chunk_is_read_as_it_was_stored(stored: Callable[[Point], dict[str, Any]]) -> None:
    assert to_chunk(stored(point('"A" \u2028 \U0001f680'))) == point('"A" \u2028 \U0001f680').chunk


def test_what_is_filtered_by_is_not_packed() -> None:
    payload, packed = to_payload(point("a")), to_packed_payload(point("a"))
    assert {name: packed[name] for name in INDEXED} == {name: payload[name] for name in INDEXED}


@pytest.mark.parametrize("packed", ["", "[]", "{}", "{", '{"path": 1}'])
def test_what_was_not_packed_here_is_no_chunk(packed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        to_chunk({**to_packed_payload(point("a")), "chunk": packed})


@pytest.mark.parametrize("missing", NEEDED)
def test_a_payload_that_lacks_a_field_is_no_chunk(missing: str) -> None:
    payload = to_payload(point("a"))
    del payload[missing]

    with pytest.raises(ValueError, match=missing):
        to_chunk(payload)
