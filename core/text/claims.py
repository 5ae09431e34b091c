"""Markdown cut into claims: a sentence, a heading, a list item, a quote, a code block, a table."""

from __future__ import annotations

import re

from core.text.sentences import sentence_end

_FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,}(?=[^\n]*\n))")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]")
_LINES = re.compile(r"[ \t]*(?P<sign>[|>])")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]")
_UNDECIDED = re.compile(
    r"[ \t]*(?:`{1,2}|`{3,}[^`\n]*|~{1,2}|~{3,}[^\n]*|[-*+]|\d{1,3}[.)]?|#{1,6})?\Z"
)
_BLOCK_BEGINS = re.compile(
    r"\n(?=[ \t]*(?:\n|`{3,}[^`\n]*\n|~{3,}|(?:[-*+]|\d{1,3}[.)])[ \t]|#{1,6}[ \t]|[|>]))"
)
_NEXT_LINE_UNDECIDED = re.compile(
    r"\n[ \t]*(?:`{1,2}|`{3,}[^`\n]*|~{1,2}|[-*+]|\d{1,3}[.)]?|#{1,6})?\Z"
)
_MAY_END = re.compile(r"[\n.!?…。！？]")  # noqa: RUF001 - as in `sentences`
"""What a claim does not end without."""


class ClaimSplitter:
    """Cuts a growing text into claims, each released once nothing that follows can change it.

    However the text is chunked, the claims are the same, and together they are the text.
    White space belongs to the claim that follows it.
    """

    def __init__(self) -> None:
        self._text = ""
        self._first = True
        self._look_again_at = 0
        self._may_end = False

    def feed(self, text: str) -> list[str]:
        """The claims that `text` completes."""
        self._text += text
        if not self._may_end:
            if not _MAY_END.search(text):
                return []
            self._may_end = True
        if len(self._text) < self._look_again_at:
            return []
        claims = self._cut(whole=False)
        # Looking again at every character would make a long code block quadratic.
        self._look_again_at = len(self._text) + len(self._text) // 16
        return claims

    def finish(self) -> list[str]:
        """The rest, when the text has ended."""
        claims = self._cut(whole=True)
        rest, self._text = self._text, ""
        return [*claims, rest] if rest else claims

    def _cut(self, *, whole: bool) -> list[str]:
        claims = []
        while self._may_end or whole:
            end = claim_end(self._text, at_start=self._first, whole=whole)
            if not end:
                break
            claims.append(self._text[:end])
            self._text = self._text[end:]
            self._first = False
            self._may_end = bool(_MAY_END.search(self._text))
        return claims


def split_claims(text: str) -> list[str]:
    """The claims of a whole text."""
    if not text.endswith("\n") and not _MAY_END.search(text, 0, len(text) - 1):
        return [text] if text else []  # as most are that were cut before
    splitter = ClaimSplitter()
    return [*splitter.feed(text), *splitter.finish()]


def claim_end(text: str, *, at_start: bool, whole: bool) -> int | None:
    """The length of the first claim, or None while more text could change it.

    `at_start` says that `text` begins a line even without a line break before it.
    """
    body = len(text) - len(text.lstrip())
    if body == len(text):
        return None
    line = text.rfind("\n", 0, body) + 1
    if line == 0 and not at_start:
        return _paragraph_end(text, body, whole=whole)
    if not whole and _UNDECIDED.match(text, line):
        return None
    return _block_end(text, line, body, whole=whole)


def _block_end(text: str, line: int, body: int, *, whole: bool) -> int | None:
    if fence := _FENCE.match(text, line):
        return _fence_end(text, fence, whole=whole)
    if lines := _LINES.match(text, line):
        return _lines_end(text, lines["sign"], line, whole=whole)
    if _HEADING.match(text, line):
        return _line_end(text, body, whole=whole)
    if item := _ITEM.match(text, line):
        return _next_block(text, item.end() - 1, whole=whole)
    return _paragraph_end(text, body, whole=whole)


def _line_end(text: str, start: int, *, whole: bool) -> int | None:
    end = text.find("\n", start)
    return end if end >= 0 else (len(text) if whole else None)


def _fence_end(text: str, fence: re.Match[str], *, whole: bool) -> int | None:
    sign = fence["fence"]
    closing = re.compile(rf"\n[ \t>]*{sign[0]}{{{len(sign)},}}[ \t]*(?=\n|\Z)")
    found = closing.search(text, fence.end())
    if found and (whole or found.end() < len(text)):
        return found.end()
    return len(text) if whole else None


def _lines_end(text: str, sign: str, line: int, *, whole: bool) -> int | None:
    """The end of the consecutive lines that begin with `sign`: a table or a quote."""
    end = text.find("\n", line)
    while end >= 0:
        following = re.compile(r"[ \t]*").match(text, end + 1).end()  # type: ignore[union-attr]
        if following == len(text):
            return end if whole else None
        if text[following] != sign:
            return end
        end = text.find("\n", following)
    return len(text) if whole else None


def _next_block(text: str, start: int, *, whole: bool) -> int | None:
    """Where the paragraph or list item around `start` ends because another block begins."""
    if found := _BLOCK_BEGINS.search(text, start):
        return found.start()
    return len(text) if whole else None


def _paragraph_end(text: str, body: int, *, whole: bool) -> int | None:
    if text.find("\n", body) < 0:
        return sentence_end(text, body, len(text), whole=whole)
    block = _next_block(text, body, whole=whole)
    if block is not None:
        return sentence_end(text, body, block, whole=True)
    undecided = _NEXT_LINE_UNDECIDED.search(text, body)
    limit = undecided.start() if undecided else len(text)
    return sentence_end(text, body, limit, whole=False)
