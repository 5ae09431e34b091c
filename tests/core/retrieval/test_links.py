"""Links of a document's text, once it is read elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import DocumentRecord
from core.retrieval.links import with_published_links
from tests.support.search import record

BASE = "https://docs.example/en/"
HERE = record("guide/first.md", url=f"{BASE}guide/first/")
PUBLISHED = [
    HERE,
    record("index.md", url=BASE),
    record("guide/second part.md", url=f"{BASE}guide/second%20part/"),
    record("api.rst", url="https://api.example/"),
]
RECORDS = {(each.source, each.path): each for each in PUBLISHED}


@pytest.mark.parametrize(
    ("written", "published"),
    [
        # To documents, wherever those are published.
        ("See [it](../index.md).", f"See [it]({BASE})."),
        ("[a](./second%20part.md#b-c)", f"[a]({BASE}guide/second%20part/#b-c)"),
        ("[a](<../api.rst> 'Title')", "[a](https://api.example/)"),
        ("[a](/index.md)", f"[a]({BASE})"),
        ("[a](../index.md?plain=1#é)", f"[a]({BASE}#%C3%A9)"),
        (
            "[the `a` of](../index.md) and [b](#c)",
            f"[the `a` of]({BASE}) and [b]({BASE}guide/first/#c)",
        ),
        # To pages, as a browser follows them.
        ("[a](../second/)", f"[a]({BASE}guide/second/)"),
        ("[a](/en/other?q=1#b)", "[a](https://docs.example/en/other?q=1#b)"),
        ("[a](../v1.html)", f"[a]({BASE}guide/v1.html)"),
        # To nothing that is known to be published.
        ("[a](gone.md)", "a"),
        ("[a](../../secret.md)", "a"),
        ("[a](../src/main.py)", "a"),
        ("![a](../img/a.png) b", "a b"),
        ("[![a](a.png) b](../index.md)", f"[a b]({BASE})"),
        ("[![a](a.png)](https://x.example)", "[a](https://x.example)"),
        # Not relative.
        ("[a](https://x.example/y.md)", "[a](https://x.example/y.md)"),
        ("[a](mailto:a@x.example)", "[a](mailto:a@x.example)"),
        ("[a](//x.example)", "[a](//x.example)"),
        ("[a](http://[x)", "[a](http://[x)"),
        # Not links.
        ("`[a](../index.md)`", "`[a](../index.md)`"),
        ("```\n[a](../index.md)\n```", "```\n[a](../index.md)\n```"),
        ("a[0] (b)", "a[0] (b)"),
    ],
)
def test_a_relative_link_leads_to_what_is_published(written: str, published: str) -> None:
    assert with_published_links(written, HERE, RECORDS) == published


@pytest.mark.parametrize("link", ["[a](other.md)", "[a](b/)", "[a](#b)", "![a](b.png)"])
def test_where_nothing_is_published_nothing_is_linked(link: str) -> None:
    here, other = record("first.md", url="first.md"), record("other.md", url="other.md")
    records = {(each.source, each.path): each for each in (here, other)}
    assert with_published_links(link, here, records) == "a"


def test_a_document_of_another_source_is_another_document() -> None:
    elsewhere = replace(HERE, source="elsewhere")
    records: dict[tuple[str, str], DocumentRecord] = {
        **RECORDS,
        ("elsewhere", HERE.path): elsewhere,
    }
    assert with_published_links("[a](../index.md)", elsewhere, records) == "a"


@given(
    st.lists(st.sampled_from(["[", "](", "a.md", "../", "#b", ")", "!", " ", "`", "/", "?", "\n"]))
)
def test_no_link_is_left_relative(parts: list[str]) -> None:
    text = with_published_links("".join(parts), HERE, RECORDS)
    prose = re.sub(r"`[^`]*`?", "", text)
    for target in re.findall(r"(?<!\[)\[[^\[\]]*\]\(([\w./#?]+)\)", prose):
        assert target.startswith(("https://", "//"))
