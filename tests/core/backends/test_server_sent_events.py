"""Events, however the bytes of them come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backends.server_sent_events import EventReader


@pytest.mark.parametrize(
    ("received", "events"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data:one\r\n\r\n", [b"one"]),
        (b"data: one\r\r", []),  # the last one may be half of a line's end
        (b"data: one\r\rdata: two\n\n", [b"one", b"two"]),
        (b"data:  two spaces\n\n", [b" two spaces"]),
        (b"data: one\ndata: line more\n\n", [b"one\nline more"]),
        (b": a comment\n\nid: 7\nevent: x\ndata: one\nretry: 3\n\n", [b"one"]),
        (b"data\n\ndata:\n\n", []),
        (b"data: \n\n", []),
        (b"data: one\n\n\ndata: two\n\n\n", [b"one", b"two"]),
        (b"data: not whole\n", []),
        ("data: ein Ünicode\u2028\n\n".encode(), ["ein Ünicode\u2028".encode()]),
    ],
)
def test_an_event_is_the_data_of_its_lines(received: bytes, events: list[bytes]) -> None:
    assert EventReader().feed(received) == events


STREAM = b": hello\r\n\r\ndata: one\r\ndata: more\r\n\r\ndata: two\n\ndata: three\r\r."


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (STREAM, [b"one\nmore", b"two", b"three"]),
        (b"data: one\n\ndata: \n\ndata: two\n\n: x\n\ndata: 3\n\n", [b"one", b"two", b"3"]),
    ],
)
@given(data=st.data())
def test_events_are_the_same_wherever_the_bytes_are_cut(
    data: st.DataObject, stream: bytes, events: list[bytes]
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(stream))))
    reader, found = EventReader(), []
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        found += reader.feed(stream[start:end])

    assert found == events
