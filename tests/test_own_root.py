"""The place for the temporary folders of a run of the tests."""

from __future__ import annotations

from pathlib import Path

from tests.support.own_root import make_root


def test_one_in_use_is_left_alone_and_one_that_was_left_is_removed(tmp_path: Path) -> None:
    one = make_root(tmp_path)
    (one.path / "file").touch()
    other = make_root(tmp_path)
    assert (one.path / "file").exists()
    other.remove()
    assert list(tmp_path.iterdir()) == [one.path]
    one.remove()
    (one.path / "folder").mkdir(parents=True)
    third = make_root(tmp_path)
    assert list(tmp_path.iterdir()) == [third.path]
    third.remove()
