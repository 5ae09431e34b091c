import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.sources.folder import FolderSource
from core.ports import Entry

NOBODY = 65534


def write(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n", encoding="utf-8")


async def paths_of(source: FolderSource) -> list[str]:
    return [entry.path for entry in await source.entries()]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user can reach, and an ordinary user to reach it."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder
    for locked in folder.iterdir():
        locked.chmod(0o755)
    shutil.rmtree(folder)
    if is_root:
        os.seteuid(0)


async def test_documents_are_listed_in_order_with_forward_slashes(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.mdx", "a/deep/er/x.rst", "A.TXT", "a/picture.png", "code.py")
    assert await paths_of(FolderSource("docs", tmp_path)) == [
        "A.TXT",
        "a/deep/er/x.rst",
        "a/z.mdx",
        "b.md",
    ]


async def test_hidden_files_and_node_modules_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".draft.md", ".git/x.md", "node_modules/p/README.md", "a/.venv/x.md", "a/b.md")
    assert await paths_of(FolderSource("docs", tmp_path)) == ["a/b.md"]


@pytest.mark.parametrize(
    ("include", "exclude", "listed"),
    [
        (["**/*.md"], [], ["a.md", "drafts/b.md", "guides/d.md", "guides/deep/c.md"]),
        (["*.md"], [], ["a.md"]),
        (["guides/**"], [], ["guides/d.md", "guides/deep/c.md", "guides/e.txt"]),
        (["guides/*"], [], ["guides/d.md", "guides/e.txt"]),
        (["guides/?.md", "A.MD"], [], ["a.md", "guides/d.md"]),
        (["**/*.md"], ["drafts/**", "**/c.md"], ["a.md", "guides/d.md"]),
        (["**/*.md"], ["**"], []),
        ([], [], []),
    ],
)
async def test_patterns_choose_documents(
    tmp_path: Path, include: list[str], exclude: list[str], listed: list[str]
) -> None:
    write(tmp_path, "a.md", "drafts/b.md", "guides/deep/c.md", "guides/d.md", "guides/e.txt")
    source = FolderSource("docs", tmp_path, include=include, exclude=exclude)
    assert await paths_of(source) == listed


async def test_a_document_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\x00raw")
    source = FolderSource("docs", tmp_path)
    assert (await source.read(Entry("a.md"))).data == b"\xff\x00raw"
    assert source.name == "docs"


async def test_a_missing_folder_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="does not exist") as caught:
        await FolderSource("docs", tmp_path / "nowhere").entries()
    assert caught.value.hint


async def test_what_is_missing_is_noticed_without_a_listing(tmp_path: Path) -> None:
    source = FolderSource("docs", tmp_path / "guide")
    with pytest.raises(SourceUnavailable, match=f"{tmp_path}/guide of source 'docs' does not"):
        source.require()
    (tmp_path / "guide").mkdir()
    source.require()


async def test_a_path_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        FolderSource("docs", tmp_path / "a.md" / "guide").require()


async def test_a_single_file_is_a_source_of_one_document(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "other.md", "private/x.md")
    source = FolderSource("docs", tmp_path / "README.md")
    (entry,) = await source.entries()
    assert entry.path == "README.md"
    assert (await source.read(entry)).data == b"# README.md\n"
    for path in ("other.md", "private/x.md", "../other.md"):
        with pytest.raises(DocumentUnreadable):
            await source.read(Entry(path))


async def test_a_file_that_is_named_like_its_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / "guide.md", "guide.md")
    source = FolderSource("docs", tmp_path / "guide.md")
    assert (await source.read(Entry("guide.md"))).data == b"# guide.md\n"


async def test_the_origin_is_the_same_from_wherever_docent_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert FolderSource("docs", Path("a/../guide")).origin == str(tmp_path / "guide")
    assert FolderSource("docs", tmp_path / "guide").origin == str(tmp_path / "guide")


async def test_other_patterns_are_another_selection(tmp_path: Path) -> None:
    chosen = {
        FolderSource("docs", tmp_path, include=include, exclude=exclude).selection
        for include, exclude in ((["a"], []), ([], ["a"]), (["a", "b"], []), (["a,b"], []))
    }
    assert len(chosen) == 4
    assert FolderSource("x", tmp_path).selection == FolderSource("y", tmp_path / "z").selection


@pytest.mark.parametrize("locked", ["", "secret"])
async def test_an_unreadable_folder_is_an_error_and_not_an_incomplete_list(
    open_folder: Path, locked: str
) -> None:
    root = open_folder / "root"
    root.mkdir()
    write(root, "a.md", "secret/b.md")
    (root / locked).chmod(0)
    with pytest.raises(SourceUnavailable, match="cannot be read") as caught:
        await FolderSource("docs", root).entries()
    (root / locked).chmod(0o755)
    assert str(root / locked) in str(caught.value)
    assert "exclude" in caught.value.hint


async def test_an_excluded_folder_need_not_be_readable(open_folder: Path) -> None:
    write(open_folder, "a.md", "secret/b.md")
    (open_folder / "secret").chmod(0)
    source = FolderSource("docs", open_folder, exclude=["secret/**"])
    assert await paths_of(source) == ["a.md"]


async def test_rules_that_cannot_be_read_are_an_error_since_they_may_hide_a_secret(
    open_folder: Path,
) -> None:
    write(open_folder, "secret.md")
    (open_folder / ".gitignore").write_text("secret.md")
    (open_folder / ".gitignore").chmod(0)
    with pytest.raises(SourceUnavailable, match=r"\.gitignore of source 'docs' cannot be read"):
        await FolderSource("docs", open_folder).entries()


async def test_an_unreadable_document_is_listed_and_cannot_be_read(open_folder: Path) -> None:
    write(open_folder, "a.md")
    (open_folder / "a.md").chmod(0)
    source = FolderSource("docs", open_folder)
    assert await paths_of(source) == ["a.md"]
    with pytest.raises(DocumentUnreadable, match=r"a\.md: it cannot be read \(Permission denied\)"):
        await source.read(Entry("a.md"))


async def test_links_are_followed_to_files_inside_and_never_out_of_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "root"
    write(tmp_path, "outside/secret.md")
    write(root, "a/real.md")
    (root / "alias.md").symlink_to("a/real.md")
    (root / "escape.md").symlink_to(tmp_path / "outside" / "secret.md")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "again").symlink_to(root)
    source = FolderSource("docs", root)
    assert await paths_of(source) == ["a/real.md", "alias.md"]
    assert (await source.read(Entry("alias.md"))).data == b"# a/real.md\n"
    assert "escape.md" in caplog.text


async def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/a.md")
    (tmp_path / "link").symlink_to("real")
    source = FolderSource("docs", tmp_path / "link")
    assert await paths_of(source) == ["a.md"]
    assert (await source.read(Entry("a.md"))).data


async def test_a_broken_link_is_listed_so_that_its_loss_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to("nothing.md")
    (tmp_path / "loop.md").symlink_to("loop.md")
    source = FolderSource("docs", tmp_path)
    assert await paths_of(source) == ["gone.md", "loop.md"]
    for path in ("gone.md", "loop.md"):
        with pytest.raises(DocumentUnreadable, match="it is gone"):
            await source.read(Entry(path))


@pytest.mark.parametrize("path", ["../secret.md", "link/secret.md"])
async def test_no_path_reads_outside_the_folder(tmp_path: Path, path: str) -> None:
    write(tmp_path, "secret.md")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    with pytest.raises(DocumentUnreadable, match="outside"):
        await FolderSource("docs", tmp_path / "root").read(Entry(path))


async def test_a_pipe_does_not_block_a_sync(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(DocumentUnreadable, match="no regular file"):
        await asyncio.wait_for(FolderSource("docs", tmp_path).read(Entry("pipe.md")), 10)


async def test_a_document_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "big.md").write_bytes(b"x" * 1025)
    (tmp_path / "fits.md").write_bytes(b"x" * 1024)
    source = FolderSource("docs", tmp_path, max_bytes=1024)
    assert len((await source.read(Entry("fits.md"))).data) == 1024
    with pytest.raises(DocumentUnreadable, match="larger than"):
        await source.read(Entry("big.md"))


async def test_a_listing_tells_which_texts_are_the_same(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.md")
    shutil.copy(tmp_path / "a.md", tmp_path / "c.md")
    source = FolderSource("docs", tmp_path)
    a, b, c = await source.entries()
    assert a.fingerprint == c.fingerprint != b.fingerprint
    assert (await source.read(a)).fingerprint == a.fingerprint
    write(tmp_path, "other/a.md")
    shutil.copy(tmp_path / "other/a.md", tmp_path / "a.md")
    assert (await source.read(a)).fingerprint != a.fingerprint


async def test_what_cannot_be_read_is_listed_without_a_fingerprint(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "gone.md").symlink_to("nowhere")
    listed = await FolderSource("docs", tmp_path).entries()
    assert [entry.path for entry in listed if entry.fingerprint is None] == ["gone.md"]


async def test_it_is_told_how_many_were_read_to_be_listed(tmp_path: Path) -> None:
    write(tmp_path, *(f"{n}.md" for n in range(130)))
    told: list[tuple[int, int]] = []
    await FolderSource("docs", tmp_path).entries(lambda *now: told.append(now))
    assert told == [(64, 130), (128, 130), (130, 130)]
