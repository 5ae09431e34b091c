"""The text files of a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.chat.attachments import File, FileLimits, is_text, read_files
from core.errors import ServiceUnavailable

CONTENT = {
    "log": b"E42",
    "bom": "\ufeffE42".encode(),
    "fenced": b"```\ncode\n```",
    "latin": b"caf\xe9",
    "nul": b"a\0b",
    "empty": b" \n",
    "long": b"x" * 50,
}


async def download(url: str, most: int) -> bytes:
    if url == "away":
        raise ServiceUnavailable("Slack", "it is away")
    return CONTENT[url][:most]


def file(content: str) -> File:
    return File(f"{content}.txt", content, text=True, size=3)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("log", "log.txt:\n```\nE42\n```"),
        ("bom", "bom.txt:\n```\nE42\n```"),
        ("fenced", "fenced.txt:\n````\n```\ncode\n```\n````"),
    ],
)
async def test_text_is_read_and_quoted(given: str, text: str) -> None:
    read = await read_files([file(given)], download)
    assert (read.text, read.unread) == (text, ())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (replace(file("log"), text=False), "only text files are read"),
        (replace(file("log"), url=""), "only text files are read"),
        (replace(file("log"), size=100_001), "it is larger than 100 kB"),
        (file("away"), "it did not arrive as text"),
        (file("latin"), "it did not arrive as text"),
        (file("nul"), "it did not arrive as text"),
        (file("empty"), "it did not arrive as text"),
    ],
)
async def test_what_is_not_read_is_told_of(given: File, why: str) -> None:
    read = await read_files([given], download)
    assert read.text == ""
    assert read.unread == (f"I did not read {given.name}: {why}.",)


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("text/plain", True),
        ("text/x-log; charset=utf-8", True),
        ("Application/JSON", True),
        ("application/pdf", False),
        ("image/svg+xml", False),
        ("", False),
    ],
)
def test_text_is_known_by_its_type(media_type: str, *, text: bool) -> None:
    assert is_text(media_type) == text


async def test_a_file_that_is_larger_than_it_says_is_not_read() -> None:
    read = await read_files([file("long")], download, FileLimits(bytes_each=49))
    assert read.text == ""
    assert read.unread


async def test_no_more_files_are_read_than_allowed() -> None:
    read = await read_files([file("log")] * 3, download, FileLimits(files=2))
    assert read.text.count("E42") == 2
    assert read.unread == ("I did not read log.txt: only the first 2 files of a message are read.",)


async def test_a_long_file_is_cut_and_the_next_left_with_what_room_there_is() -> None:
    read = await read_files([file("long"), file("log")], download, FileLimits(characters=20))
    assert "x" * 20 in read.text
    assert "x" * 21 not in read.text
    assert read.unread == (
        "I read only the beginning of long.txt: it is long.",
        "I did not read log.txt: there is no room left.",
    )
