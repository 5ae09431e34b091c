from pathlib import Path

import pytest

from core.ingestion.sources.page_cache import PageCache, Snapshot

URL = "https://docs.example/a"
PAGE = Snapshot(
    URL, ".html", "f1", '"e1"', "Wed, 21 Oct 2015 07:28:00 GMT", (URL, "b"), "c", indexed=False
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pages"


def test_a_page_is_found_as_it_was_kept(folder: Path) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"one\ntwo\n")
    assert cache.load(URL) == (PAGE, b"one\ntwo\n")
    cache.save(URL, PAGE, b"")
    assert PageCache(folder).load(URL) == (PAGE, b"")


def test_what_was_never_kept_is_not_found(folder: Path) -> None:
    assert PageCache(folder).load(URL) is None


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\n", b"{}\nbody", b"[]\nbody", b"null\n", b"\xff\xfe\n", b"not json"],
)
def test_a_damaged_file_counts_as_not_there(folder: Path, damaged: bytes) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"body")
    (file,) = folder.iterdir()
    file.write_bytes(damaged)
    assert cache.load(URL) is None


def test_a_file_that_another_version_wrote_counts_as_not_there(folder: Path) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"body")
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes().replace(b'"recipe": "', b'"recipe": "0'))
    assert cache.load(URL) is None
    cache.save(URL, PAGE, b"body")
    file.write_bytes(file.read_bytes().replace(b'"canonical"', b'"canon"'))
    assert cache.load(URL) is None


def test_a_page_is_not_mistaken_for_another(folder: Path) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"body")
    cache.save(URL + "/b", PAGE, b"other")
    one, other = sorted(folder.iterdir())
    one.write_bytes(other.read_bytes())
    assert [cache.load(URL), cache.load(URL + "/b")].count(None) == 1


def test_what_is_no_longer_needed_is_dropped_with_what_was_left_half_written(folder: Path) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"body")
    cache.save(URL + "/b", PAGE, b"body")
    (folder / "half.new").write_bytes(b"x")
    cache.keep_only([URL])
    assert cache.load(URL)
    assert len(list(folder.iterdir())) == 1


def test_what_cannot_be_written_leaves_what_was_there(folder: Path) -> None:
    cache = PageCache(folder)
    cache.save(URL, PAGE, b"body")
    (file,) = folder.iterdir()
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match=r"directory|Directory"):
        cache.save(URL, PAGE, b"new")
    assert list(folder.iterdir()) == [file]
