"""API keys: shown once, kept as a hash, of use until they are revoked or expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.access.keys import ApiKeys, Permission, is_api_key
from core.backends.postgres import Postgres


@pytest.fixture
def keys(database: Postgres) -> ApiKeys:
    return ApiKeys(database)


async def test_a_key_is_found_by_its_text_with_what_it_may_do(keys: ApiKeys) -> None:
    made, text = await keys.create("CI", [Permission.READ, Permission.ASK])
    assert is_api_key(text)
    assert await keys.find(text) == made
    assert made.permissions == {Permission.ASK, Permission.READ}
    assert made.name == "CI"


async def test_no_secret_is_kept(database: Postgres, keys: ApiKeys) -> None:
    _, text = await keys.create("CI", [Permission.ASK])
    secret = text.split("_", 2)[2]
    rows = await database.fetch(
        "SELECT k::TEXT AS line, encode(hash, 'escape') AS h FROM api_keys k"
    )
    assert secret not in str(rows)


async def test_what_is_almost_a_key_is_none(keys: ApiKeys) -> None:
    _, text = await keys.create("CI", [Permission.ASK])
    end = "A" if text[-1] != "A" else "B"
    for wrong in (text[:-1], text[:-1] + end, text + "A", text.upper(), "", "docent_", " " + text):
        assert await keys.find(wrong) is None


async def test_a_revoked_key_is_of_no_use_and_stays_on_the_list(keys: ApiKeys) -> None:
    made, text = await keys.create("CI", [Permission.ASK])
    assert await keys.any_usable()
    assert await keys.any_made()
    assert await keys.revoke(made.id)
    assert not await keys.revoke(made.id)
    assert await keys.find(text) is None
    assert not await keys.any_usable()
    assert await keys.any_made()
    (listed,) = await keys.all()
    assert listed.id == made.id
    assert listed.revoked_at is not None


async def test_a_key_that_has_expired_is_of_no_use(keys: ApiKeys) -> None:
    now = datetime.now(UTC)
    _, expired = await keys.create("old", [Permission.ASK], expires_at=now - timedelta(seconds=1))
    assert await keys.find(expired) is None
    assert not await keys.any_usable()
    _, lasting = await keys.create("new", [Permission.ASK], expires_at=now + timedelta(days=1))
    assert await keys.find(lasting)
