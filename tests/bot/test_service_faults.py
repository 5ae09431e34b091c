"""Each fault of each service, met by a question on its way: an answer a rung lower, or a wait.

The services are played on loopback sockets and reached through their own clients; the database is
PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import assemble
from bot.parts import App, Embedding
from bot.settings import Settings
from bot.settings.source import SourceSettings
from core.answering.dispatcher import Dispatcher, DispatcherSettings
from core.backends.cohere import CohereModels, Pace, open_cohere
from core.backends.extractive import ExtractiveChatModel
from core.backends.openrouter import ModelGroup, open_openrouter
from core.backends.postgres import Postgres
from core.backends.qdrant import open_qdrant
from core.backends.streaming import Patience
from core.breakers.breaker import BreakerSettings, State
from core.breakers.guard import open_breakers
from core.model import Answer, Answered, AnswerStatus, Question, Rung, SessionKey
from core.ports import ChatModel
from tests.support.desk import Reader, until
from tests.support.https_server import OPENSSL, make_certificate, serving_tls
from tests.support.providers import (
    CHAT,
    DIMENSIONS,
    EMBED,
    FAULTS,
    MODEL,
    NAMED_WAIT,
    RERANK,
    Providers,
    no_fault,
    open_providers,
    page,
    said_of,
)
from tests.support.qdrant_server import QdrantServer, Trouble
from tests.support.qdrant_server import serving as serving_qdrant

NOBODY = "http://127.0.0.1:1"
PARTS = 30
RUNGS = {EMBED: Rung.BM25_ONLY, RERANK: Rung.NO_RERANK, CHAT: Rung.QUOTES_ONLY}
QUICK = DispatcherSettings(
    retry_pauses=(0.01, 0.01), outage_pauses=(0.02,) * 400, database_pause=0.05
)


@dataclass
class House:
    """The app in remote mode, with a page of the docs indexed, and what it stands on."""

    app: App
    providers: Providers
    qdrant: QdrantServer
    asked: int = 0
    reader: Reader = field(default_factory=Reader)

    def question(self) -> Question:
        self.asked += 1
        text = f"What is the reactor of part {self.asked % PARTS} called?"
        return Question(SessionKey("slack", "", "", str(self.asked)), str(self.asked), "me", text)

    async def ask(self) -> Answer:
        async with asyncio.timeout(30):
            events = [event async for event in self.app.assistant.answer(self.question())]
        assert isinstance(events[-1], Answered)
        answer = events[-1].answer
        assert said_of(self.asked % PARTS)[:-1] in answer.text
        return answer

    def fail(self, path: str, fault: str) -> None:
        self.providers.fault = lambda asked: fault if asked == path else None

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Dispatcher]:
        async with self.app.dispatcher({"slack": self.reader}, QUICK) as dispatcher:
            yield dispatcher

    async def ends(self) -> list[str]:
        rows = await self.app.database.fetch("SELECT status FROM turns ORDER BY sequence")
        return [row["status"] for row in rows]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def built(
    stack: AsyncExitStack,
    database: Postgres,
    folder: Path,
    *,
    elsewhere: Mapping[str, str] | None = None,
    pause: float = 60.0,
) -> House:
    """What is `elsewhere` is asked there, by its name, once the docs are indexed."""
    elsewhere = elsewhere or {}
    enter = stack.enter_async_context
    for name in ("docs", "qdrant"):
        (folder / name).mkdir()
    (folder / "docs" / "reactors.md").write_text(page(PARTS), "utf-8")
    settings = Settings(sources=(SourceSettings(name="docs", folder=folder / "docs"),))
    providers = await enter(open_providers())
    qdrant = await enter(serving_qdrant(folder / "qdrant"))
    models, pace = CohereModels(dimensions=DIMENSIONS), Pace(question=1.0)
    reached = await enter(open_cohere("key", models=models, pace=pace, base_url=providers.url))
    asked = await enter(
        open_cohere(
            "key", models=models, pace=pace, base_url=elsewhere.get("cohere", providers.url)
        )
    )
    patience = Patience(connect=0.5, first_token=1.0, stall=1.0)
    chat = await enter(
        open_openrouter(
            "key",
            [ModelGroup((MODEL,))],
            base_url=elsewhere.get("openrouter", providers.openrouter),
            patience=patience,
        )
    )
    index = await enter(open_qdrant(qdrant.url, timeout=1))
    indexing = await assemble(settings, index, database, Embedding(reached.embedder), [])
    await indexing.syncer.sync(indexing.sources)
    embedding = Embedding(asked.embedder, asked.reranker)
    breakers = await enter(open_breakers(BreakerSettings(pause=pause)))
    ladder: list[ChatModel] = [*chat, ExtractiveChatModel()]
    app = await assemble(settings, index, database, embedding, ladder, breakers=breakers)
    return House(app, providers, qdrant)


@pytest.fixture
async def house(stack: AsyncExitStack, database: Postgres, tmp_path: Path) -> House:
    return await built(stack, database, tmp_path)


@pytest.fixture
async def brisk(stack: AsyncExitStack, database: Postgres, tmp_path: Path) -> House:
    """One that soon asks again for what failed."""
    return await built(stack, database, tmp_path, pause=0.1)


async def test_where_all_is_well_no_rung_is_taken(house: House) -> None:
    answer = await house.ask()
    assert (answer.status, answer.rungs, answer.model) == (AnswerStatus.ANSWERED, (), MODEL)


@pytest.mark.parametrize("path", RUNGS)
async def test_each_fault_costs_the_rung_of_its_service_and_is_over_with_it(
    house: House, path: str
) -> None:
    met, after = {}, {}
    for fault in FAULTS:
        house.fail(path, fault)
        met[fault] = (await house.ask()).rungs
        house.providers.fault = no_fault
        after[fault] = (await house.ask()).rungs
        if fault == "429":
            await asyncio.sleep(NAMED_WAIT)
    assert met == dict.fromkeys(FAULTS, (RUNGS[path],))
    assert after == {**dict.fromkeys(FAULTS, ()), "429": (RUNGS[path],)}, "it named a time to wait"


@pytest.mark.parametrize("path", RUNGS)
async def test_a_dead_service_costs_its_time_out_twice_and_then_no_more(
    house: House, path: str
) -> None:
    house.fail(path, "slow first byte")
    before = house.providers.asked[path]
    rungs = [(await house.ask()).rungs for _ in range(6)]
    assert rungs == [(RUNGS[path],)] * 6
    assert house.providers.asked[path] == before + 2
    standing = {breaker.name: breaker.state for breaker in house.app.breakers.all}
    assert list(standing.values()).count(State.OPEN) == 1, standing


@pytest.mark.parametrize("service", ["cohere", "openrouter"])
async def test_a_service_where_nobody_listens_costs_its_rungs(
    stack: AsyncExitStack, database: Postgres, tmp_path: Path, service: str
) -> None:
    house = await built(stack, database, tmp_path, elsewhere={service: NOBODY})
    cohere = (Rung.BM25_ONLY, Rung.NO_RERANK)
    assert (await house.ask()).rungs == (cohere if service == "cohere" else (Rung.QUOTES_ONLY,))


@pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate")
@pytest.mark.parametrize("service", ["cohere", "openrouter"])
async def test_a_certificate_that_nobody_vouches_for_costs_its_rungs(
    stack: AsyncExitStack, database: Postgres, tmp_path: Path, service: str
) -> None:
    certificate, key = make_certificate(tmp_path, "localhost")
    port = await stack.enter_async_context(serving_tls(certificate, key, "{}"))
    house = await built(stack, database, tmp_path, elsewhere={service: f"https://localhost:{port}"})
    cohere = (Rung.BM25_ONLY, Rung.NO_RERANK)
    assert (await house.ask()).rungs == (cohere if service == "cohere" else (Rung.QUOTES_ONLY,))


async def test_with_all_but_the_index_away_the_docs_are_still_quoted(house: House) -> None:
    house.providers.fault = lambda _: "500"
    answer = await house.ask()
    assert answer.status is AnswerStatus.QUOTED
    assert answer.rungs == (Rung.BM25_ONLY, Rung.NO_RERANK, Rung.QUOTES_ONLY)


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(delay=3600.0),
        Trouble(status=503),
        Trouble(disconnect=True),
        Trouble(status=429, headers={"Retry-After": "1"}),
        Trouble(status=401),
    ],
    ids=["slow", "failing", "broken off", "limited", "denied"],
)
async def test_a_question_waits_for_the_index_and_is_answered_once_it_is_back(
    brisk: House, trouble: Trouble
) -> None:
    async with brisk.at_work() as dispatcher:
        brisk.qdrant.trouble = trouble
        await dispatcher.submit(brisk.question())
        await until(lambda: bool(brisk.reader.read))
        assert "I keep your question" in brisk.reader.read[0]
        brisk.qdrant.trouble = None
        async with asyncio.timeout(30):
            while await brisk.ends() != ["finished"]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
    assert brisk.reader.statuses == [AnswerStatus.REFUSED, AnswerStatus.ANSWERED]


async def test_an_index_that_hangs_costs_its_time_out_twice_and_then_no_more(house: House) -> None:
    house.qdrant.trouble = Trouble(delay=3600.0)
    before = len(house.qdrant.requests)
    async with house.at_work() as dispatcher, asyncio.timeout(60):
        for _ in range(6):
            await dispatcher.submit(house.question())
            told = len(house.reader.read) + 1
            await until(lambda told=told: len(house.reader.read) >= told)  # type: ignore[misc]
        asked = len(house.qdrant.requests) - before
        house.qdrant.trouble = None
    assert asked <= 4, "each of six questions was tried several times"


async def test_an_index_of_another_dimension_is_searched_by_words(house: House) -> None:
    body = b'{"status": {"error": "Wrong input: Vector dimension error: expected dim: 8, got 256"}}'
    house.qdrant.trouble = Trouble(400, body, of="/points/query/batch", holding=b'"dense"')

    assert (await house.ask()).rungs == (Rung.BM25_ONLY,)


@pytest.mark.parametrize("dimensions", [8, 512])
async def test_an_index_that_somebody_made_otherwise_is_told_with_its_reason(
    house: House, dimensions: int
) -> None:
    collection = house.app.collection
    vectors = {"dense": {"size": dimensions, "distance": "Cosine"}}
    sparse = {"sparse": {"modifier": "idf"}}
    house.qdrant._collections.drop(collection, {})
    house.qdrant._collections.create(collection, {"vectors": vectors, "sparse_vectors": sparse})
    async with house.at_work() as dispatcher:
        await dispatcher.submit(house.question())
        await until(lambda: bool(house.reader.read))
    assert "Sorry" in house.reader.read[0]
    assert "Qdrant" in house.reader.read[0] or "Vector index" in house.reader.read[0]


async def test_an_empty_index_is_told_and_the_question_answered_once_it_is_rebuilt(
    house: House,
) -> None:
    house.qdrant._collections.drop(house.app.collection, {})
    async with house.at_work() as dispatcher:
        await dispatcher.submit(house.question())
        await until(lambda: bool(house.reader.read))
        assert "holds nothing of the" in house.reader.read[0]
        await house.app.sync(None, lambda _: None)
        async with asyncio.timeout(30):
            while await house.ends() != ["finished"]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
    assert house.reader.statuses[-1] is AnswerStatus.ANSWERED
