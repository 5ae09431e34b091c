"""The steps of the Dockerfile carried out one by one, without Docker, and what came of them run.

It installs everything anew, which takes minutes: `make test-full` does it. Left out is what would
change this machine: the user is one that there is already.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.dockerfile import ROOT, Stage, read
from tests.support.postgres import server_folder

BUILD, FINAL = read()
PLACES = ("/venv", "/app", "/data", "/config")
MOST_MEGABYTES = 650
START = 120.0

pytestmark = [
    pytest.mark.skipif("DOCENT_FULL" not in os.environ, reason="`make test-full` builds the image"),
    pytest.mark.timeout(900),
]


def _other_user() -> int | None:
    """Whom the bot runs as, where we may choose: for it, all that we install is read-only."""
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


def _python() -> str:
    """One like the suite's, with a pip, that the other user may run, too."""
    probe = f"import sys, venv, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in ("/usr/bin/python3", "/usr/local/bin/python3", sys._base_executable):  # type: ignore[attr-defined]
        with suppress(OSError):
            found = subprocess.run([python, "-c", probe], user=_other_user(), cwd="/", check=False)
            if found.returncode == 0:
                return str(python)
    pytest.skip("there is no Python on this machine that another user may run")


class Machine:
    """A folder that stands for the root of the image."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root
        (root / "bin").mkdir()
        (root / "bin" / "python").symlink_to(_python())
        self.environment = {"PATH": f"{root}/bin:{os.defpath}", "HOME": str(root)}

    def placed(self, text: str) -> str:
        """With the places of the image in this folder."""
        for place in PLACES:
            text = text.replace(place, f"{self.root}{place}")
        return text

    def carry_out(self, stage: Stage) -> None:
        """In order, as Docker does."""
        for each in stage.instructions:
            match each.name:
                case "WORKDIR":
                    self._folder = Path(self.placed(each.text))
                    self._folder.mkdir(parents=True)
                case "ENV":
                    self.set(stage)
                case "COPY":
                    *sources, target = each.words
                    for source in sources:
                        self._copy(ROOT / source, self._folder / target)
                case "RUN":
                    self._run(self.placed(each.text))

    def set(self, stage: Stage) -> None:
        for name, value in stage.environment().items():
            self.environment[name] = self.placed(value).replace("$PATH", self.environment["PATH"])

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)

    def _run(self, command: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env={**inherited, **self.environment},
            check=True,
        )


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with server_folder() as root:
        root.chmod(0o755)
        made = Machine(root)
        made.carry_out(BUILD)
        made.set(FINAL)
        with socket.create_server(("127.0.0.1", 0)) as free:
            made.environment["SERVER_PORT"] = str(free.getsockname()[1])
        for name in ("data", "config"):
            (root / name).mkdir()
        yield made


@pytest.fixture
async def running(machine: Machine) -> AsyncIterator[asyncio.subprocess.Process]:
    """As the image starts."""
    user = _other_user()
    if user is not None:
        os.chown(machine.root / "data", user, -1)
    [entry] = FINAL.last("ENTRYPOINT").words
    process = await asyncio.create_subprocess_exec(
        str(machine.root / "venv" / "bin" / entry),
        *FINAL.last("CMD").words,
        cwd=machine.root / "config",
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        user=user,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _healthy(machine: Machine) -> bool:
    check = await asyncio.create_subprocess_exec(
        *FINAL.health_check(), env=machine.environment, stderr=subprocess.DEVNULL
    )
    return await check.wait() == 0


async def test_it_starts_is_healthy_and_ends_well(
    machine: Machine, running: asyncio.subprocess.Process
) -> None:
    assert running.stderr is not None
    async with asyncio.timeout(START):
        while not await _healthy(machine):
            if running.returncode is not None:
                pytest.fail((await running.stderr.read()).decode())
            await asyncio.sleep(0.5)
    running.send_signal(signal.SIGTERM)
    said = (await running.stderr.read()).decode()
    assert await running.wait() == 0, said
    assert not await _healthy(machine)
    assert {path.name for path in (machine.root / "data").iterdir()} >= {"postgres", "qdrant"}


def test_it_is_small_and_holds_no_installer(machine: Machine) -> None:
    size = subprocess.run(
        ["du", "-sm", machine.root / "venv", machine.root / "app"],
        capture_output=True,
        text=True,
        check=True,
    )
    megabytes = [int(line.split()[0]) for line in size.stdout.splitlines()]
    assert sum(megabytes) < MOST_MEGABYTES
    packages = next((machine.root / "venv" / "lib").glob("python3.*")) / "site-packages"
    assert not [name for name in ("pip", "setuptools") if (packages / name).exists()]
