from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.attachments import FileLimits, read_files
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


def file(content: str, **fields: Any) -> dict[str, Any]:
    plain = {"name": f"{content}.txt", "mimetype": "text/plain", "size": 3}
    return {**plain, "url_private": content, **fields}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (file("log"), "log.txt:\n```\nE42\n```"),
        (file("bom"), "bom.txt:\n```\nE42\n```"),
        (file("fenced"), "fenced.txt:\n````\n```\ncode\n```\n````"),
        (file("log", mimetype="application/json"), "log.txt:\n```\nE42\n```"),
        (file("log", mimetype="", mode="snippet", size=None), "log.txt:\n```\nE42\n```"),
        (file("x", url_private_download="log"), "x.txt:\n```\nE42\n```"),
        (file("log", name=None, title="A log"), "A log:\n```\nE42\n```"),
    ],
)
async def test_text_is_read_and_quoted(given: dict[str, Any], text: str) -> None:
    read = await read_files([given], download)
    assert (read.text, read.unread) == (text, ())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (file("log", mimetype="image/png"), "only text files are read"),
        (file("log", url_private=None), "only text files are read"),
        (file("log", size=100_001), "it is larger than 100 kB"),
        (file("away"), "Slack did not hand it over as text"),
        (file("latin"), "Slack did not hand it over as text"),
        (file("nul"), "Slack did not hand it over as text"),
        (file("empty"), "Slack did not hand it over as text"),
    ],
)
async def test_what_is_not_read_is_told_of(given: dict[str, Any], why: str) -> None:
    read = await read_files([given], download)
    assert read.text == ""
    assert read.unread == (f"I did not read {given['name']}: {why}.",)


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
