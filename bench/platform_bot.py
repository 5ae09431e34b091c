"""The bot on a platform's stand-in, in a process of its own: `python -m bench.platform_bot CONFIG`.

It is put together as `docent run` does it, but that it may be told to know no rate limits: what
one workspace may ask of Slack, or one bot of Discord, is less than what is to be measured. It
prints where it listens once it does. Each line of its input ends a stretch of time, of which it
prints what it took; it ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time

from adapters.discord.api import open_discord_api
from adapters.discord.app import open_discord
from adapters.discord.credentials import DiscordCredentials
from adapters.discord.mapping import PLATFORM as DISCORD
from adapters.discord.pacing import Pacing as DiscordPacing
from adapters.discord.policy import DiscordPolicy
from adapters.discord.responder import DiscordResponder
from adapters.slack.api import open_slack_api
from adapters.slack.app import Transport, open_slack
from adapters.slack.manifest import EVENTS_PATH
from adapters.slack.mapping import PLATFORM as SLACK
from adapters.slack.pacing import CALLS_A_MINUTE
from adapters.slack.pacing import Pacing as SlackPacing
from adapters.slack.responder import SlackResponder
from bench.docent_pipeline import settings_for
from bench.measures import (
    SYSTEM_UNDER_TEST,
    Percentiles,
    loop_lag,
    on_core,
    percentiles,
    resident_mb,
)
from bot.app import open_app
from bot.loop import quickest_loop
from bot.memory import settle
from bot.parts import App
from bot.server import Front
from core.conversation.archive import Archive
from core.conversation.cursors import Cursors
from core.conversation.presence import Presence

UNLIMITED = 1_000_000


@dataclass(frozen=True, slots=True)
class Config:
    """What a bot is started with. `platform` is `slack`, `slack-http` or `discord`."""

    platform: str
    api_url: str
    token: str
    app_token: str = ""
    signing_secret: str = ""
    services: dict[str, str] = field(default_factory=dict)
    docs: str = ""
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stretch of time took: the loop's lag, processor time a second, memory."""

    lag_ms: Percentiles
    cpu_share: float
    memory_mb: float


@asynccontextmanager
async def on_slack(app: App, config: Config) -> AsyncIterator[str]:
    """Answers in Slack; where it takes requests, if it does."""
    http = config.platform == "slack-http"
    lifted = SlackPacing(posting_interval=0.0, a_minute=dict.fromkeys(CALLS_A_MINUTE, UNLIMITED))
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        api = await enter(
            open_slack_api(
                config.token, base_url=config.api_url, pacing=None if config.limited else lifted
            )
        )
        archive = Archive(app.database)
        responder = SlackResponder(api, app.postings, archive)
        dispatcher = await enter(app.dispatcher({SLACK: responder}, limits=app.limits))
        asgi = await enter(
            open_slack(
                api,
                dispatcher,
                Presence(app.database),
                Cursors(app.database),
                archive,
                transport=Transport(None if http else config.app_token, config.signing_secret),
            )
        )
        await dispatcher.resume()
        if asgi is None:
            yield ""
        else:
            address = await enter(Front("127.0.0.1", 0).mount(EVENTS_PATH, asgi))
            yield f"{address}{EVENTS_PATH}"


@asynccontextmanager
async def on_discord(app: App, config: Config) -> AsyncIterator[str]:
    """Answers in Discord."""
    lifted = DiscordPacing(a_second=UNLIMITED, at_once=1000)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        api = await enter(
            open_discord_api(
                DiscordCredentials(config.token, config.api_url),
                pacing=None if config.limited else lifted,
            )
        )
        archive = Archive(app.database)
        responder = DiscordResponder(api, app.postings, archive)
        dispatcher = await enter(app.dispatcher({DISCORD: responder}, limits=app.limits))
        await enter(
            open_discord(
                api,
                dispatcher,
                Presence(app.database),
                Cursors(app.database),
                archive,
                policy=DiscordPolicy(),
            )
        )
        await dispatcher.resume()
        yield ""


def on_platform(app: App, config: Config) -> AbstractAsyncContextManager[str]:
    """The adapter that is asked for."""
    return (on_discord if config.platform == "discord" else on_slack)(app, config)


async def serve(config: Config) -> None:
    """Until the input ends."""
    settings = settings_for(config.services, Path(config.docs))
    async with open_app(settings) as app:
        report = await app.syncer.sync(app.sources)
        assert not report.failed
        async with on_platform(app, config) as address:
            settle()
            print(json.dumps(address), flush=True)
            while await _stretch():
                pass


async def _stretch() -> bool:
    """Prints what the time until the next line of input took; False when there is none."""
    began, cpu = perf_counter(), process_time()
    async with loop_lag() as lag:
        line = await asyncio.to_thread(sys.stdin.readline)
    seconds, cpu = perf_counter() - began, process_time() - cpu
    if line:
        stretch = Stretch(percentiles(lag), cpu / seconds, resident_mb())
        print(json.dumps(asdict(stretch)), flush=True)
    return bool(line)


if __name__ == "__main__":
    on_core(SYSTEM_UNDER_TEST)
    with asyncio.Runner(loop_factory=quickest_loop()) as runner:
        runner.run(serve(Config(**json.loads(sys.argv[1]))))
