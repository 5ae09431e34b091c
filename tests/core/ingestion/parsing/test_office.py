"""Notebooks, PDF and Word documents."""

import json
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from core.errors import DocumentUnreadable
from core.ingestion.parsing import parse
from core.model import Section
from tests.support.office import docx, pdf


def _outline(sections: tuple[Section, ...]) -> list[Any]:
    return [
        (s.heading, s.anchor, s.text, *([_outline(s.children)] if s.children else []))
        for s in sections
    ]


def _notebook(*cells: dict[str, Any], language: str = "julia") -> bytes:
    notebook = {
        "cells": [{"metadata": {}, **cell} for cell in cells],
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return json.dumps(notebook).encode()


def _code(source: str) -> dict[str, Any]:
    printed = {"output_type": "stream", "name": "stdout", "text": "printed"}
    return {"cell_type": "code", "source": source, "outputs": [printed], "execution_count": 1}


def test_a_notebook_is_its_text_and_its_code_without_what_it_printed() -> None:
    document = parse(
        "a.ipynb",
        _notebook(
            {"cell_type": "markdown", "source": ["# Fit\n", "A line."]},
            _code("fit(x)"),
            {"cell_type": "raw", "source": "raw"},
            _code("  "),
            {"cell_type": "markdown", "source": "## Plot\nIt."},
        ),
    )
    assert document.title == "Fit"
    assert _outline(document.sections) == [
        ("Fit", "fit", "A line.\n\n```julia\nfit(x)\n```", [("Plot", "plot", "It.")])
    ]


def test_code_of_a_notebook_that_holds_a_fence_stays_whole() -> None:
    (section,) = parse("a.ipynb", _notebook(_code("s = '```'"))).sections
    assert section.text == "````julia\ns = '```'\n````"


def test_a_notebook_of_an_older_format_is_read() -> None:
    cells = [{"cell_type": "heading", "level": 1, "metadata": {}, "source": "Old"}]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    assert parse("a.ipynb", json.dumps(old).encode()).title == "Old"


def test_each_page_of_a_pdf_is_a_section_that_a_browser_opens_at() -> None:
    document = parse("report.pdf", pdf([["First page."], [], ["Third,", "two lines."]]))
    assert document.title == "Report"
    assert _outline(document.sections) == [
        ("Page 1", "page=1", "First page."),
        ("Page 3", "page=3", "Third,\ntwo lines."),
    ]


def test_the_pages_of_a_pdf_stand_under_its_chapters() -> None:
    data = pdf([["Title."], ["One."], ["More."], ["Two."]], outline={"Methods": 2, "Results": 4})
    document = parse("a.pdf", data)
    assert document.title == "A", "not the first of its chapters"
    assert _outline(document.sections) == [
        ("Page 1", "page=1", "Title."),
        ("Methods", "page=2", "", [("Page 2", "page=2", "One."), ("Page 3", "page=3", "More.")]),
        ("Results", "page=4", "", [("Page 4", "page=4", "Two.")]),
    ]


def test_a_pdf_says_its_title_day_and_authors() -> None:
    info = {"Title": "On Docs", "Author": "Ann, Bob", "CreationDate": "D:20240131120000Z"}
    document = parse("a.pdf", pdf([["x"]], info=info))
    assert (document.title, document.date, document.authors) == (
        "On Docs",
        "2024-01-31",
        ("Ann", "Bob"),
    )


def test_a_pdf_without_a_readable_day_has_none() -> None:
    document = parse("a.pdf", pdf([["x"]], info={"CreationDate": "D:yesterday"}))
    assert (document.title, document.date) == ("A", None)


def test_the_sections_of_a_chapter_do_not_end_it() -> None:
    writer = PdfWriter(clone_from=BytesIO(pdf([["One."], ["Two."]])))
    chapter = writer.add_outline_item(title="Chapter", page_number=0)
    writer.add_outline_item(title="Section", page_number=1, parent=chapter)
    (section,) = parse("a.pdf", _written(writer)).sections
    assert [child.heading for child in section.children] == ["Page 1", "Page 2"]


@pytest.mark.parametrize(("password", "readable"), [("", True), ("s3cret", False)])
def test_only_a_pdf_that_asks_for_no_password_is_read(password: str, *, readable: bool) -> None:
    writer = PdfWriter(clone_from=BytesIO(pdf([["Text."]])))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    data = _written(writer)
    if readable:
        assert parse("a.pdf", data).sections[0].text == "Text."
        return
    with pytest.raises(DocumentUnreadable, match="locked with a password"):
        parse("a.pdf", data)


def _written(writer: PdfWriter) -> bytes:
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def test_words_that_a_line_of_a_pdf_broke_are_whole() -> None:
    (section,) = parse("a.pdf", pdf([["the docu-", "mentation of X-", "Ray"]])).sections
    assert section.text == "the documentation of X-\nRay"


def test_a_word_document_has_its_headings() -> None:
    data = docx(("Guide", "Heading1"), "Start &amp; go.", ("Next", "Heading2"), "On.")
    document = parse("a.docx", data)
    assert document.title == "Guide"
    assert _outline(document.sections) == [
        ("Guide", "guide", "Start & go.", [("Next", "next", "On.")])
    ]


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.ipynb", b"{}", "it is not a Jupyter notebook"),
        ("a.ipynb", b"[", "it is not a Jupyter notebook"),
        (
            "a.ipynb",
            b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"source":"x"}]}',
            "it is not a Jupyter notebook",
        ),
        ("a.pdf", b"%PDF-1.4\n", "it is not a PDF, or is damaged"),
        ("a.pdf", pdf([[], []]), "it holds no text"),
        ("a.docx", b"PK", "it is not a Word document, or is damaged"),
        ("a.docx", docx(extra={"x": bytes(101 * 2**20)}), "it unpacks to more than 100 MB"),
        ("a.pdf", b" " * (10 * 2**20 + 1), "it is larger than 10 MB"),
    ],
    ids=["no notebook", "no JSON", "no kind", "cut off", "pictures", "no archive", "bomb", "large"],
)
def test_what_cannot_be_read_says_why(path: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        parse(path, data)


def test_a_pdf_of_thousands_of_pages_is_not_read_for_ever() -> None:
    with pytest.raises(DocumentUnreadable, match="it has more than 5,000 pages"):
        parse("a.pdf", pdf([[]] * 5_001))


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("a.pdf", pdf([["Some text."]], outline={"One": 1}, info={"Title": "T"})),
        ("a.docx", docx(("Guide", "Heading1"), "Text.")),
        ("a.ipynb", _notebook(_code("x"))),
        ("a.html", b"<h1 id=a>A</h1><table><tr><td>b</table>"),
    ],
    ids=["pdf", "docx", "notebook", "html"],
)
@given(cuts=st.lists(st.tuples(st.integers(0, 1500), st.binary(max_size=4)), max_size=4))
def test_a_damaged_file_is_read_or_unreadable(
    path: str, whole: bytes, cuts: list[tuple[int, bytes]]
) -> None:
    data = whole
    for place, patch in cuts:
        data = data[:place] + patch + data[place + len(patch) :]
    with suppress(DocumentUnreadable):
        parse(path, data)
