"""How long a key is believed without a look at the database."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from adapters.web.gatekeeper import Gatekeeper
from adapters.web.problems import Problem
from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
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


async def test_guesses_from_an_address_are_bounded_and_keys_that_were_good_are_none(
    database: Postgres,
) -> None:
    counted, clock = FaultyDatabase(database), Clock()
    gatekeeper = Gatekeeper(ApiKeys(counted), required=True, clock=clock)
    _, good = await ApiKeys(database).create("portal", [Permission.ASK])
    await gatekeeper.admit(f"Bearer {good}", address="proxy")
    refused = []
    for n in range(70):
        with pytest.raises(Problem) as problem:
            await gatekeeper.admit(f"Bearer {good[:-3]}{n:03}", address="proxy")
        refused.append(problem.value.status)
    assert refused == [401] * 60 + [429] * 10
    assert len(counted.statements) == 61
    clock.now += 20.0
    await gatekeeper.admit(f"Bearer {good}", address="proxy")
    with pytest.raises(Problem, match="not accepted"):
        await gatekeeper.admit(f"Bearer {good[:-3]}xxx", address="another")
    clock.now += 60.0
    with pytest.raises(Problem, match="not accepted"):
        await gatekeeper.admit(f"Bearer {good[:-3]}yyy", address="proxy")


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
