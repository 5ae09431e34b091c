"""What a text may link to, and how an address is shown that it may not."""

from __future__ import annotations

import pytest

from adapters.chat.links import NOT_YET_KNOWN, Links, shown_address, shown_link
from adapters.markdown import spans

KNOWN = Links(frozenset({"docs.example.com"}))
NOTHING = "\u200b"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("[here](https://docs.example.com/a)", "[here](https://docs.example.com/a)"),
        ("[](https://docs.example.com/a)", "[docs.example.com/a](https://docs.example.com/a)"),
        ("[here](https://evil.example/a)", "here (`evil.example/a`)"),
        ("[a.example](https://a.example)", "a.example"),
        ("[https://a.example](https://a.example)", "`a.example`"),
        ("[here](https://evil.example/`a`)", "here (`evil.example/%60a%60`)"),
    ],
)
def test_a_link_leads_only_to_a_known_host(source: str, shown: str) -> None:
    [link] = [span for span in spans(source) if span.kind == "link"]
    assert shown_link(link, link.label, KNOWN) == shown


def test_before_the_citations_are_known_only_the_text_of_a_link_is_shown() -> None:
    [link] = spans("[here](https://docs.example.com/a)")
    assert shown_link(link, "here", NOT_YET_KNOWN) == "here"


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("https://docs.example.com/a).", "https://docs.example.com/a)."),
        ("https://evil.example/a).", "`evil.example/a`)."),
        ("www.evil.example,", "`evil.example`,"),
        ("https://", f"https:{NOTHING}//"),
    ],
)
def test_a_bare_address_is_code_unless_its_host_is_known(found: str, shown: str) -> None:
    assert shown_address(found, KNOWN) == shown
