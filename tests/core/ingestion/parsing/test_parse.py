import codecs
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DocumentUnreadable
from core.ingestion.parsing import MAX_BYTES, SUFFIXES, parse
from core.model import Document, Section

MARKDOWN = (
    *("# ", "## ", "=\n", "-\n", "\n", "\n\n", "    ", "\t", "> ", "- ", "1. ", "```", "~~~"),
    *("`", "|", "| - |\n", "<b>", "</div>", "<!--", "-->", "{#a}", "[a](#a)", "![a](b)", ":::note"),
    *("/// tip", "///", "!!! note\n", "{* a *}", "---\n", "title: a\n", "import a from 'b'\n"),
    *("export const a = {", "}", "<Tabs>", "{/*", "*/}", ".. note::\n", ".. a::\n", ":ref:`a`"),
    *(
        "word",
        "Ünï",
        "漢字。",
        "🚀",
        "a.b ",
        "&amp;",
        "\\",
        "\x00",
        "\x0c",
        "\u2028",
        "*",
        "_",
        "$",
    ),
)


def sections_of(document: Document) -> list[Section]:
    def flat(sections: tuple[Section, ...]) -> list[Section]:
        return [s for section in sections for s in (section, *flat(section.children))]

    return flat(document.sections)


@pytest.mark.parametrize(
    ("path", "text", "title"),
    [
        ("a.md", "---\ntitle: Front\n---\n# Top", "Front"),
        ("a.md", "intro\n\n# Top *heading* { #x }", "Top heading"),
        ("first-steps.md", "## Only a second heading", "First steps"),
        ("guides/index.md", "text", "Guides"),
        ("guides/README.markdown", "text", "Guides"),
        ("README.md", "text", "README"),
        ("a.mdx", "import x from 'x'\n\n# Top", "Top"),
        ("a.RST", "Top\n===\n", "Top"),
        ("release_notes.txt", "# text", "Release notes"),
    ],
)
def test_the_title_is_the_front_matters_or_the_first_headings_or_the_files(
    path: str, text: str, title: str
) -> None:
    document = parse(path, text.encode())
    assert (document.path, document.title) == (path, title)


def test_front_matter_fills_the_documents_fields() -> None:
    document = parse(
        "a.mdx",
        b"---\nslug: /a\nurl: https://x.org\ndate: 2024-05-06\nauthors: [Ada]\n"
        b"peer_reviewed: true\n---\nText",
    )
    assert (document.slug, document.url, document.date) == ("/a", "https://x.org", "2024-05-06")
    assert (document.authors, document.peer_reviewed) == (("Ada",), True)
    assert [s.text for s in document.sections] == ["Text"]


def test_plain_text_is_one_section_as_it_stands() -> None:
    document = parse("a.txt", b"\n# no heading\n  indented <b>\n\n")
    assert [(s.level, s.text) for s in document.sections] == [(0, "# no heading\n  indented <b>")]


@pytest.mark.parametrize("suffix", sorted({*SUFFIXES} - {".ipynb", ".pdf", ".docx"}))
def test_an_empty_document_has_no_sections(suffix: str) -> None:
    assert parse(f"a{suffix}", b" \n\n").sections == ()


@pytest.mark.parametrize(
    "data",
    [
        "# Über\r\n\rText".encode(),
        codecs.BOM_UTF8 + "# Über\n\nText".encode(),
        "# Über\n\nText".encode("utf-16"),
        codecs.BOM_UTF16_BE + "# Über\n\nText".encode("utf-16-be"),
        "# Über\n\nText".encode("utf-32"),
        "# Ü\x08ber\x0b\u2028Text".encode(),
    ],
)
def test_unicode_is_read_in_any_form(data: bytes) -> None:
    (section,) = parse("a.md", data).sections
    assert (section.heading, section.text) == ("Über", "Text")


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.md", b"caf\xe9", "it is not UTF-8 text; save it as UTF-8"),
        ("a.md", codecs.BOM_UTF16_LE + b"a", "it is not UTF-16 text"),
        ("a.md", b"a\x00b", "it is a binary file"),
        ("a.md", b"x" * (MAX_BYTES + 1), "it is larger than 10 MB"),
        ("a.md", b"\n" * 200_001, "it has more than 200,000 lines"),
        ("a.doc", b"Word", r"its format is not one that can be read \(\.md, "),
        ("Makefile", b"all:", "its format is not one"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(path: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason) as caught:
        parse(path, data)
    assert caught.value.path == path


@given(
    st.sampled_from(SUFFIXES),
    st.lists(st.sampled_from(MARKDOWN) | st.text(max_size=3), max_size=40).map("".join),
)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_text_is_a_document_or_unreadable(suffix: str, text: str) -> None:
    try:
        document = parse(f"a{suffix}", text.encode("utf-8", "surrogatepass"))
    except DocumentUnreadable:
        return
    sections = sections_of(document)
    anchors = [s.anchor for s in sections]
    assert document.title
    assert len(set(anchors)) == len(anchors)
    assert all(bool(s.anchor) == bool(s.level) for s in sections)
    assert document == parse(f"a{suffix}", text.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(SUFFIXES), st.binary(max_size=200))
def test_any_bytes_are_a_document_or_unreadable(suffix: str, data: bytes) -> None:
    with suppress(DocumentUnreadable):
        assert parse(f"a{suffix}", data).title


HOSTILE = {
    "quotes": ">" * 100_000,
    "lists": "- a\n" * 10_000,
    "nested lists": "\n".join("  " * depth + "- a" for depth in range(500)),
    "headings": "# a\n" * 10_000,
    "one long line": "x" * 1_000_000,
    "a long heading": "# " + "[" * 100_000,
    "ticks": "".join("`" * n + " " for n in range(500)),
    "open tags": "<a " * 50_000,
    "open quotes": "<a '\" " * 30_000,
    "open comments": "x <!-- " * 30_000,
    "fences": "```\n" * 20_001,
    "admonitions": "\n".join(" " * 4 * depth + "!!! note" for depth in range(300)),
    "wide table": "|a" * 1_000 + "\n" + "|-" * 1_000 + "\n" + "|b\n" * 5_000,
    "spaces": "x\n" + " " * 200_000 + "```",
    "braces": "{{a " * 50_000,
    "statements": "export {\n\n" * 20_000,
    "attributes": "<A title={" * 20_000,
    "dollars": "$a" * 50_000,
}


@pytest.mark.parametrize("suffix", [".md", ".mdx"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_time_in_proportion_to_its_length(suffix: str, text: str) -> None:
    def cpu_seconds(data: str) -> float:
        start = time.process_time()
        parse(f"a{suffix}", data.encode())
        return time.process_time() - start

    assert cpu_seconds(text) < 8 * cpu_seconds(text[: len(text) // 4]) + 1


def test_a_tree_of_many_sections_is_as_deep_as_markdown_allows() -> None:
    document = parse("a.md", "".join(f"{'#' * (n % 6 + 1)} a\n\n" for n in range(600)).encode())
    assert len(sections_of(document)) == 600
    assert len(document.sections) == 100
