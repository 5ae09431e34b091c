"""A shallow copy of one branch of a Git repository. With `git_ssh` all that knows dulwich."""

from __future__ import annotations

import fcntl
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import cast

from dulwich.client import GitClient, HTTPUnauthorized, SSHGitClient, get_transport_and_path
from dulwich.client import default_urllib3_manager as http_pool
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, NotTreeError
from dulwich.object_store import tree_lookup_path
from dulwich.objects import Blob, Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import Repo
from urllib3 import PoolManager, Retry
from urllib3.exceptions import HTTPError, ReadTimeoutError

from core.ingestion.sources.git_ssh import Ssh
from core.text.unicode import visible

_NEWEST = Ref(b"refs/heads/newest")
_SSH = (
    "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
)
"""Nobody is there to answer what it would ask; a host that has gone is noticed within a minute."""

_LONGEST_WORD = 200

_LEFT = ("**/*.lock", "objects/tmp_pack_*", "objects/pack/tmp*.pack")
"""What dulwich leaves in a copy when it is ended while it writes there."""

_MOST_PACKS = 50
"""Each fetch adds one. With so many the copy is made anew, which drops what is outdated too."""


class GitFailed(Exception):
    """The repository did not give what was asked of it; the message says why, in half a sentence.

    `hint` says what to check.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest commit: its id, and the day of it in UTC."""

    commit: str
    date: str


class Mirror:
    """What was fetched last from `url`, in `folder`. Blocking; for one thread at a time.

    `token` is sent to an http(s) address as the password. `timeout` is how many seconds a silent
    server gets; over git:// it gets what is the process's default for sockets.
    """

    def __init__(
        self, url: str, folder: Path, *, token: str | None = None, timeout: float = 60.0
    ) -> None:
        self._url = url
        self._folder = folder
        self._token = token
        self.timeout = timeout
        self._ssh = Ssh(timeout)

    def fetch(self, branch: str | None) -> Tip:
        """Brings the copy in step with the branch, the default one when None. Raises GitFailed.

        Nothing bounds its time: `git_fetching` has it done by a process that it can end.
        """
        with self._alone(), self._opened() as repo, self._connected() as (client, path):
            newest = _fetch(client, path, repo, branch, self.timeout)
            repo.refs[_NEWEST] = newest
            day = datetime.fromtimestamp(_commit(repo, newest).commit_time, UTC).date()
            return Tip(newest.decode(), day.isoformat())

    def abort(self) -> None:
        """Ends the ssh of a fetch, which may be under way in another thread."""
        self._ssh.end()

    def files(self, tip: Tip, folder: str) -> Iterator[tuple[str, str]]:
        """The regular files under a folder: their paths below it, and Git's hashes of them.

        Raises GitFailed when there is no such folder.
        """
        with self._opened() as repo:
            tree = _tree(repo, tip, folder)
            for entry in repo.object_store.iter_tree_contents(tree):
                if stat.S_ISREG(entry.mode):
                    yield entry.path.decode("utf-8", "surrogateescape"), entry.sha.decode()

    def blob(self, sha: str) -> bytes | None:
        """A file's bytes by their hash; None when they are not here."""
        with self._opened() as repo:
            try:
                blob = repo.object_store[ObjectID(sha.encode())]
            except KeyError:
                return None
            return blob.data if isinstance(blob, Blob) else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Waits until no other process fetches into the folder, and removes what one left there."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with self._folder.with_name(f"{self._folder.name}.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            for left in chain.from_iterable(map(self._folder.glob, _LEFT)):
                left.unlink()
            yield

    @contextmanager
    def _opened(self) -> Iterator[Repo]:
        """The copy. One that is damaged or has grown is made anew: it has nothing of its own."""
        if len(list(self._folder.glob("objects/pack/*.pack"))) > _MOST_PACKS:
            shutil.rmtree(self._folder)
        try:
            repo = Repo(str(self._folder))
        except (NotGitRepository, ValueError, OSError):
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            repo = Repo.init_bare(str(self._folder))
        with repo:
            yield repo

    @contextmanager
    def _connected(self) -> Iterator[tuple[GitClient, str]]:
        if not self._url.startswith(("http://", "https://")):
            client, path = get_transport_and_path(self._url, quiet=True, ssh_command=_SSH)
            if isinstance(client, SSHGitClient):
                client.ssh_vendor = self._ssh
            try:
                yield client, path
            finally:
                self.abort()
            return
        pool = cast("PoolManager", http_pool(None, base_url=self._url, timeout=self.timeout))
        # Who is silent is not asked again, which would take the time several times over.
        pool.connection_pool_kw["retries"] = Retry(3, read=False)
        # The name that GitHub and GitLab ask for beside a token; others take any.
        user = None if self._token is None else "x-access-token"
        try:
            yield get_transport_and_path(
                self._url, quiet=True, username=user, password=self._token, pool_manager=pool
            )
        finally:
            pool.clear()


def _fetch(
    client: GitClient, path: str, repo: Repo, branch: str | None, timeout: float
) -> ObjectID:
    """The id of the newest commit, which the copy has then."""
    found: list[ObjectID] = []

    def wants(
        refs: Mapping[Ref, ObjectID],
        depth: int | None = None,  # noqa: ARG001 - dulwich's name
    ) -> list[ObjectID]:
        found.append(_newest(refs, branch))
        return [sha for sha in found if sha not in repo.object_store]

    try:
        client.fetch(path, repo, wants, depth=1)
    except HTTPUnauthorized as exc:
        raise GitFailed("it wants a password", "Name a token in the source's settings.") from exc
    except NotGitRepository as exc:
        raise GitFailed("there is no Git repository", "Check its address.") from exc
    except HangupException as exc:
        raise GitFailed(f"it could not be reached{_last_words(exc)}") from exc
    except (GitProtocolError, HTTPError, OSError) as exc:
        raise _unreached(exc, timeout) from exc
    except GitFailed:
        raise
    except Exception as exc:  # dulwich lets pass whatever a damaged answer makes it meet
        raise GitFailed(f"what it sent is damaged ({type(exc).__name__})") from exc
    return found[-1]


def _unreached(error: Exception, timeout: float) -> GitFailed:
    # Where dulwich has an error of its own for it, what happened is the cause of that.
    if isinstance(error.__cause__ or error, TimeoutError | ReadTimeoutError):
        return GitFailed(
            f"it did not answer within {timeout:g} s", "Sync again when its server is well."
        )
    return GitFailed(f"it could not be reached ({type(error).__name__})")


def _last_words(error: HangupException) -> str:
    """What ssh said at the end, which is why; nothing where it was silent."""
    lines = [line.decode("utf-8", "replace").strip() for line in error.stderr_lines or ()]
    last = next(filter(None, reversed(lines)), "")
    return f" ({visible(last)[:_LONGEST_WORD]})" if last else ""


def _newest(refs: Mapping[Ref, ObjectID], branch: str | None) -> ObjectID:
    tip = refs.get(Ref(b"refs/heads/" + branch.encode() if branch else b"HEAD"))
    if tip is None:
        missing = f"it has no branch {branch!r}" if branch else "it has no commit"
        raise GitFailed(missing, "Check the branch in the source's settings.")
    return tip


def _commit(repo: Repo, sha: ObjectID) -> Commit:
    commit = repo[sha]
    if not isinstance(commit, Commit):
        raise GitFailed("its newest object is not a commit")
    return commit


def _tree(repo: Repo, tip: Tip, folder: str) -> ObjectID:
    root: ObjectID = _commit(repo, ObjectID(tip.commit.encode())).tree
    if not folder:
        return root
    try:
        mode, sha = tree_lookup_path(repo.get_object, root, folder.encode())
    except (KeyError, ValueError, NotTreeError) as exc:
        raise _no_folder(folder) from exc
    if not stat.S_ISDIR(mode):
        raise _no_folder(folder)
    return ObjectID(sha)


def _no_folder(folder: str) -> GitFailed:
    return GitFailed(f"it has no folder {folder!r}", "Check the folder in the source's settings.")
