"""HTML to Markdown, in the form that the Markdown parser knows."""

from __future__ import annotations

import re
from typing import Any

from bs4 import Tag
from markdownify import ATX, MarkdownConverter

_LANGUAGE = re.compile(r"\A(?:language|lang|highlight|brush)[-:]?([\w+#.-]+)\Z")
_NO_LANGUAGE = frozenset({"default", "none", "text", "plaintext", "source", "notranslate"})
_MOST_DIGITS_OF_COLUMNS = 2
_BARE_PIPE = re.compile(r"(?<!\\)\|")
_BACKTICKS = re.compile(r"`{3,}")


def to_markdown(element: Tag) -> str:
    """The Markdown of an element's content. Raises RecursionError for one nested too deep."""
    for table in element.select("table:has(td.code)"):
        # Line numbers beside the code, as Pygments sets them.
        table.replace_with(*table.select("td.code > *"))
    for cell in element.select("[colspan]"):
        # Each column makes a cell, and a few bytes would make many thousands.
        if len(str(cell["colspan"])) > _MOST_DIGITS_OF_COLUMNS:
            del cell["colspan"]
    converter = _Converter(
        heading_style=ATX,
        bullets="-",
        escape_underscores=False,
        table_infer_header=True,
        keep_inline_images_in=[],
    )
    return str(converter.convert_soup(element)).strip()


class _Converter(MarkdownConverter):
    """What markdownify leaves out: a code block's language, and fences longer than what is inside.

    Its manner of extension is inheritance.
    """

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        code = text.strip("\n")
        if not code.strip():
            return ""
        longest = max(map(len, _BACKTICKS.findall(code)), default=2)
        fence = "`" * (longest + 1)
        return f"\n\n{fence}{_language(el)}\n{code}\n{fence}\n\n"

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        cell = _BARE_PIPE.sub(r"\\|", text)
        return str(super().convert_td(el, cell, parent_tags))  # type: ignore[misc]

    def convert_th(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        cell = _BARE_PIPE.sub(r"\\|", text)
        return str(super().convert_th(el, cell, parent_tags))  # type: ignore[misc]

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        term = text.strip()
        return f"\n\n**{term}**\n\n" if term and "`" not in term else f"\n\n{term}\n\n"

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"\n\n{text.strip()}\n\n"


def _language(pre: Tag) -> str:
    """As the classes of the block say: its own, its code's, or those of the boxes around it."""
    code = pre.find("code")
    around = [code, pre, pre.parent, pre.parent.parent if pre.parent else None]
    for element in around:
        if isinstance(element, Tag):
            for name in _classes(element):
                if (found := _LANGUAGE.match(name)) and found[1] not in _NO_LANGUAGE:
                    return found[1]
    return ""


def _classes(element: Tag) -> list[str]:
    classes: Any = element.get("class") or []
    return [classes] if isinstance(classes, str) else list(classes)
