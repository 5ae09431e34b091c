"""Turns what site generators add to Markdown into plain Markdown.

Admonitions and tabs (`/// note`, `!!! note`, `:::note`, `=== "Tab"`, `> [!NOTE]`) become a bold
line before their text. Includes and template statements are left out, since what they stand for
is not at hand. Terminal output that was coloured with HTML loses its colours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from core.ingestion.parsing.decoding import clean
from core.ingestion.parsing.markup import strip_markup

_TRIGGERS = ("///", ":::", "!!!", "???", "===", "{*", "{!", "{%", "8<", "[!", "</font>", "</span>")
_FENCE = re.compile(
    r"(?:[ \t]*+(?:[-*+>]|\d{1,9}[.)])(?=[ \t]))*+[ \t]*+(?P<marker>`{3,}|~{3,})(?P<info>.*)"
)
_INCLUDE = re.compile(r"\s*(?:\{\*.*\*\}|\{!.*!\}|\{%.*%\}|-+8<-+(?:\s*[\"'].*[\"'])?)\s*")
_SLASHES = re.compile(
    r"(?P<indent>\s*)(?P<marker>/{3,})\s*(?P<kind>[A-Za-z][\w-]*)\s*(?:\|(?P<title>.*))?"
)
_COLONS = re.compile(
    r"(?P<indent>\s*)(?P<marker>:{3,})\s*\{?\.?(?P<kind>[A-Za-z][\w.-]*)\}?\s*"
    r"(?:\[(?P<title>[^\]]*)\])?(?:\{[^}]*\})?(?P<rest>.*)"
)
_END = re.compile(r"\s*(?P<marker>/{3,}|:{3,})\s*")
_INDENTED = re.compile(
    r"(?P<indent>\s*)(?:!!!|\?\?\?\+?)\s+(?P<kind>[A-Za-z][\w-]*)[^\"]*(?:\"(?P<title>.*)\")?\s*"
)
_TAB = re.compile(r"(?P<indent>\s*)===[+!]?\s+\"(?P<title>.*)\"\s*")
_ALERT = re.compile(r"(\s*>\s*)\[!([A-Za-z]+)\]")
_UNNAMED = frozenset({"tab", "details", "html", "caption", "figure-caption", "code-group"})
_COLOURED = re.compile(r"</(?:font|span)>")
_STEP = 4


def to_plain_markdown(markdown: str) -> str:
    """The text with admonitions, tabs and includes replaced; code is left as it is."""
    if not any(trigger in markdown for trigger in _TRIGGERS):
        return markdown
    rewriter = _Rewriter()
    for line in markdown.split("\n"):
        rewriter.feed(line)
    return "\n".join(rewriter.lines)


@dataclass(slots=True)
class _Rewriter:
    """Goes through the lines once. `indents` are those of the open indented blocks."""

    lines: list[str] = field(default_factory=list)
    indents: list[int] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    fence: str = ""
    fence_start: int = 0
    options_indent: int | None = None

    def feed(self, line: str) -> None:
        if self._is_outside() and _is_plain(line):
            self._add(line)
            return
        line = self._outdented(line)
        if self.fence:
            self._in_fence(line)
        elif self._is_option(line):
            return
        elif fence := _FENCE.fullmatch(line):
            self._open_fence(line, fence)
        elif not self._is_markup(line):
            self._add(_ALERT.sub(_alert_title, line) if "[!" in line else line)

    def _is_outside(self) -> bool:
        return not self.indents and not self.fence and self.options_indent is None

    def _outdented(self, line: str) -> str:
        """Without the indent of the blocks that the line is in; a lesser indent ends them."""
        if not self.indents:
            return line
        text = line.lstrip(" \t")
        if not text:
            return ""
        spaces = line[: len(line) - len(text)].expandtabs(_STEP)
        while self.indents and len(spaces) < self.indents[-1]:
            self.indents.pop()
            if self.fence:
                self.lines.append(self.fence)
                self.fence = ""
        return spaces[_STEP * len(self.indents) :] + text

    def _open_fence(self, line: str, fence: re.Match[str]) -> None:
        if fence["marker"][0] != "`" or "`" not in fence["info"]:
            self.fence = fence["marker"]
            self.fence_start = len(self.lines)
        self.lines.append(line)

    def _in_fence(self, line: str) -> None:
        self.lines.append(line)
        text = line.strip().lstrip("> ")
        if text.startswith(self.fence) and not text.strip(self.fence[0]):
            self.fence = ""
            self._tidy_fence()

    def _tidy_fence(self) -> None:
        opening, *body = self.lines[self.fence_start : -1]
        if any(body) and all(_INCLUDE.fullmatch(line) for line in body if line):
            del self.lines[self.fence_start :]
        elif _COLOURED.search("\n".join(body)) and opening.strip("`~ \t").startswith("console"):
            self.lines[self.fence_start + 1 : -1] = [
                clean(unescape(strip_markup(line))) for line in body
            ]

    def _is_option(self, line: str) -> bool:
        """Whether the line is one of the settings that follow a block's opening, indented."""
        if self.options_indent is None:
            return False
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent >= self.options_indent + _STEP:
            return True
        self.options_indent = None
        return False

    def _is_markup(self, line: str) -> bool:
        start = line.lstrip()[:3]
        if start in {"///", ":::"}:
            return self._end(line) or self._open_marked(line)
        if start in {"!!!", "???", "==="}:
            return self._open_indented(line)
        return bool(_INCLUDE.fullmatch(line))

    def _end(self, line: str) -> bool:
        end = _END.fullmatch(line)
        if end is None or end["marker"] not in self.markers:
            return False
        while self.markers.pop() != end["marker"]:
            pass  # what was left open inside ends here, too
        return True

    def _open_marked(self, line: str) -> bool:
        block = _SLASHES.fullmatch(line) or _COLONS.fullmatch(line)
        if block is None:
            return False
        indent = block["indent"]
        self.options_indent = len(indent)
        title = block["title"] or block.groupdict().get("rest") or ""
        if "." in block["kind"]:  # an object of mkdocstrings
            self._add(f"{indent}`{block['kind']}`")
            return True
        self.markers.append(block["marker"])
        self._add_title(indent, block["kind"], title)
        return True

    def _open_indented(self, line: str) -> bool:
        tab = _TAB.fullmatch(line)
        block = tab or _INDENTED.fullmatch(line)
        if block is None:
            return False
        self._add_title(block["indent"], "tab" if tab else block["kind"], block["title"])
        self.indents.append(_STEP * (len(self.indents) + 1) + len(block["indent"]))
        return True

    def _add_title(self, indent: str, kind: str, title: str | None) -> None:
        title = (title or "").strip()
        label = "" if kind.lower() in _UNNAMED else kind.replace("-", " ").capitalize()
        words = ": ".join(part for part in (label, title) if part)
        for line in ["", f"{indent}**{words}**", ""] if words else [""]:
            self._add(line)

    def _add(self, line: str) -> None:
        if line.strip() or (self.lines and self.lines[-1].strip()):
            self.lines.append(line)


def _is_plain(line: str) -> bool:
    """Whether nothing can begin or end at the line, which is so for most."""
    first = line[:1]
    if first == "*":
        return "```" not in line and "~~~" not in line and "[!" not in line
    return not line or ((first.isalpha() or first == "#") and "[!" not in line)


def _alert_title(alert: re.Match[str]) -> str:
    return f"{alert[1]}**{alert[2].capitalize()}**"
