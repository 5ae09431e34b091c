"""The text files of a question, read within limits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.errors import ServiceError

Download = Callable[[str, int], Awaitable[bytes]]
"""`download(url, most)` gives up to `most` bytes of a file, or raises ServiceError."""

_TEXT_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/sql",
        "application/toml",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
_NO_TEXT = "it did not arrive as text"
_FENCE = re.compile("`{3,}")


@dataclass(frozen=True, slots=True)
class File:
    """A file as its message tells of it. `size` is in bytes, 0 where that is not told."""

    name: str
    url: str
    text: bool
    size: int = 0


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How many files of a message are read, of which size, and how much of them in all."""

    files: int = 3
    bytes_each: int = 100_000
    characters: int = 12_000


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """The files' text, to be put under a question, and a sentence on each that was not read."""

    text: str = ""
    unread: tuple[str, ...] = ()


def is_text(media_type: str) -> bool:
    """Whether files of the type are text, as people write it."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT_TYPES


async def read_files(
    files: Sequence[File], download: Download, limits: FileLimits | None = None
) -> ReadFiles:
    """Reads what is text, up to the limits. Raises nothing."""
    limits = limits or FileLimits()
    texts: list[str] = []
    unread: list[str] = []
    left = limits.characters
    for position, file in enumerate(files):
        why = _unfit(file, limits) if position < limits.files else _too_many(limits)
        why = why or ("" if left else "there is no room left")
        text = "" if why else await _content(file, download, limits)
        if why or not text:
            unread.append(f"I did not read {file.name}: {why or _NO_TEXT}.")
            continue
        if len(text) > left:
            unread.append(f"I read only the beginning of {file.name}: it is long.")
        texts.append(_quoted(file.name, text[:left]))
        left -= min(len(text), left)
    return ReadFiles("\n\n".join(texts), tuple(unread))


def _unfit(file: File, limits: FileLimits) -> str:
    if not file.text or not file.url:
        return "only text files are read"
    if file.size > limits.bytes_each:
        return f"it is larger than {limits.bytes_each // 1000} kB"
    return ""


def _too_many(limits: FileLimits) -> str:
    return f"only the first {limits.files} files of a message are read"


async def _content(file: File, download: Download, limits: FileLimits) -> str:
    try:
        content = await download(file.url, limits.bytes_each + 1)
    except ServiceError:
        return ""
    text = "" if len(content) > limits.bytes_each else _decoded(content)
    return text.strip()


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else text


def _quoted(name: str, text: str) -> str:
    """The text in a code fence that nothing in it can close."""
    longest = max((len(fence) for fence in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{name}:\n{fence}\n{text}\n{fence}"
