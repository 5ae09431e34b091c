"""What the doctor looks at of the HTTP API: who may use it.

FastAPI takes half a second to import, which only who has switched the API on pays.
"""

from __future__ import annotations

from bot.app import open_database
from bot.doctor_machine import Seen
from bot.progress import amount
from bot.settings import Settings
from core.access.keys import ApiKeys
from core.errors import ConfigurationError, ServiceError
from core.migrations.runner import migrate


async def check_api(settings: Settings) -> Seen:
    """Who may use it."""
    from bot.web_api import anybody_may, forgeable, keys_required  # noqa: PLC0415 - as said above

    async with open_database(settings) as database:
        await migrate(database)
        keys = ApiKeys(database)
        if not await keys_required(settings, keys):
            return Seen("this machine may use it, without a key.")
        if await anybody_may(settings, keys):
            advice = "Let JWT_JWKS_URL begin with https: whoever is on the way could make tokens."
            told = "who has an API key or a token may use it."
            return Seen(told, advice if forgeable(settings.jwt) else "")
    return Seen(
        "nobody may use it yet: there is no key.",
        "Create one with `docent keys create`, or set JWT_JWKS_URL.",
    )


async def check_provider(settings: Settings) -> str:
    """Whether the identity provider shows the keys that its tokens are checked with."""
    from adapters.web.jwks import open_key_set  # noqa: PLC0415 - as said above
    from bot.web_api import token_rules  # noqa: PLC0415 - as said above

    token_rules(settings.jwt)
    address = str(settings.jwt.jwks_url)
    advice = "Correct JWT_JWKS_URL, or see to it that the provider answers there."
    async with open_key_set(address) as keys:
        try:
            count = await keys.count()
        except ServiceError as error:
            error.hint = error.hint or advice
            raise
    if not count:
        raise ConfigurationError(f"{address} shows no keys: no token is good.", hint=advice)
    return f"it shows {amount(count, 'key')}."
