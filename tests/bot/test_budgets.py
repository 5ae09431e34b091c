"""Budgets from the settings to the ladder: who is paid, up to how much, and what follows then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.discord.mapping import DIRECT as DISCORD_DIRECT
from bot.app import open_app
from bot.budgets import (
    COHERE,
    FREE,
    OPENROUTER,
    PAID,
    asked,
    budgets,
    governed_models,
    limit_settings,
)
from bot.parts import App
from bot.quota import NO_PROVIDERS, Quota, quota_of, quota_text, read_quota
from bot.settings import Settings
from core.budgets.accounting import Budget, Period, Provider, Spend, Unit
from core.budgets.governor import Governor
from core.budgets.ledger import Ledger
from core.conversation.limits import LimitSettings
from core.errors import QuotaExceeded, ServiceUnavailable
from core.model import Answer, Answered, AnswerStatus, Question, Rung, SessionKey
from core.ports import Database
from tests.support.http_server import Exchange, serving
from tests.support.models import ScriptedModel, asking, model_saying, saying
from tests.support.postgres import server_folder
from tests.support.providers import (
    CHAT,
    DIMENSIONS,
    EMBED,
    MODEL,
    RERANK,
    Providers,
    open_providers,
    page,
)

QUESTION = "What is the reactor of part 3 called?"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings_with(groups: Mapping[str, object]) -> Settings:
    return Settings.model_validate(groups)


def names(found: list[Budget]) -> set[tuple[str, Unit, Period, float]]:
    return {(b.provider.name, b.unit, b.period, b.amount) for b in found}


CAPPED = {
    "cohere": {"api_key": "c", "monthly_calls": 1000},
    "openrouter": {
        "api_key": "o",
        "daily_requests": 200,
        "daily_dollars": 0.5,
        "monthly_dollars": 5.0,
    },
}


def test_each_setting_is_a_budget() -> None:
    assert names(list(budgets(settings_with(CAPPED)))) == {
        (COHERE, Unit.CALLS, Period.MONTH, 1000),
        (OPENROUTER, Unit.CALLS, Period.DAY, 200),
        (PAID, Unit.DOLLARS, Period.DAY, 0.5),
        (PAID, Unit.DOLLARS, Period.MONTH, 5.0),
    }


def test_what_is_not_set_or_has_no_key_is_no_budget() -> None:
    assert list(budgets(Settings())) == []
    assert list(budgets(settings_with({"cohere": {"monthly_calls": 5}}))) == []
    assert list(budgets(settings_with({"cohere": {"api_key": "c"}}))) == []


def test_people_may_ask_what_is_set() -> None:
    assert limit_settings(Settings()) == LimitSettings(None, None, 60, 20_000)
    limits = {"per_person": 5, "per_channel": 20, "minutes": 10, "characters": 500}
    assert limit_settings(settings_with({"limits": limits})) == LimitSettings(5, 20, 10, 500)
    somebody = limit_settings(settings_with({"slack": {"allowed_users": "U1, U2"}}))
    assert somebody.people == {"slack": {"U1", "U2"}}
    somewhere = limit_settings(settings_with({"discord": {"allowed_servers": "1"}}))
    assert somewhere.workspaces == {"discord": {"1", DISCORD_DIRECT}}


@dataclass(frozen=True)
class Plan:
    free_tier: bool
    remaining: float | None


@pytest.mark.parametrize(
    ("models", "plan", "free", "left"),
    [
        (["a:free"], Plan(free_tier=True, remaining=None), 50, None),
        (["a:free", "b"], Plan(free_tier=False, remaining=2.5), 1000, 2.5),
        (["b"], Plan(free_tier=False, remaining=0.0), None, 0.0),
    ],
)
async def test_openrouter_tells_what_a_key_may(
    models: list[str], plan: Plan, free: int | None, left: float | None
) -> None:
    settings = settings_with({"openrouter": {"api_key": "o", "models": models}})

    async def read() -> Plan:
        return plan

    [(provider, ask)] = asked(settings, read).items()
    told = await ask()
    assert provider.name == PAID
    assert told.dollars_left == left
    expected = set() if free is None else {(FREE, Unit.CALLS, Period.DAY, free)}
    assert names(list(told.budgets)) == expected
    assert all(budget.told for budget in told.budgets)


async def test_nobody_is_asked_without_a_key() -> None:
    assert asked(Settings(), _never) == {}


async def _never() -> Plan:
    await asyncio.Event().wait()
    raise AssertionError


async def test_each_group_is_paid_for_as_free_or_not_and_the_last_resort_by_nobody(
    database: Database,
) -> None:
    models = ["a:free", "b:free", "c:free", "d:free", "e", "f", "g:free"]
    settings = settings_with({"openrouter": {"api_key": "o", "models": models}})
    governor = Governor(Ledger(database, pause=1e6))
    scripted = [ScriptedModel([saying("Hello.")]) for _ in range(5)]
    governed = governed_models(settings, governor, scripted)
    assert governed[4] is scripted[4]
    for model in governed:
        async for _ in model.stream(asking("How?")):
            pass
    used = {
        provider.name: spend.calls for (provider, _), spend in governor._ledger.spending.items()
    }
    assert used == {FREE: 3, PAID: 1, OPENROUTER: 4}


async def test_without_a_key_models_are_left_alone(database: Database) -> None:
    model = model_saying("Hello.")
    assert governed_models(Settings(), Governor(Ledger(database)), [model]) == [model]


@dataclass
class House:
    """The whole app with paid services played, and a page of the docs indexed."""

    app: App
    providers: Providers

    async def ask(self, text: str = QUESTION) -> Answer:
        question = Question(SessionKey("slack", "", "", uuid4().hex), uuid4().hex, "me", text)
        events = [event async for event in self.app.assistant.answer(question)]
        assert isinstance(events[-1], Answered)
        assert "Aquila3x" in events[-1].answer.text
        return events[-1].answer


@pytest.fixture
def folder() -> Iterator[Path]:
    """For the data, with the database in it."""
    with server_folder() as made:
        yield made


@asynccontextmanager
async def house(
    folder: Path, *, calls: int | None = None, **openrouter: object
) -> AsyncIterator[House]:
    docs = folder / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "reactors.md").write_text(page(8), "utf-8")
    async with open_providers() as providers:
        settings = settings_with(
            {
                "docent": {"data_dir": folder / "data"},
                "docs": {"folder": docs},
                "cohere": {
                    "api_key": "c",
                    "base_url": providers.url,
                    "dimensions": DIMENSIONS,
                    "monthly_calls": calls,
                },
                "openrouter": {
                    "api_key": "o",
                    "base_url": providers.openrouter,
                    "models": [MODEL],
                    **openrouter,
                },
            }
        )
        async with open_app(settings) as app:
            yield House(app, providers)


async def test_a_spent_budget_costs_a_rung_and_no_answer(folder: Path) -> None:
    """One call embeds the docs; three are left, of which the first question takes two."""
    async with house(folder, calls=5) as place:
        await place.app.sync(None, lambda _: None)
        assert place.providers.asked == {EMBED: 1}
        assert (await place.ask()).rungs == ()
        assert (await place.ask("What is part 3 called?")).rungs == ()
        last = await place.ask("How is part 3 called?")
        assert last.rungs == (Rung.BM25_ONLY, Rung.NO_RERANK)
        assert last.status is AnswerStatus.ANSWERED
        assert place.providers.asked == {EMBED: 3, RERANK: 2, CHAT: 3}


async def test_a_sync_stops_before_it_takes_what_is_kept_for_questions(folder: Path) -> None:
    async with house(folder, calls=1) as place:
        with pytest.raises(QuotaExceeded, match="of 1 calls a month, syncs may use 80%"):
            await place.app.sync(None, lambda _: None)
        assert place.providers.asked == {}


async def test_when_the_money_is_spent_the_docs_are_quoted_and_a_restart_changes_nothing(
    folder: Path,
) -> None:
    async with house(folder, daily_dollars=0.00015) as place:
        await place.app.sync(None, lambda _: None)
        assert (await place.ask()).status is AnswerStatus.ANSWERED
        assert (await place.ask()).status is AnswerStatus.ANSWERED
        spent = await place.ask()
        assert (spent.status, spent.rungs) == (AnswerStatus.QUOTED, (Rung.QUOTES_ONLY,))
        assert place.providers.asked[CHAT] == 2
    async with house(folder, daily_dollars=0.00015) as place:
        assert (await place.ask()).status is AnswerStatus.QUOTED
        assert place.providers.asked[CHAT] == 0


async def test_a_chat_and_the_command_tell_the_same(folder: Path) -> None:
    async with house(folder, calls=1000, daily_requests=20) as place:
        await place.app.sync(None, lambda _: None)
        await place.ask()
        said = await quota_text(place.app, "me")
        await place.app.governor._ledger.write()
        settings = place.app.settings
        found = await read_quota(settings)
    assert said == "\n\n".join(found.lines())
    assert "Cohere: 997 of 1,000 calls are left until " in said
    assert "The last 200 are kept for questions." in said
    assert "OpenRouter: 19 of 20 calls are left until " in said
    assert "After that, answers are quotes from the docs." in said
    assert "Cohere, this month so far: 3 calls, " in said


async def test_without_paid_services_there_is_nothing_to_tell(folder: Path) -> None:
    settings = settings_with({"docent": {"data_dir": folder / "data"}})
    found = await read_quota(settings)
    assert list(found.lines()) == [NO_PROVIDERS]
    assert found.as_json() == {"budgets": [], "used_this_month": []}


async def test_the_key_tells_what_is_left_of_its_own_limit(folder: Path) -> None:
    async def reply(exchange: Exchange) -> None:
        assert exchange.path == "/key"
        await exchange.reply(200, {"data": {"is_free_tier": True, "limit_remaining": 3.2}})

    async with serving(reply) as server:
        openrouter = {"api_key": "o", "base_url": server.url, "models": ["a", "b:free"]}
        settings = settings_with(
            {"docent": {"data_dir": folder / "data"}, "openrouter": openrouter}
        )
        found = await read_quota(settings)
    free, left = list(found.lines())[1:]
    assert free.startswith("OpenRouter's free models: 50 of 50 calls are left until ")
    assert free.endswith("After that, the paid models answer.")
    assert left == (
        "OpenRouter's paid models: 3.20 dollars are left on the key. "
        "After that, the free models answer."
    )
    [in_json, _] = found.as_json()["budgets"]
    assert in_json["provider"] == FREE
    assert (in_json["left"], in_json["unit"], in_json["told"]) == (50, "calls", True)


async def test_a_person_is_told_how_much_they_may_still_ask(folder: Path) -> None:
    settings = settings_with(
        {
            "docent": {"data_dir": folder / "data"},
            "limits": {"per_person": 2},
        }
    )
    async with open_app(settings) as app:
        question = Question(SessionKey("slack", "", "", "t"), "m", "me", "How?")
        assert "You may ask 2 more questions now" in await quota_text(app, "me")
        app.limits.count(question)
        assert "You may ask 1 more question now" in await quota_text(app, "me")


async def test_a_provider_that_is_away_or_silent_leaves_the_budgets_that_are_set(
    database: Database,
) -> None:
    async def away() -> Plan:
        raise ServiceUnavailable(OPENROUTER, "could not be reached.")

    settings = settings_with(CAPPED)
    for read in (away, _never):
        governor = Governor(
            Ledger(database, pause=1e6), budgets(settings), ask=asked(settings, read)
        )
        found = await quota_of(settings, governor)
        assert len(found.standings) == 4


def test_money_is_told_to_the_cent() -> None:
    spend = {Provider(OPENROUTER, "k"): Spend(2, 1234, 3, 0.5)}
    [line] = Quota([], spend, {}).lines()
    assert line == (
        "OpenRouter, this month so far: 2 calls, 1,234 tokens, 3 search units, 0.50 dollars."
    )
