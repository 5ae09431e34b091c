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
