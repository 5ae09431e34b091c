"""Answers as Discord shows them."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.chat.links import NOT_YET_KNOWN, Links, host_of
from adapters.discord.prose import escaped, safe_markdown
from adapters.discord.rendering import (
    Message,
    answer_messages,
    compose,
    notice,
    partial_messages,
    sources,
)
from adapters.discord.views import CUSTOM_ID, Button, Press, custom_id
from core.model import AnswerStatus
from tests.support.answers import CITATION, answer
from tests.support.markdown_texts import MARKDOWN

TURN = UUID("00000000-0000-0000-0000-000000000001")
URL = CITATION.url
KNOWN = Links(frozenset({"docs.example.com"}), {1: URL})
MOST = 2_000
NOTHING = "\u200b"
DOCS = "https://docs.example.com"
CODE = re.compile(r"```.*?```|(?<![`\\])(`+)(?!`)(?:(?!\1(?!`)).)*?[^`]\1(?!`)", re.DOTALL)
"""What Discord takes for code: blocks wherever they begin, then spans, whatever lies between."""
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It does. [1]", f"It does. [[1]]({URL})"),
        ("It may. [2]", "It may. [2]"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("`a &lt; b`", "`a &lt; b`"),
        ("See [here](https://docs.example.com/a).", "See [here](https://docs.example.com/a)."),
        ("See [here](https://evil.example/a).", "See here (`evil.example/a`)."),
        ("https://evil.example/a, or", "`evil.example/a`, or"),
        ("https://docs.example.com/a, or", "https://docs.example.com/a, or"),
        ("[https://bank.example](https://evil.example)", "bank.example (`evil.example`)"),
        ("![a chart](https://docs.example.com/a.png)", "[a chart](https://docs.example.com/a.png)"),
        ("@everyone, <@123>", f"@{NOTHING}everyone, <{NOTHING}@123>"),
        ("&lt;@123&gt;", f"<{NOTHING}@123>"),
        ("-# **Sources**\n> -# `-# a`", f"-{NOTHING}# **Sources**\n> -{NOTHING}# `-# a`"),
        ("at <t:1700000000:R> run </ask:1>", f"at <{NOTHING}t:1700000000:R> run <{NOTHING}/ask:1>"),
        ("# One\n\n> #### Four ####", "# One\n\n> **Four**"),
        ("Title\n=====\n\ntext", "# Title\n\n\ntext"),
        ("> Title\n> ---", "> ## Title\n"),
        ("```\n#### no heading\n```", "```\n#### no heading\n```"),
        ("~~~python\nx = 1\n~~~", "```python\nx = 1\n```"),
        ("```python title=a.py\nx = 1\n```", "```python\nx = 1\n```"),
        ("one ``\n\nand `` @x ``", "one \\`\\`\n\nand `` @x ``"),
        ("[one `` two](https://evil.example)", "one \\`\\` two (`evil.example`)"),
        (r"one \` two", r"one \` two"),
        ("[~~~ x](https://evil.example)", f"{NOTHING}~~~ x (`evil.example`)"),
        ("````\n```\nx\n```\n````", f"```\n``{NOTHING}`\nx\n``{NOTHING}`\n```"),
        ("- one\n\n  ````\n  x\n  ````", "- one\n\n  ```\n  x\n  ```"),
    ],
)
def test_markdown_is_made_discords_own(text: str, shown: str) -> None:
    assert safe_markdown(text, KNOWN) == shown


def test_while_it_is_written_no_address_is_linked_or_spelled_out() -> None:
    assert safe_markdown("See [here](https://docs.example.com/a). [1]", NOT_YET_KNOWN) == (
        "See here. [1]"
    )


def test_a_title_is_shown_as_it_is() -> None:
    assert escaped("a_b *c* [d](e)\n@here") == r"a\_b \*c\* \[d\]\(e\) \@" + f"{NOTHING}here"


def test_a_table_is_shown_as_text() -> None:
    [page] = compose("| a | b |\n|---|---|\n| 1 | 2 |", KNOWN)
    assert page == "```\na  b\n-  -\n1  2\n```"


def test_an_answer_ends_with_its_sources_and_buttons() -> None:
    [message] = answer_messages(answer(), TURN)
    assert message.text == (
        f"They can have defaults. [[1]]({URL})\n\n-# **Sources**\n"
        f"-# [1] [Query Parameters › Defaults]({URL})\n"
        "-# *This source is not peer-reviewed.*"
    )
    presses = [button.press for button in message.buttons]
    assert presses == [Press.UP, Press.DOWN, Press.EVIDENCE]


def test_a_private_answer_can_be_shared() -> None:
    [message] = answer_messages(answer(), TURN, private=True)
    assert message.buttons[-1] == Button(Press.SHARE, TURN)


def test_a_refusal_lists_no_sources_and_has_nothing_to_show() -> None:
    refusal = replace(answer("I do not know."), status=AnswerStatus.REFUSED, citations=())
    [message] = answer_messages(refusal, TURN)
    assert message.text == "I do not know."
    assert [button.press for button in message.buttons] == [Press.UP, Press.DOWN]


def test_sources_that_differ_each_say_whether_they_are_peer_reviewed() -> None:
    both = [CITATION, replace(CITATION, n=2, peer_reviewed=True)]
    _, first, second = sources(both)
    assert first.endswith("· not peer-reviewed")
    assert second.endswith("· ✓ peer-reviewed")


def test_a_source_without_an_address_is_named() -> None:
    [_, line, *_] = sources([replace(CITATION, url="")])
    assert line == "-# [1] Query Parameters › Defaults"


def test_marks_are_links_only_where_that_costs_no_further_message() -> None:
    claim = "This is a claim of some length that one can read. [1]\n\n"
    [message] = answer_messages(answer(claim * 30), TURN)
    assert f"[[1]]({URL})" not in message.text
    [short] = answer_messages(answer(claim * 5), TURN)
    assert short.text.count(f"[[1]]({URL})") == 5


def test_a_long_answer_has_its_buttons_under_the_last_message() -> None:
    text = "".join(f"A paragraph with the number {n}.\n\n" for n in range(150))
    messages = answer_messages(answer(text), TURN)
    assert len(messages) > 1
    assert [bool(message.buttons) for message in messages] == [
        *(False for _ in messages[1:]),
        True,
    ]


def test_what_is_being_written_can_be_stopped() -> None:
    [message] = partial_messages("So far", TURN)
    assert message.text == "So far"
    assert message.buttons == (Button(Press.STOP, TURN),)


def test_a_notice_is_one_message_however_long() -> None:
    assert len(notice("word " * 1000).text) <= MOST
    assert notice("").text == "…"


@pytest.mark.parametrize("press", list(Press))
def test_the_id_of_a_button_says_what_it_does(press: Press) -> None:
    made = custom_id(Button(press, TURN))
    found = CUSTOM_ID.fullmatch(made)
    assert found is not None
    assert (found["press"], found["turn"]) == (press, str(TURN))
    assert len(made) <= 100


@given(MARKDOWN, st.booleans())
@SLOWLY
def test_any_answer_is_what_discord_takes_and_does_no_harm(text: str, private: bool) -> None:
    whole = answer(text, CITATION, replace(CITATION, n=2, title=text[:80], url=f"{DOCS}/other"))
    messages = answer_messages(whole, TURN, private=private)
    for message in messages:
        assert_discord_takes(message)
        assert_harmless(message)


@given(MARKDOWN)
@SLOWLY
def test_any_part_of_an_answer_is_what_discord_takes_and_does_no_harm(text: str) -> None:
    for message in [*partial_messages(text, TURN), notice(text)]:
        assert_discord_takes(message)
        assert_harmless(message)
        assert f"]({DOCS}" not in CODE.sub("", message.text)


def assert_discord_takes(message: Message) -> None:
    assert 0 < len(message.text.strip()) <= len(message.text) <= MOST
    assert len(message.buttons) <= 5


def assert_harmless(message: Message) -> None:
    """Nobody is alerted, and no link leads to where the answer's sources are not."""
    assert not re.search(r"<[@#][\d!&]", message.text)
    prose = CODE.sub(" ", message.text)
    assert not re.search(r"@(?:everyone|here)\b", prose)
    for address in re.findall(r"https?://[^\s<>)\]]+", prose):
        assert host_of(address) == "docs.example.com", message.text
