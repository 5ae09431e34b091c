"""What the doctor says of the models; the other parts are tried in tests/e2e/test_terminal.py."""

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
        await exchange.reply(200, {"data": [{"id": "a/known"}]})


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
    assert findings["Sources"].found == "docs with 1 documents."
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
