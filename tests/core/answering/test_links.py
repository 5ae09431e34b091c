"""Links in a model's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.links import KnownLinks, escaped_link
from tests.support.models import section

KNOWN = KnownLinks(
    [
        section("See https://api.example/v1. And `http://localhost:8000/docs`."),
        section("Open file:///etc/hosts.", url="unpublished/guide.md#start"),
    ],
    "What about https://asked.example/x?",
)


@pytest.mark.parametrize(
    ("written", "reduced"),
    [
        # From the docs or the question.
        (
            "[here](https://docs.example/install#linux)",
            "[here](https://docs.example/install#linux)",
        ),
        ("[here](https://docs.example/install/)", "[here](https://docs.example/install/)"),
        ("At https://api.example/v1.", "At https://api.example/v1."),
        ("[the `a` of](https://api.example/v1)", "[the `a` of](https://api.example/v1)"),
        ("At https://api.example/v1`a`.", "At https://api.example/v1`a`."),
        ("At <https://asked.example/x>.", "At <https://asked.example/x>."),
        ("At http://localhost:8000/docs!", "At http://localhost:8000/docs!"),
        ("At https://api.example/v1/#a", "At api.example/v1/#a"),
        # From anywhere else.
        ("[here](https://evil.example/?q=secret)", "here"),
        ('[here](<https://evil.example> "title")', "here"),
        ("[the `a` of](https://evil.example)", "the `a` of"),
        ("[here](javascript:alert(1))", "here"),
        ("[here](../other.md)", "here"),
        # What no reader can open.
        ("[here](unpublished/guide.md#start)", "here"),
        ("[here](file:///etc/hosts)", "here"),
        ("At https://evil.example/a.", "At evil.example/a."),
        ("At www.evil.example.", "At evil.example."),
        ("At <https://evil.example>.", "At evil.example."),
        ("[https://evil.example](https://evil.example)", "evil.example"),
        ("[[a](https://x.example)](https://y.example)", "a"),
        ("[[[a](b)](c)](d)", "a"),
        ("At hthttps://tps://evil.example", "At evil.example"),
        ("A <std::vector> and <mailto:a@b.example>", "A std::vector and mailto:a@b.example"),
        # An image is fetched without a click.
        ("![alt](https://evil.example/p.png)", "alt"),
        ("![alt](https://api.example/v1)", "alt"),
        ('<img src="https://evil.example">So <a href="x">it</a> is', "So it is"),
        ("Text.\n[ref]: https://evil.example\nMore.", "Text.\n\nMore."),
        # No links.
        ("[a[b[c]]](https://x.example)", "[a[b[c]]] (x.example)"),
        ("[a[b[c]]](&#104;ttps://x.example)", "[a[b[c]]] (&#104;x.example)"),
        ("[a](https://x.example/(b(c)d))", "[a] (x.example/(b(c)d))"),
        ("> [ref]: &#104;ttps://x.example", "> [ref] : &#104;x.example"),
        ("- [ref]:\n  &#104;ttps://x.example", "- [ref] :\n  &#104;x.example"),
        ("At ftp://x.example and slack://x", "At x.example and x"),
        ("[" * 20 + "a" + "](b)" * 20, ""),
        # What is code to one reader of Markdown is none to another.
        ("`[a](https://x.example)`", "`[a] (https://x.example)`"),
        ("`[a](https://docs.example/install)`", "`[a](https://docs.example/install)`"),
        ("`a\n---\n[b](<https:/\\/x.example>) `", "`a\n---\n[b] (<https:/\\/x.example>) `"),
        ("  ```\n[a](//x.example)", "  ```\n[a] (//x.example)"),
        ("```\n[a]: &#104;ttps://x.example\n```", "```\n[a] : &#104;ttps://x.example\n```"),
        ("\\`[a](https://x.example)\\`", "\\`a\\`"),
        # No links.
        ("```\nhttps://evil.example\n```", "```\nhttps://evil.example\n```"),
        (
            "`[&](std::string s)`, `a[0](x // y)`, `t[a]: int`",
            "`[&](std::string s)`, `a[0](x // y)`, `t[a]: int`",
        ),
        ("List<String> and <name> stay", "List<String> and <name> stay"),
        ("An array[0](x) call", "An array0 call"),
        ("", ""),
    ],
)
def test_only_links_of_the_docs_or_the_question_stay_links(written: str, reduced: str) -> None:
    assert KNOWN.reduced(written) == reduced


@given(
    st.lists(
        st.sampled_from(
            ["[", "]", "(", ")", "https://e.example/", "www.", "!", "<", ">", "a", " ", "`"]
        ),
        max_size=20,
    ).map("".join)
)
def test_reducing_twice_is_reducing_once(text: str) -> None:
    once = KNOWN.reduced(text)

    assert KNOWN.reduced(once) == once


@pytest.mark.parametrize(
    ("text", "url", "link"),
    [
        ("Install", "https://d/x", "[Install](https://d/x)"),
        ("a [b] `c`\n*d*", "https://d/x (1)", "[a \\[b\\] \\`c\\` \\*d\\*](https://d/x%20%281%29)"),
        ("a\u202eb", "https://d/\\", "[ab](https://d/%5C)"),
        ("Install", "", "Install"),
    ],
)
def test_a_link_cannot_be_broken_out_of(text: str, url: str, link: str) -> None:
    assert escaped_link(text, url) == link
