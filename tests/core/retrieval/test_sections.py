"""A document is read section by section, each with the way to it."""

from __future__ import annotations

from core.model import Chunk, DocumentRecord
from core.retrieval.sections import DocumentSection, sections

RECORD = DocumentRecord(
    source="docs",
    path="guide/install.md",
    title="Install",
    url="https://docs.example.com/guide/install/",
    fingerprint="f",
    peer_reviewed=False,
    fragments={"on-linux": "linux"},
)
OTHER = DocumentRecord("docs", "guide/run.md", "Run", "https://docs.example.com/run/", "f", False)
RECORDS = {(each.source, each.path): each for each in (RECORD, OTHER)}


def chunk(text: str, anchor: str, ordinal: int, *headings: str) -> Chunk:
    return Chunk("docs", "guide/install.md", "Install", headings, anchor, ordinal, text)


def test_chunks_of_a_section_are_joined_and_links_lead_to_the_web() -> None:
    chunks = [
        chunk("Before all.", "", 0),
        chunk("First, [run it](run.md).", "on-linux", 0, "On Linux"),
        chunk("Then wait.", "on-linux", 1, "On Linux"),
        chunk("The same.", "on-mac", 0, "On Mac"),
    ]
    url = RECORD.url
    assert sections(chunks, RECORDS) == [
        DocumentSection((), "", url, "Before all."),
        DocumentSection(
            ("On Linux",),
            "on-linux",
            f"{url}#linux",
            f"First, [run it]({OTHER.url}).\n\nThen wait.",
        ),
        DocumentSection(("On Mac",), "on-mac", f"{url}#on-mac", "The same."),
    ]


def test_a_document_that_is_not_served_has_none() -> None:
    assert sections([chunk("Before all.", "", 0)], {}) == []
