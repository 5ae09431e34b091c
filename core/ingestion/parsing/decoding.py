"""From a file's bytes to its text."""

from __future__ import annotations

import codecs
import re

from core.errors import DocumentUnreadable

MAX_BYTES = 10 * 1024 * 1024
MAX_LINES = 200_000
"""Markdown's tokens take up to 2 kB of memory a line."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_OF_TEXTS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
"""Encodings to Python and to no browser; some take a time that grows with the square."""
_NEWLINES = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def decode(path: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> str:
    r"""The text, with `\n` for every line break and without control characters.

    UTF-8 unless a byte order mark says UTF-16 or UTF-32. Raises DocumentUnreadable for what is
    larger than `max_bytes`, has more than `MAX_LINES`, is binary or in another encoding.
    """
    check_size(path, data, max_bytes=max_bytes)
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        reason = f"it is not {encoding.removesuffix('-sig').upper()} text; save it as UTF-8"
        raise DocumentUnreadable(path, reason) from exc
    if "\0" in text:
        raise DocumentUnreadable(path, "it is a binary file, not text")
    cleaned = clean(text)
    if cleaned.count("\n") > MAX_LINES:
        reason = f"it has more than {MAX_LINES:,} lines, the limit for one document"
        raise DocumentUnreadable(path, reason)
    return cleaned


def decode_as(data: bytes, encoding: str) -> str | None:
    """The text in an encoding that the document or its server names.

    None for one that is unknown, that is none of a text in the web, or that it is not in.
    """
    try:
        known = codecs.lookup(encoding).name
        return None if known in _NOT_OF_TEXTS else data.decode(encoding)
    except (LookupError, ValueError):
        return None


def clean(text: str) -> str:
    r"""The text with `\n` for every line break, and without what is no character.

    To be used again where a format has its own way to write any character.
    """
    if not _UNCLEAN.search(text):
        return text
    text = text.encode("utf-8", "ignore").decode()
    return _CONTROLS.sub("", _NEWLINES.sub("\n", text))


def check_size(path: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> None:
    """Raises DocumentUnreadable for what is larger."""
    if len(data) > max_bytes:
        raise DocumentUnreadable(path, too_large(max_bytes))


def too_large(max_bytes: int) -> str:
    """Why a document over the limit is not read."""
    return f"it is larger than {max_bytes / 2**20:g} MB, the limit for one document"
