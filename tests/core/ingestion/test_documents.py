"""What a source says of a document beside its bytes."""

from core.ingestion.addresses import SlugRule
from core.ingestion.documents import SourceProfile, prepare
from core.model import DocumentRecord
from core.ports import Entry
from tests.support.embedder import WordCounts


def record(entry: Entry, data: bytes, profile: SourceProfile) -> DocumentRecord:
    return prepare(profile, entry, data, "f", WordCounts()).record


def test_a_document_that_comes_with_its_address_has_that_one() -> None:
    entry = Entry("guide/", url="https://site.example/guide/", format=".html")
    found = record(
        entry, b"<title>Guide</title><p>Text", SourceProfile("docs", "https://x.example")
    )
    assert (found.url, found.title) == ("https://site.example/guide/", "Guide")


def test_a_document_is_read_in_the_format_that_it_comes_with() -> None:
    entry = Entry("a.php", url="https://site.example/a.php", format=".md")
    data = b"## Notes\n\nText"
    prepared = prepare(SourceProfile("docs"), entry, data, "f", WordCounts())
    ((chunk, weights),) = prepared.chunks.values()
    assert weights == WordCounts().encode_document(chunk.embedding_text)
    assert (chunk.heading_path, chunk.text) == (("Notes",), "Text")


def test_a_document_is_shown_at_its_commit() -> None:
    base = "https://github.com/o/r/blob/{commit}/docs/"
    profile = SourceProfile("docs", base, SlugRule.GITHUB)
    found = record(Entry("a b.md", version="c0ffee"), b"# A", profile)
    assert found.url == "https://github.com/o/r/blob/c0ffee/docs/a%20b.md"
    assert found.version == "c0ffee"
