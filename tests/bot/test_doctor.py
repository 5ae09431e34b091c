"""What the doctor says of models and sources; tests/e2e/test_terminal.py tries the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.doctor import Finding, examine
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings, OpenRouterSettings
from tests.support.http_server import Exchange, serving

pytestmark = pytest.mark.usefixtures("_empty_folder")


@pytest.fixture
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# Page\n\nText.\n", "utf-8")


async def openrouter_reply(exchange: Exchange) -> None:
    if exchange.headers["authorization"] != "Bearer good":
        await exchange.reply(401, {"error": {"message": "no"}})
    elif exchange.path == "/key":
        await exchange.reply(200, {"data": {"is_free_tier": True, "limit_remaining": 4.5}})
    else:
        await exchange.reply(200, {"data": [{"id": "a/known"}, {"id": "b/known:free"}]})


@pytest.fixture
async def openrouter() -> AsyncIterator[str]:
    async with serving(openrouter_reply) as server:
        yield server.url


async def finding_on_models(tmp_path: Path, **openrouter: object) -> Finding:
    settings = Settings(
        docent=DocentSettings(data_dir=tmp_path / "data"),
        docs=DocsSettings(folder=tmp_path / "docs"),
        openrouter=OpenRouterSettings.model_validate(openrouter),
    )
    findings = {finding.part: finding async for finding in examine(settings)}
    assert findings["Source docs"] == Finding(
        "Source docs", well=True, found=f"1 document in {tmp_path}/docs."
    )
    return findings["Models"]


async def test_without_a_key_it_says_what_answers_are(tmp_path: Path) -> None:
    found = await finding_on_models(tmp_path)
    assert found.well
    assert "quotes from the docs" in found.found


async def test_a_good_key_is_told_with_what_is_left(tmp_path: Path, openrouter: str) -> None:
    found = await finding_on_models(tmp_path, api_key="good", base_url=openrouter, models="a/known")
    assert found.well
    assert found.found == "a/known, 4.50 dollars left, free models only."


@pytest.mark.parametrize(
    ("collection", "models", "said"),
    [
        ("deny", "a/known,b/known:free", "b/known:free may find none"),
        ("allow", "b/known:free", "providers may keep what they are sent"),
        ("allow", "a/known", "providers may keep what they are sent"),
    ],
)
async def test_it_says_plainly_what_free_models_and_their_providers_keep(
    tmp_path: Path, openrouter: str, collection: str, models: str, said: str
) -> None:
    how = {"api_key": "good", "base_url": openrouter, "data_collection": collection}
    found = await finding_on_models(tmp_path, **how, models=models)
    assert found.well
    assert said in found.found


@pytest.mark.parametrize(
    ("key", "models", "said", "advice"),
    [
        ("bad", "a/known", "the key was not accepted", "OPENROUTER_API_KEY"),
        ("good", "a/known,c/gone", "does not know c/gone", "OPENROUTER_MODELS"),
    ],
)
async def test_what_is_wrong_comes_with_what_to_do(
    tmp_path: Path, openrouter: str, key: str, models: str, said: str, advice: str
) -> None:
    found = await finding_on_models(tmp_path, api_key=key, base_url=openrouter, models=models)
    assert not found.well
    assert said in found.found
    assert advice in found.advice


async def finding_on_docs(tmp_path: Path, folder: str = "docs") -> Finding:
    settings = Settings(
        docent=DocentSettings(data_dir=tmp_path / "data"),
        docs=DocsSettings(folder=tmp_path / folder),
    )
    return [finding async for finding in examine(settings)][-1]


async def test_documents_that_cannot_be_read_are_counted_and_named(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / "docs" / f"gone-{number}.md").symlink_to("nowhere")
    (tmp_path / "docs" / "a-picture.md").write_bytes(b"\x89PNG\0\xff\xfe\xfd")
    found = await finding_on_docs(tmp_path)
    assert found.as_rich().plain.startswith(
        f"! Source docs: 8 documents in {tmp_path}/docs, 7 cannot be read: a-picture.md ("
    )
    assert "gone-3.md (it is gone, or no regular file) and 2 more." in found.found
    assert "exclude" in found.advice


async def test_a_folder_without_documents_is_worth_a_warning(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = await finding_on_docs(tmp_path, "empty")
    assert found.well
    assert found.as_rich().plain.startswith(
        f"! Source docs: 0 documents in {tmp_path}/empty. → Put documents there"
    )


async def test_a_missing_folder_is_a_fault_of_its_source(tmp_path: Path) -> None:
    found = await finding_on_docs(tmp_path, "nowhere")
    assert not found.well
    assert found.as_rich().plain.startswith("✗ Source docs: The folder ")
    assert "DOCS_FOLDER" in found.advice
