"""A stream's chunks, of which most differ in nothing but their text."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backends.openrouter_frames import Frame, framed
from core.backends.openrouter_replies import Reply
from core.errors import ServiceError
from core.model import ModelEvent, ModelFinished, ModelText

FRAME = Frame(b'{"content":', b"}")


def holding(*quoted: bytes) -> list[bytes]:
    return [b'{"content":%b}' % each for each in quoted]


def test_the_texts_of_like_chunks_are_read_up_to_one_that_is_unlike() -> None:
    chunks = [*holding(b'"One "', rb'"\u00e9\n"', b'""'), b"{}", *holding(b'"lost"')]

    assert FRAME.texts(chunks) == ["One ", "é\n", ""]
    assert FRAME.texts(chunks[3:]) == []


@pytest.mark.parametrize(
    "odd",
    [
        (b'"a","b"',),
        (b'"a', b'b"', b'"c","d"'),
        (b'["a"', b'"b"]'),
        (b"null", b'"a"'),
        (b"",),
        (b'"a', b'"'),
        (b'"a"', b'"\xff"'),
        (b'"a":"b"',),
    ],
)
def test_nothing_is_read_where_a_chunk_holds_anything_but_a_string(
    odd: tuple[bytes, ...],
) -> None:
    assert FRAME.texts(holding(*odd)) == []


def test_a_frame_is_that_of_the_first_string_called_content() -> None:
    assert framed(rb'{"is":"\"content\":\"no\"","content" : "\"a\\","x":1}') == Frame(
        rb'{"is":"\"content\":\"no\"","content" : ', b',"x":1}'
    )
    assert framed(b'{"content":null}') is None


def chunk(text: object, **more: Any) -> dict[str, Any]:
    delta = {"role": "assistant", "content": text}
    return {"model": "a/b", "choices": [{"delta": delta, "finish_reason": None}], **more}


def read(looks: list[list[bytes]]) -> tuple[list[ModelEvent], str | None]:
    """The events, and what was said of an error that ended them."""
    reply, events = Reply("a/b", secret="key"), list[ModelEvent]()
    try:
        for look in looks:
            events.extend(reply.read(look))
        events.extend(reply.finish())
    except ServiceError as exc:
        return events, str(exc)
    return events, None


def test_a_string_that_is_called_the_same_but_is_not_the_text_is_no_frame() -> None:
    note = {"content": "not this"}
    chunks = [orjson.dumps({"note": note, **chunk("Go. ")})] * 3

    events, _ = read([chunks])

    assert events[1:] == [ModelText("Go. Go. Go. ")]


CHUNKS = st.one_of(
    st.builds(lambda text: {"choices": [{"delta": {"content": text}}]}, st.text(max_size=9)),
    st.builds(lambda text, at: chunk(text, created=at), st.text(max_size=9), st.integers(0, 1)),
    st.builds(lambda text: chunk(text, model="c/d"), st.sampled_from(["x", '"}', "\\", "é"])),
    st.builds(lambda text: {"note": {"content": "no"}, **chunk(text)}, st.text(max_size=9)),
    st.sampled_from(
        [
            {"choices": []},
            chunk(None),
            chunk(7),
            chunk("x", error={"code": 500, "message": "Broken."}),
            {"choices": [{"delta": {"content": "end"}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
        ]
    ),
)


@given(st.lists(st.tuples(CHUNKS, st.booleans()), max_size=24), st.integers(1, 9))
def test_a_reply_says_the_same_in_looks_of_any_size(
    chunks: list[tuple[dict[str, Any], bool]], size: int
) -> None:
    sent = [json.dumps(each).encode() if odd else orjson.dumps(each) for each, odd in chunks]
    # With a blank more in each its frame is another, so that each is read by itself.
    apart = [each[:-1] + b" " * n + b"}" for n, each in enumerate(sent)]
    looks = [sent[at : at + size] for at in range(0, len(sent), size)]

    events, error = read(looks)
    expected, failed = read([[each] for each in apart])

    assert error == failed
    assert said(events) == said(expected)
    assert [e for e in events if isinstance(e, ModelFinished)] == [
        e for e in expected if isinstance(e, ModelFinished)
    ]


def said(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ModelText))
