from collections.abc import Iterator
from pathlib import Path

import pytest
from dulwich.objects import ObjectID
from dulwich.repo import Repo

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.sources.git import GitSource
from core.ingestion.sources.git_address import blob_address, without_credentials
from core.ingestion.sources.git_mirror import Mirror
from core.ingestion.sources.patterns import Patterns
from core.ports import Entry
from tests.support.git_server import LINK, SUBMODULE, Repository, open_git_server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "docs.git")


@pytest.fixture(params=["over HTTP", "in a folder"])
def url(request: pytest.FixtureRequest, repository: Repository) -> Iterator[str]:
    if request.param == "in a folder":
        yield str(repository.path)
        return
    with open_git_server(repository) as address:
        yield address


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "docs"


def _source(
    url: str, mirror: Path, *, branch: str | None = None, folder: str = "", max_bytes: int = 1000
) -> GitSource:
    return GitSource(
        "docs",
        Mirror(url, mirror, timeout=10),
        shown=without_credentials(url),
        branch=branch,
        folder=folder,
        max_bytes=max_bytes,
    )


def _packs(mirror: Path) -> int:
    return len(list(mirror.glob("objects/pack/*.pack")))


def _paths(entries: object) -> list[str]:
    assert isinstance(entries, list)
    return [entry.path for entry in entries]


async def test_the_documents_of_the_newest_commit_are_listed_with_it_and_its_day(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"old.md": "# Old"})
    commit = repository.commit({"guide/a.md": "# A", "b.rst": "B\n=", "logo.png": b"\x89"})
    source = _source(url, mirror)
    entries = await source.entries()
    assert _paths(entries) == ["b.rst", "guide/a.md"]
    assert {(entry.version, entry.date) for entry in entries} == {(commit, "2024-01-03")}
    assert (await source.read(entries[1])).data == b"# A"


async def test_a_new_commit_changes_the_fingerprints_of_what_it_changed_alone(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"same.md": "same", "edited.md": "before", "removed.md": "gone"})
    source = _source(url, mirror)
    before = {entry.path: entry.fingerprint for entry in await source.entries()}
    repository.commit({"same.md": "same", "edited.md": "after", "added.md": "new"})
    after = {entry.path: entry for entry in await source.entries()}
    assert sorted(after) == ["added.md", "edited.md", "same.md"]
    assert after["same.md"].fingerprint == before["same.md"]
    assert after["edited.md"].fingerprint != before["edited.md"]
    assert (await source.read(after["edited.md"])).data == b"after"


async def test_a_branch_and_a_folder_can_be_chosen(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"main.md": "main"})
    repository.commit({"docs/en/a.md": "A", "docs/de/b.md": "B"}, branch="v2/stable")
    source = _source(url, mirror, branch="v2/stable", folder="/docs/en/")
    assert _paths(await source.entries()) == ["a.md"]


async def test_a_history_that_was_rewritten_is_followed(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"a.md": "A"})
    source = _source(url, mirror)
    await source.entries()
    repository.commit({"b.md": "B"}, keeps=False)
    assert _paths(await source.entries()) == ["b.md"]


async def test_links_submodules_and_hidden_files_are_passed_over(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit(
        {
            "a.md": "A",
            "link.md": (LINK, "/etc/passwd"),
            "module.md": (SUBMODULE, "1" * 40),
            ".github/b.md": "B",
            "node_modules/x/c.md": "C",
        }
    )
    assert _paths(await _source(url, mirror).entries()) == ["a.md"]


async def test_only_the_newest_commit_is_copied(repository: Repository, mirror: Path) -> None:
    first = repository.commit({"a.md": "A"})
    second = repository.commit({"a.md": "AA"})
    with open_git_server(repository) as url:
        await _source(url, mirror).entries()
    with Repo(str(mirror)) as copy:
        assert ObjectID(second.encode()) in copy.object_store
        assert ObjectID(first.encode()) not in copy.object_store


async def test_patterns_select_below_the_folder(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"docs/a.md": "A", "docs/drafts/b.md": "B"})
    patterns = Patterns(["**/*.md"], ["drafts/**"])
    source = GitSource("docs", Mirror(url, mirror), shown=url, folder="docs", patterns=patterns)
    assert _paths(await source.entries()) == ["a.md"]


@pytest.mark.parametrize(
    ("branch", "folder", "reason"),
    [
        ("nosuch", "", "it has no branch 'nosuch'"),
        (None, "nosuch", "it has no folder 'nosuch'"),
        (None, "a.md", "it has no folder 'a.md'"),
        (None, "a.md/below", "it has no folder 'a.md/below'"),
    ],
)
async def test_what_the_repository_does_not_have_is_an_error_not_an_empty_list(
    repository: Repository,
    url: str,
    mirror: Path,
    branch: str | None,
    folder: str,
    reason: str,
) -> None:
    repository.commit({"a.md": "A"})
    with pytest.raises(SourceUnavailable, match=reason):
        await _source(url, mirror, branch=branch, folder=folder).entries()


async def test_a_repository_without_a_commit_is_an_error(
    repository: Repository, url: str, mirror: Path
) -> None:
    with pytest.raises(SourceUnavailable, match="it has no commit"):
        await _source(url, mirror).entries()


async def test_a_server_that_is_away_is_an_error_and_what_was_fetched_stays(
    repository: Repository, mirror: Path
) -> None:
    repository.commit({"a.md": "A"})
    with open_git_server(repository) as url:
        source = _source(url, mirror)
        (entry,) = await source.entries()
    with pytest.raises(SourceUnavailable, match="could not be reached"):
        await source.entries()
    assert (await source.read(entry)).data == b"A"


@pytest.mark.parametrize("damage", ["HEAD", "config", "objects"])
async def test_a_damaged_mirror_is_made_anew(
    repository: Repository, url: str, mirror: Path, damage: str
) -> None:
    repository.commit({"a.md": "A"})
    source = _source(url, mirror)
    await source.entries()
    place = mirror / damage
    if place.is_dir():
        place.rename(mirror / "elsewhere")
    else:
        place.write_bytes(b"\0\xff[")
    (entry,) = await source.entries()
    assert (await source.read(entry)).data == b"A"


async def test_a_mirror_that_has_grown_is_made_anew(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"a.md": "A"})
    source = _source(url, mirror)
    await source.entries()
    for n in range(51):
        (mirror / "objects" / "pack" / f"pack-{n:040}.pack").touch()
    (entry,) = await source.entries()
    assert (await source.read(entry)).data == b"A"
    assert _packs(mirror) <= 1


async def test_a_file_that_is_too_large_or_gone_is_unreadable(
    repository: Repository, url: str, mirror: Path
) -> None:
    repository.commit({"a.md": "x" * 2000})
    source = _source(url, mirror)
    (entry,) = await source.entries()
    with pytest.raises(DocumentUnreadable, match="larger than"):
        await source.read(entry)
    with pytest.raises(DocumentUnreadable, match="not in the repository"):
        await source.read(Entry("a.md", "0" * 40))


@pytest.mark.parametrize(
    ("url", "folder", "address"),
    [
        (
            "https://github.com/o/r.git",
            "docs/",
            "https://github.com/o/r/blob/{commit}/docs/",
        ),
        ("https://token@github.com/o/r", "", "https://github.com/o/r/blob/{commit}/"),
        (
            "https://gitlab.example.com/g/s/r.git",
            "",
            "https://gitlab.example.com/g/s/r/-/blob/{commit}/",
        ),
        ("https://codeberg.org/o/r", "", "https://codeberg.org/o/r/src/commit/{commit}/"),
        ("https://git.example.com/r", "", None),
        ("git@github.com:o/r.git", "", "https://github.com/o/r/blob/{commit}/"),
        ("ssh://git@github.com/o/r.git", "", "https://github.com/o/r/blob/{commit}/"),
        ("/srv/docs.git", "", None),
        ("http://[", "", None),
    ],
)
def test_files_are_shown_at_their_host(url: str, folder: str, address: str | None) -> None:
    assert blob_address(url, folder) == address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:s3cret@git.example/r.git", "https://git.example/r.git"),
        ("https://git.example/r.git", "https://git.example/r.git"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("/srv/docs.git", "/srv/docs.git"),
        ("https://ann:s3cret@[", "["),
    ],
)
def test_an_address_is_shown_without_a_password(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
