"""`docent doctor`: opens each part by itself and tries it, so that one fault hides no other."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rich.text import Text

from adapters.slack.credentials import SlackCredentials
from bot.address import listens
from bot.app import open_database, open_embedding, open_index, read_openrouter_account
from bot.discord import discord_credentials
from bot.doctor_machine import (
    Seen,
    check_address,
    check_data_folder,
    check_instances,
    check_uploads,
    empty_uploads,
)
from bot.doctor_web import check_api, check_provider
from bot.models import is_free, provider_preferences
from bot.progress import amount
from bot.settings import Settings
from bot.slack import slack_credentials
from bot.sources import UPLOADS, configured_sources
from core.errors import (
    ConfigurationError,
    DataFolderLocked,
    DocentError,
    IndexLost,
    ServiceUnavailable,
)
from core.ingestion.corpus import CorpusStore
from core.ingestion.inspection import inspect
from core.migrations.runner import migrate
from core.ports import Source, VectorIndex

Check = Callable[[Settings], Awaitable[str | Seen]]
_T = TypeVar("_T")

log = logging.getLogger(__name__)

_MOST_NAMED = 5
"""Documents that are named before the rest is only counted."""

_ANYTHING = "Is anybody there?"
_AWAY = "Check that this machine reaches it and that it runs, and try again in a while."
_UNKNOWN = "Set DOCENT_LOG_LEVEL=debug and try again: the log says more."
_NOTHING_THERE = "Put documents there, or correct the source's place and its patterns."


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: which part, whether it is well, what was found, and what to do if it is not.

    One that is well and has advice is a warning. `in_use` says that another process has it open.
    """

    part: str
    well: bool
    found: str
    advice: str = ""
    in_use: bool = False

    def as_rich(self) -> Text:
        """`✓ Database: …`, `! Source docs: … → what to do` or `✗ Database: … → what to do`."""
        mark = ("! ", "bold yellow") if self.advice else ("✓ ", "green")
        if not self.well:
            mark = ("✗ ", "bold red")
        advice = f" → {self.advice}" if self.advice else ""
        return Text.assemble(mark, (f"{self.part}: ", "bold"), self.found, (advice, "yellow"))


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """A finding for each part, as each is tried."""
    seen: dict[str, Finding] = {}
    for part, check in _own_checks(settings).items():
        seen[part] = await _examined(part, check, settings)
        yield seen[part]
    yield await _examined_corpus(seen, settings)
    if settings.web.enabled and seen["Database"].well:
        yield await _examined("HTTP API", check_api, settings)
    if settings.web.enabled and settings.jwt.named:
        yield await _examined("Identity provider", check_provider, settings)
    if listens(settings):
        yield await _examined("Address", partial(_address, seen), settings)
    nothing_uploaded = empty_uploads(settings) is not None
    if nothing_uploaded:
        yield await _examined("Uploads", check_uploads, settings)
    for source, profile in configured_sources(settings):
        if profile.name == UPLOADS and nothing_uploaded:
            continue
        yield await _examined_source(f"Source {profile.name}", source)
    for part, check in {**_slack_checks(settings), **_discord_checks(settings)}.items():
        yield await _examined(part, check, settings)


def _own_checks(settings: Settings) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "Data folder": check_data_folder,
        "Database": _database,
        "Vector index": _index,
        "Embedding": _embedding,
        "Models": _models,
    }
    if settings.database.shared:
        checks["Instances"] = check_instances
    return checks


def _slack_checks(settings: Settings) -> dict[str, Check]:
    """None where Slack is not configured; the reason alone where it is by half."""
    try:
        credentials = slack_credentials(settings)
        if credentials is None:
            return {}
        credentials.check()
    except ConfigurationError as error:
        return {"Slack": partial(_raise, error)}
    # Slack's SDK takes half a second to import, which only a bot in Slack needs.
    from adapters.slack import checkup  # noqa: PLC0415

    checks: dict[str, Callable[[SlackCredentials], Awaitable[str]]] = {
        "Slack": checkup.check_token,
        "Slack scopes": checkup.check_scopes,
        "Slack app": checkup.check_app,
    }
    over_socket = credentials.transport == "socket"
    deliveries = checkup.check_socket_mode if over_socket else checkup.check_signed_requests
    checks["Slack deliveries"] = deliveries
    return {part: partial(_of, check, credentials) for part, check in checks.items()}


async def _of(check: Callable[[_T], Awaitable[str]], credentials: _T, _: Settings) -> str:
    return await check(credentials)


def _discord_checks(settings: Settings) -> dict[str, Check]:
    """As for Slack."""
    try:
        credentials = discord_credentials(settings)
        if credentials is None:
            return {}
        credentials.check()
    except ConfigurationError as error:
        return {"Discord": partial(_raise, error)}
    # discord.py takes a second to import, which only a bot in Discord needs.
    from adapters.discord import checkup  # noqa: PLC0415

    intents = partial(checkup.check_intents, message_content=settings.discord.message_content)
    return {
        "Discord": partial(_of, checkup.check_token, credentials),
        "Discord intents": partial(_of, intents, credentials),
        "Discord invitation": partial(_of, checkup.check_invitation, credentials),
    }


async def _raise(error: ConfigurationError, _: Settings) -> str:
    raise error


async def _examined(part: str, check: Check, settings: Settings) -> Finding:
    try:
        seen = await check(settings)
    except DataFolderLocked as error:
        said = f"{error} If that is the bot, all is well."
        return Finding(part, well=True, found=said, in_use=True)
    except Exception as error:  # noqa: BLE001 - one fault hides no other, not even one of our own
        return _fault(part, error)
    found, advice = (seen, "") if isinstance(seen, str) else seen
    return Finding(part, well=True, found=found, advice=advice)


def _fault(part: str, error: Exception) -> Finding:
    """With something to do in any case."""
    if not isinstance(error, DocentError):
        log.debug("The check of %s failed.", part, exc_info=error)
        found = f"Docent ran into a fault of its own ({type(error).__name__})."
        return Finding(part, well=False, found=found, advice=_UNKNOWN)
    otherwise = _AWAY if isinstance(error, ServiceUnavailable) else _UNKNOWN
    return Finding(part, well=False, found=str(error), advice=error.hint or otherwise)


async def _address(seen: Mapping[str, Finding], settings: Settings) -> Seen:
    embedded = settings.qdrant.url is None
    return await check_address(settings, running=seen["Vector index"].in_use if embedded else None)


async def _database(settings: Settings) -> str:
    async with open_database(settings) as database:
        await migrate(database)
        (row,) = await database.fetch("SELECT current_setting('server_version') AS version")
    where = "embedded" if settings.database.url is None else "reached"
    return f"PostgreSQL {row['version']}, {where}."


async def _index(settings: Settings) -> str:
    async with open_index(settings) as index:
        await index.count("docent-doctor", 0)
    return "Qdrant's engine, embedded." if settings.qdrant.url is None else "Qdrant, reached."


async def _examined_corpus(seen: Mapping[str, Finding], settings: Settings) -> Finding:
    """It takes both engines, which have been tried."""
    part, engines = "Indexed docs", (seen["Database"], seen["Vector index"])
    if not all(engine.well for engine in engines):
        found = "not told while a part above is not well."
        return Finding(part, well=True, found=found, advice="Correct that one first.")
    if any(engine.in_use for engine in engines):
        found = "not told while another process has the index open; `docent status` tells."
        return Finding(part, well=True, found=found)
    return await _examined(part, _indexed, settings)


async def _indexed(settings: Settings) -> str:
    """Raises IndexLost, also where only a part of the index is lost."""
    async with open_index(settings) as index, open_database(settings) as database:
        return await _held(CorpusStore(database), index)


async def _held(store: CorpusStore, index: VectorIndex) -> str:
    corpus = await store.current()
    if corpus is None:
        return "none yet; `docent sync` brings them in."
    served = await store.served(corpus.generation)
    documents = sum(part.documents for part in served.values())
    chunks = sum(part.chunks for part in served.values())
    found = await index.count(corpus.collection, corpus.generation)
    if found != chunks:
        raise IndexLost(chunks, found)
    held = f"{amount(documents, 'document')} in {amount(chunks, 'chunk')}"
    return f"{held}, generation {corpus.generation}."


async def _embedding(settings: Settings) -> str:
    async with open_embedding(settings) as embedding:
        model = embedding.embedder.model
        await embedding.embedder.embed_query(_ANYTHING)
        if embedding.reranker is not None:
            await embedding.reranker.rerank(_ANYTHING, [_ANYTHING])
    reranked = "" if embedding.reranker is None else ", with a reranker"
    return f"{model.name} with {model.dimensions} dimensions{reranked}."


async def _models(settings: Settings) -> str:
    account = await read_openrouter_account(settings)
    if account is None:
        return "none, so answers are quotes from the docs; OPENROUTER_API_KEY changes that."
    if account.unknown_models:
        names = ", ".join(account.unknown_models)
        raise ConfigurationError(
            f"OpenRouter does not know {names}.", hint="Correct OPENROUTER_MODELS."
        )
    left = "" if account.remaining is None else f", {account.remaining:.2f} dollars left"
    free = ", free models only" if account.free_tier else ""
    return f"{', '.join(settings.openrouter.models)}{left}{free}.{_privacy(settings)}"


def _privacy(settings: Settings) -> str:
    """What becomes of questions and passages, where that is not nothing at all."""
    kept, unasked = [], []
    for name in settings.openrouter.models:
        free = is_free(name)
        if provider_preferences(settings, free=free)["data_collection"] == "allow":
            kept.append(name)
        elif free:
            unasked.append(name)
    said = f" Whoever serves {', '.join(kept)} may keep what they are sent." if kept else ""
    if unasked:
        said += (
            " Most providers of free models keep what they are sent, and are not asked: "
            f"{', '.join(unasked)} may find none without OPENROUTER_FREE_DATA_COLLECTION=allow."
        )
    return said


async def _examined_source(part: str, source: Source) -> Finding:
    try:
        seen = await inspect(source)
    except Exception as error:  # noqa: BLE001 - as in `_examined`
        return _fault(part, error)
    found = f"{amount(seen.documents, 'document')} in {source.origin}"
    if not seen.documents:
        return Finding(part, well=True, found=f"{found}.", advice=_NOTHING_THERE)
    if not seen.unreadable:
        return Finding(part, well=True, found=f"{found}.")
    named = [f"{path} ({reason})" for path, reason in seen.unreadable.items()]
    more = len(named) - _MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    found = f"{found}, {len(named)} cannot be read: {', '.join(named[:_MOST_NAMED])}{rest}."
    return Finding(part, well=True, found=found, advice="Correct them, or exclude them.")
