"""How long a key is believed without a look at the database."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest

from adapters.web.gatekeeper import Gatekeeper
from adapters.web.principals import Principal
from adapters.web.problems import Problem
from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from core.ports import Queries, Row
from tests.support.faulty_database import FaultyDatabase

DAY = 86_400.0


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("probing", "seconds"), [(False, 10.0), (True, DAY)])
async def test_a_key_that_was_revoked_is_let_in_for_so_long_at_most(
    database: Postgres, probing: bool, seconds: float
) -> None:
    keys, clock = ApiKeys(database), Clock()
    gatekeeper = Gatekeeper(keys, required=True, clock=clock)
    made, text = await keys.create("short", [Permission.READ])
    await gatekeeper.admit(f"Bearer {text}", probing=probing)
    await keys.revoke(made.id)
    clock.now += seconds - 0.1
    await gatekeeper.admit(f"Bearer {text}", probing=probing)
    clock.now += 0.1
    with pytest.raises(Problem, match="not accepted"):
        await gatekeeper.admit(f"Bearer {text}", probing=probing)


async def test_a_key_that_is_known_to_be_revoked_opens_nothing_more(database: Postgres) -> None:
    keys, clock = ApiKeys(database), Clock()
    gatekeeper = Gatekeeper(keys, required=True, clock=clock)
    made, text = await keys.create("short", [Permission.READ])
    await gatekeeper.admit(f"Bearer {text}", probing=True)
    await keys.revoke(made.id)
    clock.now += 10.0
    for probing in (False, True):
        with pytest.raises(Problem, match="not accepted"):
            await gatekeeper.admit(f"Bearer {text}", probing=probing)


async def test_who_probes_with_a_key_costs_one_look_and_who_guesses_one_each_time(
    database: Postgres,
) -> None:
    counted, clock = FaultyDatabase(database), Clock()
    gatekeeper = Gatekeeper(ApiKeys(counted), required=True, clock=clock)
    _, text = await ApiKeys(database).create("prometheus", [Permission.READ])
    for _ in range(5):
        await gatekeeper.admit(f"Bearer {text}", probing=True)
        clock.now += 60.0
    assert len(counted.statements) == 1
    for _ in range(2):
        with pytest.raises(Problem, match="not accepted"):
            await gatekeeper.admit(f"Bearer {text[:-2]}xx", probing=True)
        clock.now += 60.0
    assert len(counted.statements) == 3


@dataclass
class Looks:
    """Counts how many look at the database at once."""

    database: Postgres
    now: int = 0
    most: int = 0

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self.database.fetch(sql, *args)
        finally:
            self.now -= 1

    async def execute(self, sql: str, *args: object) -> int:
        return await self.database.execute(sql, *args)

    def transaction(self) -> AbstractAsyncContextManager[Queries]:
        return self.database.transaction()


async def test_who_guesses_many_keys_has_them_looked_up_one_by_one_and_locks_nobody_out(
    database: Postgres,
) -> None:
    looks = Looks(database)
    gatekeeper = Gatekeeper(ApiKeys(looks), required=True, clock=Clock())
    _, good = await ApiKeys(database).create("portal", [Permission.ASK])

    async def guess(n: int, address: str = "proxy") -> int:
        with pytest.raises(Problem) as refused:
            await gatekeeper.admit(f"Bearer {good[:-3]}{n:03}", address=address)
        return refused.value.status

    assert {await guess(n) for n in range(60)} == {401}
    *refused, admitted = await asyncio.gather(
        *(guess(n) for n in range(60, 80)), gatekeeper.admit(f"Bearer {good}", address="proxy")
    )
    assert set(refused) == {401}
    assert isinstance(admitted, Principal)
    assert looks.most == 1
    await asyncio.gather(*(guess(n, "another") for n in range(80, 90)))
    assert looks.most > 1


async def test_guesses_push_no_key_out_of_memory(database: Postgres) -> None:
    counted = FaultyDatabase(database)
    gatekeeper = Gatekeeper(ApiKeys(counted), required=True, clock=Clock())
    _, good = await ApiKeys(database).create("portal", [Permission.ASK])
    await gatekeeper.admit(f"Bearer {good}")
    for n in range(1_001):
        with pytest.raises(Problem, match="not accepted"):
            await gatekeeper.admit(f"Bearer {good[:-4]}{n:04}", address=str(n))
    before = len(counted.statements)
    await gatekeeper.admit(f"Bearer {good}")
    assert len(counted.statements) == before
