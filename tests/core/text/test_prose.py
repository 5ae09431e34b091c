"""What is code in a Markdown text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.prose import closing_fence, map_prose, settled, without_code

markdown = st.lists(
    st.sampled_from(["`", "``", "```", "~~~", "\\", "\n", "\n\n", "> ", "  ", "a", "B", "py"]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("", ""),
        ("a `b` c", "A `b` C"),
        ("a ``b ` c`` d", "A ``b ` c`` D"),
        ("a `b\nc` d", "A `b\nc` D"),
        ("a `b\n\nc` d", "A `B\n\nC` D"),
        ("a ` b", "A ` B"),
        ("a ``b` c", "A ``B` C"),
        ("a \\`b\\` c", "A \\`B\\` C"),
        ("a \\\\`b` c", "A \\\\`b` C"),
        ("a\n```py\nb\n```\nc", "A\n```py\nb\n```\nC"),
        ("a\n~~~ x\nb\n```\n~~~~\nc", "A\n~~~ x\nb\n```\n~~~~\nC"),
        ("> ```\n> b\n> ```\n> c", "> ```\n> b\n> ```\n> C"),
        ("```` md\n```py\nb\n```\n````\nc", "```` md\n```py\nb\n```\n````\nC"),
        ("```\nb\n```py\nc\n```\nd", "```\nb\n```py\nc\n```\nD"),
        ("```\nb", "```\nb"),
        ("``` a ``` b", "``` a ``` B"),
    ],
)
def test_prose_is_changed_and_code_is_not(text: str, mapped: str) -> None:
    assert map_prose(text, str.upper) == mapped


@given(markdown)
def test_no_character_is_neither_prose_nor_code(text: str) -> None:
    assert map_prose(text, str.swapcase, str.swapcase) == text.swapcase()


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("a [1].", "a [1]."),
        ("a `b[1]` c", "a ` c"),
        ("[`b`1]", "[`1]"),
        ("a\n```\nb\n```\nc", "a\n`c"),
    ],
)
def test_a_text_can_be_read_without_its_code(text: str, prose: str) -> None:
    assert without_code(text) == prose


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("", ""),
        ("`a", ""),
        ("```\na\n```", ""),
        ("```py\na", "\n```"),
        ("```py\na\n", "```"),
        ("~~~~\na\n~~~", "\n~~~~"),
        ("- a\n  ```\n  b", "\n  ```"),
        ("> ```\n> b", "\n> ```"),
        ("```\na\n```\n```\nb", "\n```"),
    ],
)
def test_a_code_block_that_was_left_open_can_be_closed(text: str, closing: str) -> None:
    assert closing_fence(text) == closing


@given(markdown)
def test_a_closed_text_has_nothing_left_to_close(text: str) -> None:
    assert closing_fence(text + closing_fence(text)) == ""


def test_what_encloses_code_is_seen_whole() -> None:
    seen: list[str] = []

    def drop_brackets(prose: str) -> str:
        seen.append(prose)
        return prose.removeprefix("[").removesuffix("]")

    assert map_prose("[a `b` c `d`]", drop_brackets) == "a `b` c `d`"
    assert seen == ["[a \0000\000 c \0001\000]"]


def test_what_only_looks_like_a_place_of_code_is_none() -> None:
    assert map_prose("\0000\000 and \0009\000 `a`", str.upper) == "0 AND 9 `a`"


def test_a_change_is_made_until_there_is_nothing_left_to_do() -> None:
    assert settled("((()))x", lambda text: text.replace("()", "")) == "x"


def test_a_text_that_was_made_to_go_on_for_ever_comes_to_nothing() -> None:
    assert settled("(" * 99 + ")" * 99, lambda text: text.replace("()", "")) == ""
