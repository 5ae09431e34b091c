"""What a fetch itself does, here in the process of the tests."""

from __future__ import annotations

import gc
import os
import re
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from core.ingestion.sources.git_mirror import GitFailed, Mirror, Tip
from core.ingestion.sources.git_process import answer
from tests.support.git_server import Repository, open_git_server

SSH = """\
#!{python}
import shlex, sys, time
from pathlib import Path
from dulwich.server import UploadPackHandler, serve_command
here = Path(__file__).parent
here.joinpath("called").write_text(" ".join(sys.argv[1:]), "utf-8")
if (refusal := here / "refusal").exists():
    sys.exit(sys.stderr.write(refusal.read_text("utf-8")) * 0 + 255)
if (silence := here / "silence").exists():
    time.sleep(3600)
sys.exit(serve_command(UploadPackHandler, shlex.split(sys.argv[-1])))
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "docs.git")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirrors" / "docs"


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of ssh: it notes how it was called and runs the command here.

    Where a file says that it is to refuse, it does so with the words in that; where one says
    that it is to be silent, it never gets to the command.
    """
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH.format(python=sys.executable), "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def _files(mirror: Mirror) -> dict[str, bytes | None]:
    tip = answer(mirror, None)
    assert isinstance(tip, Tip)
    return {path: mirror.blob(sha) for path, sha in mirror.files(tip, "")}


def _refusal(mirror: Mirror) -> str:
    refused = answer(mirror, None)
    # dulwich leaves the connection of a request that was refused to the garbage collector.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    assert isinstance(refused, GitFailed)
    return f"{refused}. {refused.hint}".strip()


def test_a_repository_is_read_over_ssh_which_asks_nothing_and_notices_a_dead_host(
    repository: Repository, folder: Path, ssh: Path
) -> None:
    repository.commit({"guide.md": "# Guide"})
    url = f"ssh://git@docs.example:2222{repository.path}"
    assert _files(Mirror(url, folder)) == {"guide.md": b"# Guide"}
    called = ssh.with_name("called").read_text("utf-8").split()
    assert "git@docs.example" in called
    assert called[called.index("-p") + 1] == "2222"
    assert {"BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15"} <= {*called}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "Warning: added.\ngit@docs.example: Permission denied.\n\n",
            "it could not be reached (git@docs.example: Permission denied.).",
        ),
        ("\x1b[31m" + 300 * "x", f"it could not be reached ([31m{196 * 'x'})."),
        ("", "it could not be reached."),
    ],
)
# dulwich leaves the pipes of an ssh that ended early to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_why_ssh_was_refused_is_told(
    repository: Repository, folder: Path, ssh: Path, words: str, told: str
) -> None:
    repository.commit({"guide.md": "# Guide"})
    ssh.with_name("refusal").write_text(words, "utf-8")
    assert _refusal(Mirror(f"git@docs.example:{repository.path}", folder)) == told


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_ssh_that_falls_silent_is_ended(folder: Path, ssh: Path) -> None:
    ssh.with_name("silence").touch()
    mirror = Mirror("git@docs.example:docs.git", folder, timeout=0.2)
    assert _refusal(mirror).startswith("it did not answer within 0.2 s. Sync again")
    [process] = mirror._ssh._started
    assert process.returncode == -9


def test_a_server_that_falls_silent_is_left(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/docs.git"
        said = _refusal(Mirror(url, folder, timeout=0.2))
    assert said.startswith("it did not answer within 0.2 s. Sync again")


def test_a_server_that_is_away_is_an_error_and_what_was_fetched_stays(
    repository: Repository, folder: Path
) -> None:
    repository.commit({"a.md": "A"})
    with open_git_server(repository) as url:
        mirror = Mirror(url, folder)
        tip = mirror.fetch(None)
    assert "it could not be reached" in _refusal(mirror)
    [(_, sha)] = mirror.files(tip, "")
    assert mirror.blob(sha) == b"A"


def test_a_repository_that_is_not_there_is_an_error(tmp_path: Path, folder: Path) -> None:
    assert "there is no Git repository" in _refusal(Mirror(str(tmp_path / "nowhere"), folder))


def test_a_copy_that_cannot_be_written_is_an_error(repository: Repository, folder: Path) -> None:
    folder.parent.write_text("a file", "utf-8")
    said = _refusal(Mirror(str(repository.path), folder))
    assert said.startswith("its copy cannot be written (File exists). Check the space")


def _zeros(data: bytes, first: int, last: int) -> bytes:
    return data[:first] + bytes(last - first) + data[last:]


@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # dulwich's, of a bad pack
@pytest.mark.parametrize(
    ("request_path", "damage"),
    [
        ("/git-upload-pack", lambda data: data[: len(data) // 2]),
        ("/git-upload-pack", lambda data: _zeros(data, len(data) // 2, len(data) // 2 + 30)),
        ("/git-upload-pack", lambda data: _zeros(data, len(data) - 24, len(data) - 4)),
        ("/info/refs", lambda data: data.replace(b"HEAD", b"\xff\xff\xff\xff")),
        ("/info/refs", lambda data: re.sub(rb"[0-9a-f]{40} ", b"z" * 40 + b" ", data)),
        ("/info/refs", lambda _: b"<html>Not found</html>"),
        ("/info/refs", lambda _: b""),
    ],
    ids=["cut", "a hole", "checksum", "encoding", "no hash", "a page", "nothing"],
)
def test_a_server_that_sends_something_else_is_an_error_and_what_was_fetched_stays(
    repository: Repository,
    folder: Path,
    request_path: str,
    damage: Callable[[bytes], bytes],
) -> None:
    repository.commit({"a.md": "A"})
    broken = False

    def sent(path: str, data: bytes) -> bytes:
        return damage(data) if broken and path == request_path else data

    with open_git_server(repository, damage=sent) as url:
        mirror = Mirror(url, folder, timeout=10)
        [(_, sha)] = mirror.files(mirror.fetch(None), "")
        repository.commit({"a.md": "A", **{f"{n}.md": f"# {n}\n" * 99 for n in range(9)}})
        broken = True
        assert _refusal(mirror)
        assert mirror.blob(sha) == b"A"
        broken = False
        assert len(_files(mirror)) == 10


def test_a_token_opens_a_private_repository_and_is_never_shown(
    repository: Repository, folder: Path
) -> None:
    repository.commit({"a.md": "A"})
    with open_git_server(repository, password="s3cret") as url:
        assert _files(Mirror(url, folder, token="s3cret")) == {"a.md": b"A"}
        said = _refusal(Mirror(url, folder, token="wr0ng"))
    assert "it wants a password" in said
    assert "wr0ng" not in said


def test_what_a_fetch_left_that_was_ended_is_removed(repository: Repository, folder: Path) -> None:
    repository.commit({"a.md": "A"})
    mirror = Mirror(str(repository.path), folder)
    _files(mirror)
    left = [
        "objects/tmp_pack_1",
        "objects/pack/tmp2.pack",
        "refs/heads/newest.lock",
        "shallow.lock",
    ]
    for name in left:
        (folder / name).touch()
    repository.commit({"b.md": "B"})
    assert _files(mirror) == {"b.md": b"B"}
    assert not any((folder / name).exists() for name in left)
