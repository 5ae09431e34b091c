"""`docent trace` and `docent replay`, on answers that a model gave in a conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from adapters.console.chat import PLATFORM, ConsoleChat, collect
from bot.app import open_app
from bot.parts import App
from bot.replay import replayed
from bot.settings import Settings
from bot.trace import latest_as_json, latest_as_text, read_latest, read_trace
from core.errors import ConfigurationError
from core.model import Answer
from tests.support.postgres import server_folder
from tests.support.providers import CHAT, MODEL, Providers, open_providers, page


@dataclass
class Place:
    """An app with a page of docs, a model that is played, and a conversation."""

    app: App
    providers: Providers
    chat: ConsoleChat

    @property
    def settings(self) -> Settings:
        return self.app.settings

    async def ask(self, text: str) -> tuple[str, Answer]:
        async with self.app.dispatcher({PLATFORM: self.chat}) as dispatcher:
            async with asyncio.timeout(30):
                answer = await self.chat.ask(text, dispatcher.submit)
        return str(self.chat.last_turn), answer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For the data, with the database in it."""
    monkeypatch.chdir(tmp_path)
    with server_folder() as made:
        yield made


@pytest.fixture
async def place(folder: Path) -> AsyncIterator[Place]:
    async with _opened(folder) as opened:
        yield opened


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Place]:
    (folder / "docs").mkdir()
    (folder / "docs" / "reactors.md").write_text(page(8), "utf-8")
    async with open_providers() as providers:
        settings = Settings.model_validate(
            {
                "docent": {"data_dir": folder / "data"},
                "docs": {"folder": folder / "docs"},
                "openrouter": {
                    "api_key": "o",
                    "base_url": providers.openrouter,
                    "models": [MODEL],
                },
            }
        )
        async with open_app(settings) as app:
            await app.sync(None, lambda _: None)
            yield Place(app, providers, ConsoleChat(collect, app.scope))


async def test_a_trace_tells_how_the_answer_came_about(place: Place) -> None:
    turn, answer = await place.ask("What is the reactor of part 3 called?")
    report = await read_trace(place.settings, turn)
    found = json.loads(json.dumps(report.as_json()))
    assert (found["turn"], found["status"], found["model"]) == (turn, "answered", MODEL)
    assert found["question"] == found["query"] == "What is the reactor of part 3 called?"
    assert (found["generation"], found["platform"]) == (1, PLATFORM)
    assert found["answer"]["text"] == answer.text
    first = found["passages"][0]
    assert first["kept"]
    assert "Aquila3x" in first["text"]
    assert first["scores"]["dense"] > 0
    assert len(first["hash"]) == 32
    assert [(claim["verdict"], claim["passages"]) for claim in found["claims"]] == [
        ("supported", [first["hash"]])
    ]
    assert found["usage"]["cost"] == pytest.approx(0.0001)
    assert found["timings_ms"]["total"] > 0
    said = report.as_text()
    for each in (turn, "Aquila3x", first["hash"], "supported", "0.000100 dollars", MODEL):
        assert each in said


async def test_the_prompt_of_a_follow_up_is_put_together_again_as_it_was(place: Place) -> None:
    await place.ask("What is the reactor of part 3 called?")
    turn, _ = await place.ask("And the reactor of part 5?")
    await place.ask("And the reactor of part 6?")
    prompt = (await read_trace(place.settings, turn)).as_json()["prompt"]
    assert prompt["same"]
    said = [message["content"] for message in prompt["messages"]]
    assert [message["role"] for message in prompt["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert "part 3" in said[1]
    assert said[-1].endswith("Question: And the reactor of part 5?")


async def test_a_prompt_that_would_be_another_one_now_is_not_shown_as_that_of_then(
    place: Place,
) -> None:
    first, _ = await place.ask("What is the reactor of part 3 called?")
    turn, _ = await place.ask("And the reactor of part 5?")
    await place.app.database.execute("DELETE FROM turns WHERE id = $1", UUID(first))
    report = await read_trace(place.settings, turn)
    assert report.as_json()["prompt"]["same"] is False
    assert report.as_json()["prompt"]["messages"] == []
    assert "cannot be put together again" in report.as_text()


async def test_an_answer_is_stale_once_a_sync_has_changed_a_section_that_it_cites(
    place: Place,
) -> None:
    turn, _ = await place.ask("What is the reactor of part 3 called?")
    file = place.settings.docs.folder / "reactors.md"  # type: ignore[operator]
    assert not (await read_trace(place.settings, turn)).stale
    file.write_text(page(9), "utf-8")
    await place.app.sync(None, lambda _: None)
    assert not (await read_trace(place.settings, turn)).stale, "another section is new"
    file.write_text(page(9).replace("Aquila3x", "Lyra3x"), "utf-8")
    await place.app.sync(None, lambda _: None)
    report = await read_trace(place.settings, turn)
    assert report.stale
    assert report.as_json()["passages"][0]["changed"]
    assert report.trace.stale_since, "the sync has marked it"
    assert report.as_json()["stale_since"] == report.trace.stale_since.isoformat()
    assert "stale: a section that it cites was changed since" in report.as_text()


async def test_the_latest_turns_are_listed_with_what_became_of_them(place: Place) -> None:
    first, _ = await place.ask("What is the reactor of part 3 called?")
    second, _ = await place.ask("Who won the regatta on lake Constance?")
    turns = await read_latest(place.settings)
    listed = [(each["turn"], each["status"]) for each in latest_as_json(turns)]
    assert listed == [(second, "refused"), (first, "answered")]
    lines = latest_as_text(turns).splitlines()
    assert lines[0].startswith(second)
    assert lines[1].endswith("answered  What is the reactor of part 3 called?")
    refused = await read_trace(place.settings, second)
    assert refused.as_json()["prompt"] is None
    assert "No model was asked." in refused.as_text()


async def test_nobody_having_asked_is_said(folder: Path) -> None:
    settings = Settings.model_validate({"docent": {"data_dir": folder}})
    assert latest_as_text(await read_latest(settings)) == "Nobody has asked anything yet."


@pytest.mark.parametrize("turn", ["what", str(UUID(int=4))])
async def test_a_turn_that_is_none_is_explained(folder: Path, turn: str) -> None:
    settings = Settings.model_validate({"docent": {"data_dir": folder}})
    with pytest.raises(ConfigurationError, match=f"There is no turn {turn}"):
        await read_trace(settings, turn)


async def test_a_replay_asks_the_model_again_on_the_passages_of_then(place: Place) -> None:
    turn, answer = await place.ask("What is the reactor of part 3 called?")
    asked = place.providers.asked[CHAT]
    await place.app.database.execute("DELETE FROM documents")  # what is served now plays no part
    again = await replayed(place.settings, turn)
    assert place.providers.asked[CHAT] == asked + 1
    assert again.same_prompt
    assert (again.answer.text, again.answer.citations) == (answer.text, answer.citations)
    found = json.loads(json.dumps(again.as_json()))
    assert (found["then"], found["text"], found["turn"]) == (answer.text, answer.text, turn)
    assert [claim["verdict"] for claim in found["claims"]] == ["supported"]
    assert again.as_text().count("Aquila3x") == 2
    assert len(await read_latest(place.settings)) == 1


async def test_what_cannot_be_replayed_says_why(place: Place) -> None:
    turn, _ = await place.ask("What is the reactor of part 3 called?")
    await place.app.database.execute(
        "DELETE FROM passages WHERE passage ->> 'text' LIKE '%Aquila3x%'"
    )
    with pytest.raises(ConfigurationError, match="no longer kept"):
        await replayed(place.settings, turn)
    report = await read_trace(place.settings, turn)
    assert report.as_json()["passages"][0]["kept"] is False
    assert "no longer kept; " not in report.as_text()
    assert "[1] no longer kept" in report.as_text()
    await place.app.database.execute("UPDATE turns SET trace = NULL")
    with pytest.raises(ConfigurationError, match="has no passages"):
        await replayed(place.settings, turn)
    assert turn in (await read_trace(place.settings, turn)).as_text()
