"""A Git repository to write commits into, served over smart HTTP and git:// on the loopback."""

from __future__ import annotations

import threading
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend, TCPGitServer
from dulwich.web import make_wsgi_chain

FILE, LINK, SUBMODULE = 0o100644, 0o120000, 0o160000


@dataclass
class Repository:
    """A bare repository; each commit states the whole tree, by path."""

    path: Path
    day: int = field(default=0)

    def __post_init__(self) -> None:
        Repo.init_bare(str(self.path), mkdir=True, default_branch=b"main").close()

    def commit(
        self,
        files: Mapping[str, str | bytes | tuple[int, str]],
        branch: str = "main",
        *,
        keeps: bool = True,
    ) -> str:
        """The new commit's id. Each is made a day after the one before, from 2 January 2024."""
        self.day += 1
        with Repo(str(self.path)) as repo:
            name = Ref(b"refs/heads/" + branch.encode())
            commit = Commit()
            commit.tree = _write_tree(repo, _nested(files))
            commit.author = commit.committer = b"Ann <ann@docs.example>"
            commit.commit_time = commit.author_time = 1704067200 + self.day * 86_400
            commit.commit_timezone = commit.author_timezone = 0
            commit.message = b"Change the docs"
            commit.parents = [repo.refs[name]] if keeps and name in repo.refs else []
            repo.object_store.add_object(commit)
            repo.refs[name] = commit.id
            return commit.id.decode()


def _nested(files: Mapping[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = content
    return root


def _write_tree(repo: Repo, entries: Mapping[str, Any]) -> ObjectID:
    tree = Tree()
    for name, content in entries.items():
        if isinstance(content, dict):
            tree.add(name.encode(), 0o040000, _write_tree(repo, content))
            continue
        mode, text = content if isinstance(content, tuple) else (FILE, content)
        if mode == SUBMODULE:
            tree.add(name.encode(), mode, ObjectID(text.encode()))
            continue
        blob = Blob.from_string(text.encode() if isinstance(text, str) else text)
        repo.object_store.add_object(blob)
        tree.add(name.encode(), mode, blob.id)
    repo.object_store.add_object(tree)
    return tree.id


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def open_git_server(
    repository: Repository,
    *,
    password: str | None = None,
    damage: Callable[[str, bytes], bytes] | None = None,
) -> Iterator[str]:
    """The repository's address. With a `password`, whoever does not send it gets a 401.

    `damage` is given the path of each request and the answer, and gives what is sent instead.
    """
    with Repo(str(repository.path)) as repo:
        served: dict[str, BackendRepo] = {"/": repo}
        application = make_wsgi_chain(DictBackend(served))
        if damage is not None:
            application = _damaged(application, damage)
        server = make_server("127.0.0.1", 0, _guarded(application, password), handler_class=_Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def open_git_daemon(repository: Repository) -> Iterator[int]:
    """The port at which it is served over git://."""
    with Repo(str(repository.path)) as repo:
        served: dict[str, BackendRepo] = {"/": repo}
        with TCPGitServer(DictBackend(served), "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()
                thread.join()


def _guarded(application: Callable[..., Any], password: str | None) -> Callable[..., Any]:
    def guard(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Basic ")
        if password is not None and b64decode(sent).decode().partition(":")[2] != password:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="docs"')])
            return [b""]
        answer: Iterable[bytes] = application(environ, start)
        return answer

    return guard


def _damaged(
    application: Callable[..., Any], damage: Callable[[str, bytes], bytes]
) -> Callable[..., Any]:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        written: list[bytes] = []
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def begin(status: str, headers: list[tuple[str, str]]) -> Callable[[bytes], None]:
            begun.append((status, headers))
            return written.append

        rest = b"".join(application(environ, begin))
        sent = damage(environ["PATH_INFO"], b"".join(written) + rest)
        [(status, headers)] = begun
        kept = [each for each in headers if each[0].lower() != "content-length"]
        start(status, [*kept, ("Content-Length", str(len(sent)))])
        return [sent]

    return answer
