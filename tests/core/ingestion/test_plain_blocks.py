from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.ingestion.plain_blocks import plain_blocks
from tests.support.markdown_texts import MARKDOWN

LINES = [
    "", "", " ", "Words", "more words.", "wo<b>rds</b>", "  indented", "    code", "\tcode",
    "* item", "* it<em", "- item", "+ item", "*  item", "* **bold** item", "- `code`", "- - item",
    "* [link](x)", "* [ref]: x", "[ref]: /x", "[a\\]b]: /x", "[ ] box", "- [ ] box", "- 1. item",
    "1. first", "2) second", "12 monkeys", "- 12. no", "---", "***", "* * *", "===", "_ _ _",
    "a | b", "--- | ---", ":-- | --:", "| c | d |", "# Title", "#Title", "## Title ##", "#",
    "```", "```python", "`` x ` y ``", "`x`", "~~~", "> quote", ">", "<div>", "</div>", "<!--",
    "-->", "<a>", "&amp; x", "\\* no item", "(words)", '"words"', "!image", "部署", "\u00a0x",
    "*", "-", "  * nested", "    - nested", "\t* nested", "        + deep", "  wo<b>rds",
    "...and so on", "**Note**", " * one", "  ```", "    1. first", "  # Title",
]  # fmt: skip
LISTED = {"bullet_list_open", "list_item_open", "paragraph_open", "code_block"}
SOUP = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)


def parser(*, references: bool = True) -> MarkdownIt:
    blocks = MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")
    blocks.core.ruler.enableOnly(["normalize", "block"])
    return blocks if references else blocks.disable("reference")


def seen(tokens: list[Token], text: str) -> list[tuple[str, str, int, list[int]]]:
    """What is read of a text's blocks: within others only what is no list, or has markup."""
    lines = text.split("\n")
    return [
        (token.type, token.tag, token.level, token.map)
        for token in tokens
        if token.map and token.type != "inline"
        if token.level == 0
        or (token.level == 1 and token.type == "list_item_open")
        or token.type not in LISTED
        or (token.type == "paragraph_open" and "<" in "\n".join(lines[slice(*token.map)]))
    ]


@pytest.mark.parametrize("references", [True, False])
@given(SOUP | MARKDOWN)
def test_plain_blocks_are_what_the_rules_make_of_them(references: bool, text: str) -> None:
    text = text.replace("\r", "").replace("\0", "")
    rules = parser(references=references)
    quick = parser(references=references).use(plain_blocks)
    assert seen(quick.parse(text), text) == seen(rules.parse(text), text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Words\nand more\n\nwords", ["paragraph_open", "paragraph_open"]),
        ("* a\n* b\n\nwords", ["bullet_list_open", *["list_item_open"] * 2, "paragraph_open"]),
        ("* a\n    * b\n\n* c\n", ["bullet_list_open", *["list_item_open"] * 2]),
        ("* a\n\n**b**\n", ["bullet_list_open", "list_item_open", "paragraph_open"]),
        ("- a <b>\n", ["bullet_list_open", "list_item_open", "paragraph_open"]),
    ],
)
def test_what_is_plain_costs_a_token_a_block(text: str, kinds: list[str]) -> None:
    assert [token.type for token in parser().use(plain_blocks).parse(text)] == kinds
