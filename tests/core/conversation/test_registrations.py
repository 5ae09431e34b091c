from core.backends.postgres import Postgres
from core.conversation.registrations import Registrations


async def test_what_was_registered_last_is_remembered_by_platform_and_name(
    database: Postgres,
) -> None:
    registrations = Registrations(database)
    assert await registrations.fingerprint("discord", "commands") is None
    await registrations.record("discord", "commands", "aa")
    await registrations.record("discord", "commands", "bb")
    await registrations.record("slack", "commands", "cc")
    assert await registrations.fingerprint("discord", "commands") == "bb"


async def test_of_several_processes_one_claims_what_is_new(database: Postgres) -> None:
    registrations = Registrations(database)
    assert await registrations.claim("digest", "slack:C1", "monday")
    assert not await registrations.claim("digest", "slack:C1", "monday")
    assert await registrations.claim("digest", "slack:C2", "monday")
    assert await registrations.claim("digest", "slack:C1", "tuesday")
