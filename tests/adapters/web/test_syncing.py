"""Work over HTTP that outlasts its client: one sync at a time, and whoever wants follows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.exceptions import HTTPException

from adapters.chat.errands import Start, open_errands
from adapters.web.app import web_application
from adapters.web.background import waited_for
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.live import LiveAnswers
from adapters.web.middleware import Doors, counted
from adapters.web.problems import Problem
from adapters.web.syncing import SyncDesk, SyncState, as_json
from bot.settings.groups import DatabaseSettings
from bot.web_parts import web_services
from core.access.keys import ApiKeys
from core.answering.dispatcher import Dispatcher
from core.backends.postgres import Postgres
from core.errors import ServiceUnavailable, SyncRunning
from core.ingestion.corpus import CorpusStore
from core.ingestion.report import Phase, ProgressListener, SyncProgress, SyncReport, Tally
from tests.support.web_server import open_web, web_settings

HALF = SyncProgress(Phase.INDEXING, 1, 2, 3, 3, 0, 0.5)
REPORT = Tally(lambda _: None).report(
    generation=2, not_synced=(), documents=2, chunks=6, dry_run=False
)


@dataclass
class Sync:
    """Half done until `go` is set; then it ends with `fault`, if there is one."""

    fault: BaseException | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str | None] = field(default_factory=list)

    async def __call__(self, source: str | None, progress: ProgressListener) -> SyncReport:
        self.asked.append(source)
        progress(HALF)
        await self.go.wait()
        if self.fault:
            raise self.fault
        return REPORT


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with open_errands() as started:
        yield started


async def followed(desk: SyncDesk, sync: Sync) -> list[SyncState | None]:
    """Lets the sync go on once nothing has come for a while."""
    seen = []
    async for state in desk.follow(0.01):
        seen.append(state)
        if state is None:
            sync.go.set()
    return seen


async def test_who_begins_another_one_meanwhile_follows_the_first(start: Start) -> None:
    sync = Sync()
    desk = SyncDesk(sync, frozenset({"docs"}), start)
    assert desk.begin("docs")
    assert not desk.begin(None)
    seen = await followed(desk, sync)
    assert None in seen
    states = [state for state in seen if state]
    assert states[-2:] == [SyncState(running=True, progress=HALF), SyncState(report=REPORT)]
    assert sync.asked == ["docs"]
    assert as_json(desk.state)["report"]["documents"] == 2
    with pytest.raises(Problem, match="no source 'other'"):
        desk.begin("other")


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (SyncRunning("Another one runs."), 409, "Another one runs."),
        (ServiceUnavailable("Qdrant", "away", hint="Wait."), 503, "Qdrant: away Wait."),
        (ValueError("ours"), 500, "The sync broke off."),
    ],
)
async def test_a_sync_that_fails_leaves_the_reason(
    start: Start, fault: Exception, status: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    sync = Sync(fault)
    desk = SyncDesk(sync, frozenset(), start)
    desk.begin(None)
    with caplog.at_level(logging.CRITICAL):
        await followed(desk, sync)
    problem = as_json(desk.state)["problem"]
    assert (problem["status"], problem["detail"]) == (status, told)
    assert desk.begin(None)


async def test_what_takes_longer_than_its_client_waits_goes_on(start: Start) -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        await go.wait()
        done.set()
        return "done"

    assert await waited_for(start, work(), 0.01) is None
    go.set()
    await asyncio.wait_for(done.wait(), 30)
    assert await waited_for(start, work(), 5) == "done"


async def test_work_that_is_cancelled_with_the_server_is_told_so() -> None:
    async with open_errands() as start:
        waiting = asyncio.create_task(waited_for(start, asyncio.Event().wait(), 60))
        await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_who_sends_a_body_too_slowly_is_cut_off() -> None:
    async def never() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(HTTPException) as refused:
        await counted(never, 10, slowest=0.01)()
    assert refused.value.status_code == 408


async def test_an_upload_waits_for_a_sync_that_runs_elsewhere(
    database: Postgres, tmp_path: Path
) -> None:
    async with open_web(database, tmp_path) as server:
        async with server.app.store.lease("another machine"):
            files = {"file": ("tea.md", b"# Tea\n\nTea is brewed at four.\n")}
            uploading = asyncio.create_task(server.client.post("/documents", files=files))
            await asyncio.sleep(0.3)
            assert not uploading.done()
        assert (await uploading).status_code == 201


async def until(client: httpx.AsyncClient, path: str, status: int) -> None:
    async with asyncio.timeout(30):
        while (await client.get(path)).status_code != status:  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.05)


@asynccontextmanager
async def held(store: CorpusStore) -> AsyncIterator[None]:
    """The lease, in another machine's hands as soon as it is free.

    A sync whose change can be seen may still have its leftovers to clear.
    """
    async with asyncio.timeout(30), AsyncExitStack() as stack:
        while True:
            try:
                await stack.enter_async_context(store.lease("another machine"))
            except SyncRunning:
                await asyncio.sleep(0.05)
            else:
                yield
                return


async def test_while_a_sync_takes_long_elsewhere_a_change_is_accepted_and_made_later(
    database: Postgres, tmp_path: Path, start: Start
) -> None:
    files = {"file": ("tea.md", b"# Tea\n\nTea is brewed at four.\n")}
    async with open_web(database, tmp_path) as server:
        added = await server.client.post("/documents", files=files)
        path = added.headers["location"]
        gatekeeper = Gatekeeper(ApiKeys(database), required=False)
        nobody = cast("Dispatcher", None)
        whole = web_services(server.app, nobody, LiveAnswers(), gatekeeper, start)
        hasty = web_application(replace(whole, patience=0.01), Doors(local=True, upload_bytes=999))
        at = httpx.ASGITransport(hasty)
        async with httpx.AsyncClient(transport=at, base_url="http://localhost") as client:
            async with held(server.app.store):
                assert (await client.delete(path)).status_code == 202
                assert (await client.get(path)).status_code == 200
            await until(client, path, 404)
            async with held(server.app.store):
                again = await client.post("/api/v1/documents", files=files)
                assert (again.status_code, again.headers["location"]) == (202, path)
                assert (await client.get(path)).status_code == 404
            await until(client, path, 200)


async def test_several_instances_without_a_folder_in_common_take_no_uploads(
    database: Postgres, tmp_path: Path
) -> None:
    settings = web_settings(tmp_path).model_copy(update={"database": DatabaseSettings(shared=True)})
    async with open_web(database, tmp_path, settings=settings) as server:
        reply = await server.client.post("/documents", files={"file": ("tea.md", b"# Tea")})
        assert reply.status_code == 409
        assert "WEB_UPLOADS" in reply.json()["detail"]
