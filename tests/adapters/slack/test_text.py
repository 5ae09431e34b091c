"""Slack's codes, read as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.text import calls_others, people, plain

US = "U0DOCENT"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<@U0DOCENT> How?", "How?"),
        ("Hey <@U0DOCENT>, how?", "Hey , how?"),
        ("How, <@U0DOCENT|docent>?", "How, ?"),
        ("line one <@U0DOCENT>\nline two", "line one \nline two"),
        ("ask <@U1ALICE>", "ask @U1ALICE"),
        ("ask <@U1ALICE|alice>", "ask @alice"),
        ("see <#C1GENERAL|general>", "see #general"),
        ("see <#C1GENERAL|>", "see #C1GENERAL"),
        ("<!here> and <!channel>", "@here and @channel"),
        ("<!subteam^S1|@docs>", "@docs"),
        ("<!date^1700000000^{date}|last week>", "last week"),
        ("<https://example.org>", "https://example.org"),
        ("<https://example.org|the docs>", "the docs (https://example.org)"),
        ("<http://example.org|example.org>", "example.org"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("`a &lt;!here&gt;`", "`a <!here>`"),
        ("", ""),
    ],
)
def test_text_is_read_without_codes(text: str, read: str) -> None:
    assert plain(text, US) == read


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("How?", False),
        ("<@U0DOCENT> how?", False),
        ("<@U0DOCENT> and <@U1ALICE>", True),
        ("<@W1ALICE|alice>", True),
        ("<!here>", True),
        ("<!subteam^S1>", True),
        ("<#C1GENERAL>", False),
        ("&lt;!here&gt;", False),
    ],
)
def test_a_text_that_calls_somebody_else_is_told_apart(text: str, *, others: bool) -> None:
    assert calls_others(text, US) == others


def test_those_whom_a_text_mentions_are_found() -> None:
    assert people("<@U1ALICE> <@U0DOCENT|docent> <#C1>") == {"U1ALICE", US}


@given(st.text(alphabet="<>@!#|^&;lt amp\n U0DOCENT1"))
def test_any_text_can_be_read(text: str) -> None:
    plain(text, US)
    calls_others(text, US)
