"""What the HTTP API works with, made from the app's parts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from adapters.chat.errands import Start
from adapters.web.chat import PULSE, Chat
from adapters.web.gatekeeper import Gatekeeper
from adapters.web.library import Library
from adapters.web.live import LiveAnswers
from adapters.web.rates import Rates
from adapters.web.services import Insight, Part, Services
from adapters.web.syncing import SyncDesk
from adapters.web.uploads import Uploads
from bot.app import DATABASE, INDEX, TEXTS
from bot.gaps import gaps_in
from bot.parts import App
from bot.quota import quota_of
from bot.sources import UPLOADS, chosen, uploads_folder
from bot.status import status_of
from core.answering.dispatcher import Dispatcher
from core.breakers.breaker import State
from core.conversation.archive import Archive
from core.conversation.feedback import Feedback
from core.conversation.transcripts import Transcripts
from core.errors import SyncRunning
from core.ingestion.listing import Listing
from core.ingestion.report import SyncReport

_LOOK = 2.0
"""Seconds between two looks whether another instance has answered."""

_AGAIN = 0.5
"""Seconds between two attempts to bring an upload in, while another sync runs."""

_NEEDED = frozenset({DATABASE, INDEX, TEXTS})
_STATES: Mapping[State, Literal["ok", "probing", "away"]] = {
    State.CLOSED: "ok",
    State.HALF_OPEN: "probing",
    State.OPEN: "away",
}


def web_services(
    app: App, dispatcher: Dispatcher, live: LiveAnswers, gatekeeper: Gatekeeper, start: Start
) -> Services:
    """The app's parts, as the API knows them."""
    look = _LOOK if app.settings.database.shared else PULSE
    names = frozenset(profile.name for _, profile in app.sources)
    library = Library(Listing(app.database, app.scope), app.index, app.store)
    return Services(
        chat=Chat(dispatcher, Archive(app.database), live, app.scope, look=look),
        transcripts=Transcripts(app.database),
        feedback=Feedback(app.database),
        gatekeeper=gatekeeper,
        rates=Rates(app.settings.web.requests_per_minute),
        library=library,
        uploads=_uploads(app, library),
        syncs=SyncDesk(app.sync, names, start),
        insight=Insight(partial(_status, app), partial(_quota, app), partial(_gaps, app)),
        start=start,
        parts=partial(parts, app),
        metrics=app.metrics.text,
    )


def parts(app: App) -> list[Part]:
    """How each part was found last, without asking it."""
    return [
        Part(breaker.name, _STATES[breaker.state], needed=breaker.name in _NEEDED)
        for breaker in app.breakers.all
    ]


def _uploads(app: App, library: Library) -> Uploads | None:
    folder = uploads_folder(app.settings)
    return Uploads(folder, partial(_sync_uploads, app), library) if folder else None


async def _sync_uploads(app: App) -> SyncReport:
    """Though that may remove most of them: somebody deleted them one by one."""
    while True:
        try:
            return await app.syncer.sync(chosen(app.sources, UPLOADS), allow_shrink=True)
        except SyncRunning:
            await asyncio.sleep(_AGAIN)


async def _status(app: App) -> dict[str, Any]:
    return (await status_of(app)).as_json()


async def _quota(app: App) -> dict[str, Any]:
    return (await quota_of(app.settings, app.governor)).as_json()


async def _gaps(app: App, days: int) -> dict[str, Any]:
    return (await gaps_in(app.database, days)).as_json()
