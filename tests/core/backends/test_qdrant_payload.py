"""A point's payload, there and back."""

from __future__ import annotations

import pytest

from core.backends.qdrant_payload import to_chunk, to_payload
from tests.support.points import point

NEEDED = ("source", "path", "title", "heading_path", "anchor", "ordinal", "text")


def test_a_chunk_is_read_as_it_was_stored() -> None:
    assert to_chunk(to_payload(point("a"))) == point("a").chunk


@pytest.mark.parametrize("missing", NEEDED)
def test_a_payload_that_lacks_a_field_is_no_chunk(missing: str) -> None:
    payload = to_payload(point("a"))
    del payload[missing]

    with pytest.raises(ValueError, match=missing):
        to_chunk(payload)
