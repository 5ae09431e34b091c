"""The API keeps to its own description, whatever it is sent.

`make test-full` sends thousands of cases.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.access.keys import ApiKeys, Permission
from core.backends.postgres import open_postgres
from tests.support.web_server import open_web

FULL = "DOCENT_FULL" in os.environ
EXAMPLES = 300 if FULL else 8
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


class Server(threading.Thread):
    """The API on a loop of its own: who asks it here waits for each reply."""

    def __init__(self, dsn: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self._dsn = dsn
        self._folder = folder
        self.up = threading.Event()
        self.url = self.key = ""
        self._ask_to_end: Any = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._ask_to_end = lambda: loop.call_soon_threadsafe(stop.set)
        async with (
            open_postgres(self._dsn) as database,
            open_web(database, self._folder) as server,
        ):
            self.url = server.url
            _, self.key = await ApiKeys(database).create("contract", [Permission.ADMIN])
            self.up.set()
            await stop.wait()

    def end(self) -> None:
        self._ask_to_end()
        self.join(100)


@pytest.fixture
def api(database_dsn: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(database_dsn, tmp_path)
    server.start()
    assert server.up.wait(60)
    yield server
    server.end()


@pytest.mark.timeout(3600)
def test_no_route_fails_or_replies_otherwise_than_described(
    api: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    replies: Counter[int] = Counter()
    described: Any = schemathesis.openapi.from_url(f"{api.url}/api/v1/openapi.json")
    for found in described.get_all_operations():

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=not FULL,
            suppress_health_check=list(HealthCheck),
        )
        @given(found.ok().as_strategy())
        def keeps_to_it(case: Any) -> None:
            bearer = {"Authorization": f"Bearer {api.key}"}
            reply = case.call_and_validate(checks=CHECKS, headers=bearer, timeout=60)
            replies[reply.status_code] += 1

        keeps_to_it()
    assert replies.keys() >= {200, 204, 404, 422} or not FULL
    with capsys.disabled():
        print(f"\n{replies.total()} cases kept to the description: {dict(replies)}")  # noqa: T201 - the figures
