"""What a sync costs, what it serves, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from core.backends.postgres import Postgres
from core.errors import (
    ConfigurationError,
    CorpusError,
    ServiceUnavailable,
    ShrinkRefused,
    SourceUnavailable,
    SyncRunning,
)
from core.ingestion.addresses import SlugRule
from core.ingestion.documents import SourceProfile
from core.ingestion.report import Move, Phase, SyncProgress
from core.ingestion.worker import open_worker
from core.model import Corpus
from tests.support.embedder import HashingEmbedder
from tests.support.library import Library, open_library
from tests.support.memory_source import MemorySource

GUIDE = "# Guide\n\n## Install\n\nRun the installer.\n\n## Start\n\nType docent.\n"
FAQ = "# FAQ\n\nNobody has asked anything yet.\n"


@pytest.fixture
async def library(database: Postgres, tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(database, tmp_path / "index") as opened:
        opened.source.files = {"guide.md": GUIDE, "faq.md": FAQ}
        yield opened


def _many(count: int) -> dict[str, str]:
    return {f"page-{n}.md": f"# Page {n}\n\nThis is page {n} of many.\n" for n in range(count)}


async def test_the_first_sync_serves_every_document_at_once(library: Library) -> None:
    report = await library.sync()
    assert report.added == ("docs/faq.md", "docs/guide.md")
    assert (report.generation, report.documents, report.chunks) == (1, 2, 3)
    assert (report.written, report.embedded, report.reused, report.closed) == (3, 3, 0, 0)
    assert await library.store.current() == Corpus("docent-hashing-32", 1)
    assert await library.texts() == {
        "guide.md": "Run the installer.\nType docent.",
        "faq.md": "Nobody has asked anything yet.",
    }


async def test_a_sync_of_nothing_changed_embeds_and_writes_nothing(library: Library) -> None:
    await library.sync()
    report = await library.sync()
    assert library.watch.of("embedder") == []
    assert library.watch.of("writer") == []
    assert report.generation == 1
    assert (report.added, report.changed, report.relabelled, report.removed) == ((), (), (), ())
    assert (report.documents, report.chunks, report.written) == (2, 3, 0)


async def test_a_listing_that_tells_fingerprints_spares_reading_what_did_not_change(
    library: Library,
) -> None:
    library.source.tells_fingerprints = True
    await library.sync()
    library.source.reads.clear()
    library.source.files["faq.md"] += "\nNow somebody has.\n"
    await library.sync()
    assert library.source.reads == ["faq.md"]


async def test_what_changed_after_it_was_listed_and_then_back_is_served_as_it_is(
    library: Library,
) -> None:
    async def edit() -> None:
        library.source.files["faq.md"] = "# FAQ\n\nA draft.\n"

    library.source.tells_fingerprints = True
    library.source.before_read = edit
    await library.sync()
    assert (await library.texts())["faq.md"] == "A draft."
    library.source.before_read = None
    library.source.files["faq.md"] = FAQ
    await library.sync()
    assert (await library.texts())["faq.md"] == "Nobody has asked anything yet."


async def test_what_stays_counts_as_done_at_once(library: Library) -> None:
    library.source.tells_fingerprints = True
    await library.sync()
    seen: list[SyncProgress] = []
    await library.sync(progress=seen.append)
    assert [now.documents for now in seen if now.phase is Phase.INDEXING] == [0, 2]


async def test_a_changed_section_costs_its_own_chunks_alone(library: Library) -> None:
    await library.sync()
    library.source.files["guide.md"] = GUIDE.replace("Type docent.", "Type docent run.")
    report = await library.sync()
    assert report.changed == ("docs/guide.md",)
    assert library.embedder.embedded == ["Guide\nStart\nType docent run."]
    assert (report.written, report.closed, report.generation) == (1, 1, 2)
    assert (await library.texts())["guide.md"] == "Run the installer.\nType docent run."


async def test_a_renamed_document_keeps_its_embeddings(library: Library) -> None:
    await library.sync()
    library.source.files["start/guide.md"] = library.source.files.pop("guide.md")
    report = await library.sync()
    assert (report.added, report.removed) == (("docs/start/guide.md",), ("docs/guide.md",))
    assert library.watch.of("embedder") == []
    assert (report.written, report.reused) == (2, 2)
    assert set(await library.texts()) == {"start/guide.md", "faq.md"}


async def test_a_document_that_comes_back_keeps_its_embeddings(library: Library) -> None:
    await library.sync()
    text = library.source.files.pop("faq.md")
    await library.sync(allow_shrink=True)
    library.source.files["faq.md"] = text
    report = await library.sync()
    assert library.watch.of("embedder") == []
    assert report.reused == 1
    assert "faq.md" in await library.texts()


async def test_the_same_text_in_two_documents_is_embedded_once(library: Library) -> None:
    library.source.files = {"a.md": "# Notice\n\nMind it.\n", "b.md": "# Notice\n\nMind it.\n"}
    report = await library.sync()
    assert (report.written, report.embedded, report.reused) == (2, 1, 1)


async def test_a_deleted_document_is_found_in_older_generations_alone(library: Library) -> None:
    await library.sync()
    before = await library.store.current()
    del library.source.files["faq.md"]
    report = await library.sync(allow_shrink=True)
    assert report.removed == ("docs/faq.md",)
    assert set(await library.texts()) == {"guide.md"}
    assert set(await library.texts(before)) == {"guide.md", "faq.md"}
    assert set(await library.store.at(2)) == {("docs", "guide.md")}
    assert set(await library.store.at(1)) == {("docs", "guide.md"), ("docs", "faq.md")}


async def test_generations_that_no_answer_can_need_are_deleted(library: Library) -> None:
    await library.sync()
    before = await library.store.current()
    library.settings = replace(library.settings, retention=timedelta(0))
    del library.source.files["faq.md"]
    await library.sync(allow_shrink=True)
    assert set(await library.texts(before)) == {"guide.md"}
    assert set(await library.texts()) == {"guide.md"}
    assert set(await library.store.at(1)) == {("docs", "guide.md")}


async def test_a_sync_with_nothing_to_do_deletes_what_it_may_by_now(library: Library) -> None:
    await library.sync()
    before = await library.store.current()
    del library.source.files["faq.md"]
    await library.sync(allow_shrink=True)
    assert set(await library.texts(before)) == {"guide.md", "faq.md"}
    library.settings = replace(library.settings, retention=timedelta(0))
    assert (await library.sync()).generation == 2
    assert library.watch.of("writer") == ["writer.prune"]
    assert set(await library.texts(before)) == {"guide.md"}
    await library.sync()
    assert library.watch.of("writer") == []


async def test_a_removed_source_is_deleted_by_a_later_sync_of_another(library: Library) -> None:
    blog = MemorySource("blog", {"post.md": "# Post\n\nHello.\n"})
    await library.sync([library.source, blog])
    before = await library.store.current()
    await library.sync(remove=["blog"])
    assert "post.md" in await library.texts(before)
    library.settings = replace(library.settings, retention=timedelta(0))
    await library.sync()
    assert set(await library.texts(before)) == {"guide.md", "faq.md"}


async def test_a_listing_that_fails_leaves_everything_served(library: Library) -> None:
    await library.sync()
    library.source.broken = True
    with pytest.raises(SourceUnavailable):
        await library.sync()
    assert set(await library.texts()) == {"guide.md", "faq.md"}
    assert library.watch.of("writer") == []


@pytest.mark.parametrize(("left", "refused"), [(7, False), (6, True), (0, True)])
async def test_a_sync_that_would_lose_more_than_the_set_share_is_refused(
    library: Library, left: int, refused: bool
) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.files = _many(left)
    if refused:
        with pytest.raises(ShrinkRefused, match=f"{10 - left} of 10 documents") as error:
            await library.sync()
        assert "--allow-shrink" in error.value.hint
        assert len(await library.texts()) == 10
    else:
        assert len((await library.sync()).removed) == 10 - left
        assert len(await library.texts()) == left


async def test_a_shrink_that_was_allowed_is_made(library: Library) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.files = {}
    report = await library.sync(allow_shrink=True)
    assert (report.documents, report.chunks, report.closed) == (0, 0, 10)
    assert await library.texts() == {}


@pytest.mark.parametrize("changed", ["origin", "selection"])
async def test_a_source_that_the_settings_sent_elsewhere_has_not_shrunk(
    library: Library, changed: str
) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.files = {"page-0.md": _many(1)["page-0.md"], "other.md": FAQ}
    setattr(library.source, changed, "new")
    report = await library.sync()
    assert (len(report.removed), report.added, report.embedded) == (9, ("docs/other.md",), 1)
    assert report.moved == ((Move("docs", "memory", "new"),) if changed == "origin" else ())
    assert set(await library.texts()) == {"page-0.md", "other.md"}


async def test_a_source_that_was_sent_elsewhere_shrinks_there_no_less_noticed(
    library: Library,
) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.origin = "new"
    assert (await library.sync()).written == 0
    assert (await library.sync()).moved == ()
    library.source.files = _many(5)
    with pytest.raises(ShrinkRefused, match="5 of 10"):
        await library.sync()


async def test_a_place_without_any_document_does_not_empty_a_source(library: Library) -> None:
    await library.sync()
    library.source.files, library.source.origin = {}, "wrong"
    with pytest.raises(ShrinkRefused, match="no document in wrong"):
        await library.sync()
    assert set(await library.texts()) == {"guide.md", "faq.md"}
    assert (await library.sync(allow_shrink=True)).documents == 0


async def test_a_source_that_was_synced_before_its_origin_was_kept_may_not_shrink(
    library: Library,
) -> None:
    library.source.files = _many(10)
    await library.sync()
    await library.database.execute("TRUNCATE sources")
    library.source.files, library.source.origin = {}, "perhaps another"
    with pytest.raises(ShrinkRefused, match="10 of 10"):
        await library.sync()


async def test_documents_that_all_moved_are_not_lost(library: Library) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.files = {f"new/{path}": text for path, text in _many(10).items()}
    library.source.files["new/damaged.md"] = ""
    library.source.unreadable = {"new/damaged.md"}
    report = await library.sync()
    assert (len(report.added), len(report.removed), report.embedded) == (10, 10, 0)


async def test_a_document_that_takes_too_long_is_named_and_the_sync_goes_on(
    library: Library,
) -> None:
    command = (sys.executable, "-m", "tests.support.worker_child")
    library.preparer = partial(open_worker, few=0, seconds=1, command=command)
    library.source.files = _many(10) | {"endless.md": "word " * 40_000}
    report = await library.sync()
    assert report.failed == {"docs/endless.md": "to read it takes longer than 1 s"}
    assert set(await library.texts()) == set(_many(10))


async def test_an_unreadable_document_is_named_and_its_old_version_stays(library: Library) -> None:
    await library.sync()
    library.source.files |= {"guide.md": "# Guide\n\nNew.\n", "extra.md": "# Extra\n\nMore.\n"}
    library.source.unreadable = {"guide.md"}
    report = await library.sync()
    assert report.failed == {"docs/guide.md": "it is damaged"}
    assert report.added == ("docs/extra.md",)
    assert (await library.texts())["guide.md"] == "Run the installer.\nType docent."
    library.source.unreadable = set()
    assert (await library.sync()).changed == ("docs/guide.md",)
    assert (await library.texts())["guide.md"] == "New."


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("\udcff.md", "its name is not valid Unicode text"),
        ("nul\0.md", "its name is not valid Unicode text"),
        ("long" * 251 + ".md", "its name is longer than 1000 bytes"),
        ("picture.xyz", "its format is not one that can be read"),
    ],
)
async def test_a_document_that_cannot_be_stored_does_not_stop_the_others(
    library: Library, path: str, reason: str
) -> None:
    library.source.files[path] = "# Hello\n\nText.\n"
    report = await library.sync()
    (failure,) = report.failed.values()
    assert failure.startswith(reason)
    json.dumps(report.as_json()).encode()
    assert set(await library.texts()) == {"guide.md", "faq.md"}


async def test_a_new_version_rewrites_the_record_and_no_chunk(library: Library) -> None:
    library.source.versions = {"guide.md": "commit-1"}
    await library.sync()
    library.source.versions = {"guide.md": "commit-2"}
    report = await library.sync()
    assert report.relabelled == ("docs/guide.md",)
    assert report.generation == 2
    assert library.watch.of("writer") == ["writer.recover", "writer.close"]
    assert library.watch.of("embedder") == []
    record = (await library.store.at(2))[("docs", "guide.md")]
    assert record.version == "commit-2"
    assert len(await library.chunks()) == 3


async def test_what_a_source_says_of_a_document_is_stored_as_far_as_it_can_be(
    library: Library,
) -> None:
    library.source.versions = {"guide.md": "W/\0\udcff"}
    library.source.dates = {"guide.md": "2026-01-31", "faq.md": "2026-02-01"}
    library.source.files["faq.md"] = "---\ndate: 2025-12-24\nauthors: [Ada]\n---\n" + FAQ
    await library.sync()
    records = await library.store.at(1)
    guide, faq = records[("docs", "guide.md")], records[("docs", "faq.md")]
    assert (guide.version, guide.date, guide.authors) == ("W/\ufffd?", "2026-01-31", ())
    assert (faq.version, faq.date, faq.authors) == (None, "2025-12-24", ("Ada",))
    assert (await library.sync()).generation == 1


PROFILE = SourceProfile("docs", "https://docs.example.org/")


@pytest.mark.parametrize(
    ("profile", "url", "peer_reviewed"),
    [
        (replace(PROFILE, base_url="https://new.example/"), "https://new.example/guide", False),
        (replace(PROFILE, slug_rule=SlugRule.GITHUB), "https://docs.example.org/guide.md", False),
        (replace(PROFILE, peer_reviewed=True), "https://docs.example.org/guide", True),
    ],
)
async def test_another_address_or_flag_in_the_settings_rewrites_no_chunk(
    library: Library, profile: SourceProfile, url: str, peer_reviewed: bool
) -> None:
    await library.sync(profiles=[PROFILE])
    report = await library.sync(profiles=[profile])
    assert report.relabelled == ("docs/faq.md", "docs/guide.md")
    assert (report.written, report.closed, report.embedded) == (0, 0, 0)
    record = (await library.store.at(2))[("docs", "guide.md")]
    assert (record.url, record.peer_reviewed) == (url, peer_reviewed)


async def test_another_slug_rule_changes_the_anchors_in_links_and_rewrites_no_chunk(
    library: Library,
) -> None:
    library.source.files = {"guide.md": GUIDE + "\n## Start\n\nAgain.\n"}
    await library.sync(profiles=[PROFILE])
    report = await library.sync(profiles=[replace(PROFILE, slug_rule=SlugRule.MKDOCS)])
    assert (report.written, report.closed, report.embedded) == (0, 0, 0)
    before, after = [(await library.store.at(n))[("docs", "guide.md")] for n in (1, 2)]
    assert (before.fragments, after.fragments) == ({}, {"start-1": "start_1"})


async def test_a_folder_that_is_peer_reviewed_now_marks_its_documents_and_costs_nothing(
    library: Library,
) -> None:
    library.source.files = {"papers/a.md": GUIDE, "notes/b.md": FAQ}
    await library.sync()
    report = await library.sync(profiles=[SourceProfile("docs", reviewed_paths=("papers/**",))])
    assert "docs/papers/a.md" in report.relabelled
    assert report.calls == report.written == report.closed == 0
    records = await library.store.at(report.generation)
    assert [path for (_, path), record in records.items() if record.peer_reviewed] == [
        "papers/a.md"
    ]


async def test_a_document_says_itself_whether_it_is_peer_reviewed(library: Library) -> None:
    library.source.files["faq.md"] = "---\npeer_reviewed: false\n---\n" + FAQ
    await library.sync(profiles=[SourceProfile("docs", peer_reviewed=True)])
    records = await library.store.at(1)
    assert records[("docs", "guide.md")].peer_reviewed
    assert not records[("docs", "faq.md")].peer_reviewed


async def test_a_dry_run_tells_the_difference_and_writes_nothing(library: Library) -> None:
    await library.sync()
    del library.source.files["faq.md"]
    library.source.files["guide.md"] = GUIDE.replace("Run", "Start")
    library.source.files["new.md"] = "# New\n\nFresh.\n"
    report = await library.sync(dry_run=True)
    assert report.dry_run
    assert report.added == ("docs/new.md",)
    assert report.changed == ("docs/guide.md",)
    assert report.removed == ("docs/faq.md",)
    assert (report.written, report.closed, report.embedded, report.generation) == (2, 2, 0, 1)
    assert (report.documents, report.chunks) == (2, 3)
    assert library.watch.of("writer") == library.watch.of("embedder") == []
    assert all(call.startswith("database.fetch SELECT") for call in library.watch.of("database"))
    assert set(await library.texts()) == {"guide.md", "faq.md"}


async def test_a_dry_run_says_that_the_sync_would_be_refused(library: Library) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.files = _many(5)
    refused = (await library.sync(dry_run=True)).refused
    assert refused is not None
    assert refused.startswith("docs: 5 of 10 documents are no longer listed")
    assert refused.endswith("sync with --allow-shrink.")
    assert (await library.sync(dry_run=True, allow_shrink=True)).refused is None
    library.source.files, library.source.unreadable = _many(10), {f"page-{n}.md" for n in range(4)}
    refused = (await library.sync(dry_run=True, rebuild=True)).refused
    assert "4 of 10 documents could not be read" in (refused or "")


async def test_a_sync_of_one_source_leaves_the_others_alone(library: Library) -> None:
    blog = MemorySource("blog", {"post.md": "# Post\n\nHello.\n"})
    await library.sync([library.source, blog])
    library.source.files["faq.md"] = FAQ.replace("yet", "so far")
    report = await library.sync()
    assert report.not_synced == ("blog",)
    assert (report.documents, report.chunks) == (3, 4)
    assert set(await library.texts()) == {"guide.md", "faq.md", "post.md"}


async def test_a_source_is_removed_when_that_is_asked_for(library: Library) -> None:
    blog = MemorySource("blog", {"post.md": "# Post\n\nHello.\n"})
    await library.sync([library.source, blog])
    report = await library.sync(remove=["blog"])
    assert report.removed == ("blog/post.md",)
    assert report.not_synced == ()
    assert set(await library.texts()) == {"guide.md", "faq.md"}
    assert set(await library.store.states()) == {"docs"}


async def test_a_source_without_documents_can_be_removed_too(library: Library) -> None:
    await library.sync([library.source, MemorySource("empty")])
    assert set(await library.store.states()) == {"docs", "empty"}
    await library.sync(remove=["empty"])
    assert set(await library.store.states()) == {"docs"}


async def test_the_removal_of_a_source_that_nobody_knows_is_a_mistake(library: Library) -> None:
    with pytest.raises(ConfigurationError, match="'blog' to remove") as error:
        await library.sync(remove=["blog"])
    assert error.value.hint == "Nothing is indexed yet."
    await library.sync([library.source, MemorySource("empty")])
    with pytest.raises(ConfigurationError, match="'blog' to remove") as error:
        await library.sync(remove=["blog"])
    assert error.value.hint == "Indexed: docs, empty."


async def test_two_sources_of_one_name_are_refused(library: Library) -> None:
    with pytest.raises(ConfigurationError, match="Two sources have the name docs"):
        await library.sync([library.source, MemorySource("docs")])


async def test_what_is_configured_is_not_removed(library: Library) -> None:
    with pytest.raises(ConfigurationError, match="'docs' is configured"):
        await library.sync(remove=["docs"])


async def test_another_model_embeds_all_sources_before_any_is_served(library: Library) -> None:
    blog = MemorySource("blog", {"post.md": "# Post\n\nHello.\n"})
    await library.sync([library.source, blog])
    library.embedder = HashingEmbedder("better", 48)
    with pytest.raises(CorpusError, match="blog") as error:
        await library.sync()
    assert "docent sync --remove blog" in error.value.hint
    assert await library.store.current() == Corpus("docent-hashing-32", 1)
    report = await library.sync([library.source, blog])
    assert (report.embedded, report.chunks, report.documents) == (4, 4, 3)
    assert (report.added, report.changed, report.removed) == ((), (), ())
    assert report.tally == "3 indexed anew"
    assert await library.store.current() == Corpus("docent-better-48", 2)
    assert set(await library.texts()) == {"guide.md", "faq.md", "post.md"}


async def test_going_back_to_a_model_reuses_what_it_had_embedded(library: Library) -> None:
    await library.sync()
    first = library.embedder
    library.embedder = HashingEmbedder("better", 48)
    library.source.files["faq.md"] = FAQ.replace("yet", "so far")
    await library.sync()
    library.embedder = first
    report = await library.sync()
    assert (report.embedded, report.reused) == (1, 2)
    assert (await library.texts())["faq.md"] == "Nobody has asked anything so far."
    assert len(await library.chunks()) == 3


async def test_a_document_that_another_model_cannot_read_is_reported_missing(
    library: Library,
) -> None:
    await library.sync()
    library.embedder = HashingEmbedder("better", 48)
    library.source.unreadable = {"faq.md"}
    report = await library.sync(allow_shrink=True)
    assert set(report.failed) == {"docs/faq.md"}
    assert (report.documents, report.chunks) == (1, 2)
    assert set(await library.store.at(2)) == {("docs", "guide.md")}
    library.source.unreadable = set()
    assert (await library.sync()).added == ("docs/faq.md",)


async def test_a_rebuild_that_can_read_hardly_anything_is_refused(library: Library) -> None:
    library.source.files = _many(10)
    await library.sync()
    library.source.unreadable = {f"page-{n}.md" for n in range(4)}
    with pytest.raises(ShrinkRefused, match="4 of 10 documents could not be read"):
        await library.sync(rebuild=True)
    assert len(await library.texts()) == 10
    report = await library.sync(rebuild=True, allow_shrink=True)
    assert (report.documents, len(report.failed)) == (6, 4)


async def test_documents_deleted_while_the_model_changes_are_gone(library: Library) -> None:
    await library.sync()
    library.embedder = HashingEmbedder("better", 48)
    del library.source.files["faq.md"]
    report = await library.sync(allow_shrink=True)
    assert report.removed == ("docs/faq.md",)
    assert (report.documents, report.chunks, report.closed) == (1, 2, 0)


async def test_a_lost_index_is_restored_from_the_sources(library: Library, tmp_path: Path) -> None:
    await library.sync()
    async with open_library(library.database, tmp_path / "empty") as restored:
        restored.source = library.source
        report = await restored.sync()
        assert (report.embedded, report.chunks, report.generation) == (3, 3, 2)
        assert set(await restored.texts()) == {"guide.md", "faq.md"}


async def test_an_index_that_lost_a_part_is_noticed_and_rebuilt_on_request(
    library: Library,
) -> None:
    await library.sync()
    lost = next(chunk for chunk in await library.chunks() if chunk.path == "faq.md")
    writer = await library.index.writer(library.embedder.model)
    await writer.close([lost.point_id(1)], 1)
    with pytest.raises(CorpusError, match="2 chunks where 3 are recorded") as error:
        await library.sync()
    assert "--rebuild" in error.value.hint
    report = await library.sync(rebuild=True)
    assert (report.written, report.reused, report.generation) == (3, 3, 2)
    assert set(await library.texts()) == {"guide.md", "faq.md"}


async def test_an_index_that_is_older_than_the_database_is_not_built_upon(
    library: Library,
) -> None:
    """A database that was restored or emptied finds its old points, and serves none of them."""
    await library.sync()
    await library.database.execute("TRUNCATE corpus, generations, documents")
    library.source.files = {"other.md": "# Other\n\nElse.\n", "faq.md": FAQ}
    report = await library.sync()
    assert (report.generation, report.reused, report.embedded) == (1, 1, 1)
    assert set(await library.texts()) == {"other.md", "faq.md"}


async def test_a_second_sync_is_told_who_runs_one_and_since_when(library: Library) -> None:
    async with library.store.lease("laptop (process 42)"):
        with pytest.raises(SyncRunning, match=r"laptop \(process 42\).* since \d{4}-\d\d-\d\d"):
            await library.sync()
    assert (await library.sync()).generation == 1


async def test_a_dry_run_waits_for_nobody(library: Library) -> None:
    async with library.store.lease("laptop (process 42)"):
        assert len((await library.sync(dry_run=True)).added) == 2


async def test_an_embedder_that_fails_costs_nothing_that_was_embedded_before(
    library: Library,
) -> None:
    library.source.files = _many(40)
    library.settings = replace(library.settings, block=10)
    library.embedder.fail_after = 2
    with pytest.raises(ServiceUnavailable) as error:
        await library.sync()
    assert error.value.__cause__ is None
    assert await library.store.current() is None
    library.embedder.fail_after = None
    report = await library.sync()
    assert (report.embedded, report.reused) == (20, 20)


async def test_progress_runs_from_the_first_document_to_the_last(library: Library) -> None:
    library.source.files = _many(25) | {"long.md": _long_document(30)}
    library.settings = replace(library.settings, block=10)
    seen: list[SyncProgress] = []
    report = await library.sync(progress=seen.append)
    assert [p.documents for p in seen] == sorted(p.documents for p in seen)
    assert [p.chunks for p in seen] == sorted(p.chunks for p in seen)
    assert {p.phase for p in seen} == set(Phase)
    assert seen[0].rate is seen[0].seconds_left is None
    last = seen[-1]
    assert (last.documents, last.total, last.chunks) == (26, 26, report.chunks)
    assert last.seconds_left == 0
    assert last.embedded + last.reused == report.chunks


async def test_what_a_source_fetches_to_list_it_is_progress_too(library: Library) -> None:
    library.source.fetched = 3
    seen: list[SyncProgress] = []
    await library.sync(progress=seen.append)
    listing = [(p.documents, p.total) for p in seen if p.phase is Phase.LISTING]
    assert listing == [(0, 0), (1, 3), (2, 3), (3, 3)]
    assert next((p.documents, p.total) for p in seen if p.phase is Phase.INDEXING) == (0, 2)


async def test_a_document_counts_as_done_when_its_last_chunk_is_stored(library: Library) -> None:
    library.source.files = {"long.md": _long_document(30), "short.md": FAQ}
    library.settings = replace(library.settings, block=10)
    seen: list[SyncProgress] = []
    await library.sync(progress=seen.append)
    assert [(p.chunks, p.documents) for p in seen if p.phase is Phase.INDEXING] == [
        (0, 0), (10, 0), (20, 0), (30, 1), (31, 2)
    ]  # fmt: skip


def _long_document(sections: int) -> str:
    return "# Long\n" + "".join(f"\n## Part {n}\n\nText {n}.\n" for n in range(sections))


async def test_a_report_is_plain_json(library: Library) -> None:
    report = await library.sync()
    assert json.loads(json.dumps(report.as_json()))["added"] == ["docs/faq.md", "docs/guide.md"]
