import re

import markdown as python_markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ingestion.addresses import SlugRule
from core.ingestion.parsing.anchors import anchors, slugify, toc_slug
from core.ingestion.parsing.headings import Heading, read_heading


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Hello World", "hello-world"),
        ("What's new?", "whats-new"),
        ("C & D", "c--d"),
        ("a_b-c  d", "a_b-c--d"),
        ("Path /items/{item_id}", "path-itemsitem_id"),
        ("FastAPI 0.100.0 (2023)", "fastapi-01000-2023"),
        ("Привет non-latin 你好", "привет-non-latin-你好"),
        ("🚀 Launch", "-launch"),
        (" a ", "-a-"),
        ("en–dash’s", "endashs"),
        ("exchange.bind(a, b [, c])", "exchangebinda-b--c"),
        ("Café ÜBER", "café-über"),
        ("Ⅷ eight Ⓐ", "ⅷ-eight-ⓐ"),
        ("x² and ½", "x-and-"),
        ("tab\tand no-break\u00a0space", "taband-no-breakspace"),
        ("a‿b", "a‿b"),
        (":rocket: Launch", "rocket-launch"),
    ],
)
def test_a_heading_has_the_anchor_that_github_gives_it(heading: str, anchor: str) -> None:
    assert slugify(heading) == anchor


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("What's new?", "whats-new"),
        ("C & D", "c-d"),
        ("a_b -- c", "a_b-c"),
        ("Žlutý kůň", "zluty-kun"),
        ("x² – ½", "x2-12"),
        ("Привет мир", ""),
        ("🚀 Launch", "launch"),
        ("- a -", "-a-"),
    ],
)
def test_a_heading_has_the_anchor_that_mkdocs_gives_it(heading: str, anchor: str) -> None:
    assert toc_slug(heading) == anchor


PAGES = [
    # headings, then their anchors on a site of each kind
    (
        ["Echo", "echo", "Echo 1", "Echo"],
        ["echo", "echo-1", "echo-1-1", "echo-2"],
        ["echo", "echo-1", "echo-1-1", "echo-2"],
        ["echo", "echo-1", "echo-1-1", "echo-2"],
        ["echo", "echo_1", "echo-1", "echo_2"],
    ),
    (
        ["Übung", "b_1", "b", "b", "b_1"],
        ["übung", "b_1", "b", "b-1", "b_1-1"],
        ["übung", "b_1", "b", "b-1", "b_1-1"],
        ["übung", "b_1", "b", "b-1", "b_1-1"],
        ["ubung", "b_1", "b", "b_2", "b_3"],
    ),
    (
        ["🚀", "?!", "Section"],
        ["section", "section-1", "section-2"],
        ["", "-1", "section"],
        ["", "-1", "section"],
        ["_1", "_2", "section"],
    ),
    (
        ["Setup", "Install {#setup}", "Also {#setup}", "Set up {#up .wide}"],
        ["setup-1", "setup", "setup-2", "up"],
        ["setup", "install-setup", "also-setup", "set-up-up-wide"],
        ["setup", "setup", "setup", "up"],
        ["setup_1", "setup", "setup", "up"],
    ),
    (
        ["![](x.png) Title", "Title [¶](#title)", "`a--b`: **c** &amp; d"],
        ["-title", "title", "a--b-c--d"],
        ["-title", "title", "a--b-c--d"],
        ["-title", "title", "a--b-c--d"],
        ["title", "title_1", "a-b-c-d"],
    ),
]


@pytest.mark.parametrize(("headings", "plain", "github", "docusaurus", "mkdocs"), PAGES)
def test_the_headings_of_a_page_have_the_anchors_of_its_site(
    headings: list[str],
    plain: list[str],
    github: list[str],
    docusaurus: list[str],
    mkdocs: list[str],
) -> None:
    read = [read_heading(heading) for heading in headings]
    assert anchors(read, SlugRule.PLAIN) == plain
    assert anchors(read, SlugRule.GITHUB) == github
    assert anchors(read, SlugRule.DOCUSAURUS) == docusaurus
    assert anchors(read, SlugRule.MKDOCS) == mkdocs


PLAIN_WORDS = st.sampled_from(["a", "a_1", "a_2", "b-c", "é", "Ж", "🚀", "1", "_1", "C++", "A'"])
SIGNS = st.sampled_from(["--", "&", "?", "{}", "`x_y`", "*i*", "**bold**", "[l](https://x)"])
HEADINGS = st.lists(PLAIN_WORDS | SIGNS, min_size=1, max_size=3).map(" ".join)
NAMES = st.sampled_from(["", "", "", " {#a}", " { #a_2 .c }"])


@given(st.lists(st.tuples(HEADINGS, NAMES).map("".join), max_size=8))
def test_mkdocs_anchors_are_those_of_python_markdown(headings: list[str]) -> None:
    page = "\n\n".join(f"## {heading}" for heading in headings)
    html = python_markdown.markdown(page, extensions=["toc", "attr_list"])
    expected = re.findall(r'<h2 (?:class="c" )?id="([^"]*)"', html)
    assert anchors([*map(read_heading, headings)], SlugRule.MKDOCS) == expected


def test_a_page_of_headings_that_are_all_taken_is_numbered_in_time() -> None:
    names = [f"a_{n}" for n in range(2, 10_002)]
    found = anchors([*map(read_heading, names * 2)], SlugRule.MKDOCS)
    assert found[10_000:] == [f"a_{n}" for n in range(10_002, 20_002)]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "a-1", "a-2", "a-1-1", "?"]))))
def test_no_two_headings_of_a_plain_document_share_an_anchor(
    headings: list[tuple[bool, str]],
) -> None:
    written = [Heading(name, name, name if is_set else None) for is_set, name in headings]
    given_out = anchors(written, SlugRule.PLAIN)
    assert len(set(given_out)) == len(given_out)
    assert all(given_out)
