import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ingestion.parsing.anchors import Anchors, slugify


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


def test_headings_of_one_name_are_numbered() -> None:
    anchors = Anchors()
    assert [anchors.derive(h) for h in ("Echo", "echo", "Echo 1", "Echo", "echo-1")] == [
        "echo",
        "echo-1",
        "echo-1-1",
        "echo-2",
        "echo-1-2",
    ]


def test_a_heading_without_a_letter_still_has_an_anchor() -> None:
    anchors = Anchors()
    assert [anchors.derive("🚀"), anchors.derive("?!")] == ["section", "section-1"]


def test_an_anchor_that_the_author_set_is_kept_from_earlier_headings() -> None:
    anchors = Anchors(["setup"])
    assert [anchors.derive("Setup"), anchors.claim("setup"), anchors.claim("setup")] == [
        "setup-1",
        "setup",
        "setup-2",
    ]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "a-1", "a-2", "a-1-1", "?"]))))
def test_no_two_headings_of_a_document_share_an_anchor(headings: list[tuple[bool, str]]) -> None:
    anchors = Anchors(name for is_set, name in headings if is_set)
    given_out = [anchors.claim(n) if is_set else anchors.derive(n) for is_set, n in headings]
    assert len(set(given_out)) == len(given_out)
