"""The stand-in Discord refuses, limits and hides what Discord does."""

from __future__ import annotations

import asyncio
import io
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from tests.support import discord_schemas
from tests.support.desk import until
from tests.support.discord_client import pointed_at, running
from tests.support.discord_events import MESSAGE_CONTENT
from tests.support.discord_faults import Fault, Window
from tests.support.discord_interactions import Interaction
from tests.support.discord_server import ADMIN, ALICE, BOB, GUILD, DiscordGuild, open_discord

COMMANDS = [
    {"name": "ask", "description": "Ask", "options": [], "contexts": [0]},
    {"name": "sync", "description": "Sync", "default_member_permissions": 32},
]


@pytest.fixture
async def server() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


@pytest.fixture
async def client(server: DiscordGuild) -> AsyncIterator[discord.Client]:
    """One that is logged in and not connected."""
    client = discord.Client(intents=discord.Intents.none())
    with pointed_at(server.api_url, server.gateway_url):
        await client.login(server.token)
        yield client
        await client.close()


@pytest.fixture
async def http(server: DiscordGuild) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def send(
    server: DiscordGuild, http: aiohttp.ClientSession, **body: Any
) -> tuple[int, dict[str, Any]]:
    url = f"{server.api_url}/channels/{server.general}/messages"
    async with http.post(url, json=body) as response:
        return response.status, await response.json()


async def identify(
    server: DiscordGuild, http: aiohttp.ClientSession, query: str = "", **more: Any
) -> aiohttp.ClientWebSocketResponse:
    socket = await http.ws_connect(f"{server.gateway_url}?v=10&encoding=json{query}")
    data = {"token": server.token, "intents": 1 << 9 | 1, "properties": {}} | more
    await socket.send_json({"op": 2, "d": data})
    return socket


BUTTON = {"type": 2, "style": 1, "label": "More", "custom_id": "more"}
TEXT = {"type": 10, "content": "a" * 1000}
BOX = {"type": 17, "components": [{"type": 14}] * 10}


@pytest.mark.skipif(bool(discord_schemas.MISSING), reason=discord_schemas.MISSING)
@pytest.mark.parametrize(
    "body",
    [
        {"content": "a" * 4001},
        {"content": 7},
        {"nonce": "n" * 26, "content": "a"},
        {"embeds": [{"title": "a" * 257}]},
        {"components": [{"type": 1, "components": [BUTTON | {"custom_id": "c" * 101}]}]},
        {"components": [{"type": 1, "components": [BUTTON] * 6}]},
        {"content": "a", "allowed_mentions": {"parse": ["all"]}},
        {"content": "a", "message_reference": {"message_id": "not a snowflake"}},
    ],
)
async def test_what_discord_does_not_describe_is_refused_and_noted(
    server: DiscordGuild, http: aiohttp.ClientSession, body: dict[str, Any]
) -> None:
    status, said = await send(server, http, **body)
    assert (status, said["code"]) == (400, 50035)
    [violation] = server.rest.violations
    assert violation.startswith("create_message: ")
    server.rest.violations.clear()


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        ({"content": "a" * 2001}, 50035, "BASE_TYPE_MAX_LENGTH"),
        ({"content": ""}, 50006, ""),
        ({"embeds": [{"description": "a" * 3001}] * 2}, 50035, "MAX_EMBED_SIZE_EXCEEDED"),
        ({"components": [{"type": 1, "components": [BUTTON] * 2}]}, 50035, "DUPLICATED"),
        ({"components": [TEXT]}, 50035, "UNION_TYPE_CHOICES"),
        ({"components": [TEXT], "content": "a", "flags": 1 << 15}, 50035, "LEGACY_FIELDS"),
        ({"components": [TEXT] * 5, "flags": 1 << 15}, 50035, "TEXT_SIZE_EXCEEDED"),
        ({"components": [BOX] * 4, "flags": 1 << 15}, 50035, "TOTAL_COMPONENTS"),
        ({"content": "a", "message_reference": {"message_id": "1"}}, 50035, "UNKNOWN_MESSAGE"),
    ],
)
async def test_what_is_too_much_for_discord_is_refused(
    server: DiscordGuild,
    http: aiohttp.ClientSession,
    body: dict[str, Any],
    code: int,
    error: str,
) -> None:
    status, said = await send(server, http, **body)
    assert (status, said["code"]) == (400, code)
    assert error in json.dumps(said)
    assert server.messages(server.general) == []


async def test_a_layout_cannot_become_a_plain_message_again(
    server: DiscordGuild, client: discord.Client
) -> None:
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.Container(discord.ui.TextDisplay("Hello")))
    sent = await client.get_partial_messageable(int(server.general)).send(view=layout)
    with pytest.raises(discord.HTTPException, match="IS_COMPONENTS_V2"):
        await sent.edit(content="Plain")
    assert server.discord.message(str(sent.id)).shown == "Hello"


async def test_who_is_notified_is_what_the_sender_allowed(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    text = f"@everyone <@{ALICE}> <@{BOB}>"
    await send(server, http, content=text)
    for people in ([], [ALICE]):
        await send(server, http, content=text, allowed_mentions={"users": people})
    pinged = [message.pinged for message in server.answers(server.general)]
    assert pinged == [{"everyone", ALICE, BOB}, set(), {ALICE}]


async def test_history_is_read_a_page_at_a_time_the_latest_first(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    ids = [await server.dm(ALICE, str(n)) for n in range(5)]
    url = f"{server.api_url}/channels/{server.direct(ALICE)}/messages"

    async def read(**query: str) -> str:
        async with http.get(url, params={"limit": "2"} | query) as response:
            return "".join(message["content"] for message in await response.json())

    assert await read() == "43"
    assert await read(before=ids[2]) == "10"
    assert await read(after=ids[1]) == "32"
    assert await read(around=ids[2], limit="3") == "321"


async def test_what_the_portal_does_not_allow_to_read_is_empty_in_history_too(
    server: DiscordGuild, client: discord.Client
) -> None:
    await server.say(server.general, "hidden")
    await server.mention(server.general, "seen")
    server.discord.enabled &= ~MESSAGE_CONTENT
    channel = client.get_partial_messageable(int(server.general))
    found = [message.content async for message in channel.history(limit=5)]
    assert found == [f"<@{server.bot}> seen", ""]


async def test_without_the_right_to_read_there_is_no_history_and_no_reply(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    asked = await server.mention(server.general, "?")
    server.deny(server.general, "READ_MESSAGE_HISTORY")
    async with http.get(f"{server.api_url}/channels/{server.general}/messages") as response:
        assert await response.json() == []
    _, said = await send(server, http, content="a", message_reference={"message_id": asked})
    assert said["code"] == 160002


async def test_the_global_limit_is_for_all_channels(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    server.rates.everywhere = Window(2, 60.0)
    replies = [await send(server, http, content=str(n)) for n in range(3)]
    assert [status for status, _ in replies] == [200, 200, 429]
    assert replies[2][1]["global"] is True


async def test_every_answer_tells_what_is_left(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    server.rates.limit("create_message", 2, 60)
    url = f"{server.api_url}/channels/{server.general}/messages"
    told = []
    for _ in range(3):
        async with http.post(url, json={"content": "a"}) as response:
            told.append((response.status, response.headers))
    assert [status for status, _ in told] == [200, 200, 429]
    assert [each["X-RateLimit-Remaining"] for _, each in told] == ["1", "0", "0"]
    assert len({each["X-RateLimit-Bucket"] for _, each in told}) == 1
    last = told[2][1]
    assert 0 < float(last["X-RateLimit-Reset-After"]) <= int(last["Retry-After"]) <= 60
    assert last["X-RateLimit-Scope"] == "user"


async def test_an_answer_that_was_given_and_came_late(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    server.faults.add(Fault("create_message", applied=True, delay=30))
    sending = asyncio.create_task(send(server, http, content="hello"))
    await server.answered(server.general)
    assert not sending.done()
    sending.cancel()


async def test_a_page_of_a_proxy_is_no_json(server: DiscordGuild, client: discord.Client) -> None:
    server.faults.add(Fault("create_message", status=503))
    with pytest.raises(discord.DiscordServerError):
        await client.get_partial_messageable(int(server.general)).send("hello")


async def test_a_file_is_posted_with_its_message(
    server: DiscordGuild, client: discord.Client
) -> None:
    file = discord.File(io.BytesIO(b"hello"), "hello.txt")
    await client.get_partial_messageable(int(server.general)).send("See", file=file)
    [message] = server.answers(server.general)
    assert message.attachments[0]["filename"] == "hello.txt"


async def test_an_attachment_of_a_person_can_be_read(
    server: DiscordGuild, client: discord.Client
) -> None:
    asked = await server.dm(ALICE, "see", files=[server.upload("a.txt", b"content")])
    channel = client.get_partial_messageable(int(server.direct(ALICE)))
    message = await channel.fetch_message(int(asked))
    assert await message.attachments[0].read() == b"content"


async def test_a_command_is_offered_where_and_to_whom_it_is_for(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    url = f"{server.api_url}/applications/{server.discord.application}/commands"
    async with http.put(url, json=COMMANDS) as response:
        ids = {each["id"] for each in await response.json()}
    async with http.put(url, json=COMMANDS):
        pass
    async with http.get(url) as response:
        assert {each["id"] for each in await response.json()} == ids
    with pytest.raises(AssertionError, match="no command 'ask'"):
        await server.command("ask", channel=server.direct(ALICE))
    with pytest.raises(AssertionError, match="does not offer"):
        await server.command("sync", user=ALICE)
    await server.command("sync", user=ALICE, overridden=True, seconds=0)
    assert (await server.command("sync", user=ADMIN, seconds=0)).response is None


async def respond(
    server: DiscordGuild, http: aiohttp.ClientSession, interaction: Interaction, **body: Any
) -> int:
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    async with http.post(server.api_url + path, json=body) as response:
        return 0 if response.status == 204 else int((await response.json())["code"])


@pytest.fixture
async def asked(server: DiscordGuild, http: aiohttp.ClientSession) -> Interaction:
    """A command that nothing has responded to."""
    url = f"{server.api_url}/applications/{server.discord.application}/commands"
    async with http.put(url, json=COMMANDS):
        return await server.command("ask", seconds=0)


async def test_an_interaction_is_responded_to_once_and_within_three_seconds(
    server: DiscordGuild, http: aiohttp.ClientSession, asked: Interaction
) -> None:
    again = await server.command("ask", seconds=0)
    assert await respond(server, http, asked, type=5, data={"flags": 64}) == 0
    assert await respond(server, http, asked, type=5) == 40060
    server.advance(3.1)
    assert await respond(server, http, again, type=5) == 10062


async def test_the_first_further_message_takes_the_place_of_a_deferral(
    server: DiscordGuild, http: aiohttp.ClientSession, asked: Interaction
) -> None:
    await respond(server, http, asked, type=5, data={"flags": 64})
    assert (asked.shown, [m.loading for m in server.whispers()]) == ("", [True])
    url = f"{server.api_url}/webhooks/{server.discord.application}/{asked.token}"
    for text in ("one", "two"):
        async with http.post(url, json={"content": text}):
            pass
    assert [m.content for m in asked.messages] == ["one", "two"]
    assert [m.content for m in server.whispers()] == ["one"]
    async with http.delete(f"{url}/messages/@original") as response:
        assert response.status == 204
    assert asked.shown == "two"


async def test_what_one_person_sees_is_no_message_of_the_channel(
    server: DiscordGuild, http: aiohttp.ClientSession, asked: Interaction
) -> None:
    await respond(server, http, asked, type=4, data={"content": "psst", "flags": 64})
    [whisper] = server.whispers()
    url = f"{server.api_url}/channels/{server.general}/messages/{whisper.id}"
    async with http.patch(url, json={"content": "no"}) as response:
        assert (await response.json())["code"] == 10008
    assert server.messages(server.general) == []


async def test_a_form_is_filled_in_and_comes_back(
    server: DiscordGuild, http: aiohttp.ClientSession, asked: Interaction
) -> None:
    field = {"type": 4, "custom_id": "why", "style": 1, "label": "Why?"}
    form = {"custom_id": "form", "title": "Why", "components": [{"type": 1, "components": [field]}]}
    assert await respond(server, http, asked, type=9, data=form) == 0
    sent = await server.submit(asked, {"why": "because"}, seconds=0)
    assert sent.data["components"][0]["components"][0]["value"] == "because"


async def test_a_press_changes_the_message_that_carries_the_button(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    _, sent = await send(
        server, http, content="a", components=[{"type": 1, "components": [BUTTON]}]
    )
    pressed = await server.press(sent["id"], "more", seconds=0)
    await respond(server, http, pressed, type=7, data={"content": "b", "components": []})
    assert server.discord.message(sent["id"]).versions == ["a", "b"]
    with pytest.raises(AssertionError, match="no component"):
        await server.press(sent["id"], "more")


@pytest.mark.parametrize("query", ["", "&compress=zlib-stream"])
async def test_events_have_numbers_and_come_compressed_when_asked(
    server: DiscordGuild, http: aiohttp.ClientSession, query: str
) -> None:
    socket = await identify(server, http, query)
    inflating = zlib.decompressobj()
    events = []
    for _ in range(3):
        received = await socket.receive()
        raw = received.data if not query else inflating.decompress(received.data)
        events.append(json.loads(raw))
    assert [(e["op"], e["t"], e["s"]) for e in events] == [
        (10, None, None),
        (0, "READY", 1),
        (0, "GUILD_CREATE", 2),
    ]
    await socket.close(code=1000)
    await server.until(lambda: not server.gateway.sessions)


@pytest.mark.parametrize(
    ("told", "code"),
    [({"token": "wrong"}, 4004), ({"intents": 1 << 15}, 4014), ({"shard": [2, 2]}, 4010)],
)
async def test_a_session_that_may_not_begin_is_closed_with_its_reason(
    server: DiscordGuild, http: aiohttp.ClientSession, told: dict[str, Any], code: int
) -> None:
    server.discord.enabled = 0
    socket = await identify(server, http, **told)
    assert (await socket.receive_json())["op"] == 10
    assert (await socket.receive()).data == code


async def test_no_more_sessions_begin_in_a_day_than_discord_lets(
    server: DiscordGuild, http: aiohttp.ClientSession
) -> None:
    server.gateway.starts = 1
    await identify(server, http)
    await server.connected()
    async with http.get(f"{server.api_url}/gateway/bot") as response:
        assert (await response.json())["session_start_limit"]["remaining"] == 0
    socket = await identify(server, http)
    assert (await socket.receive_json())["op"] == 10
    assert (await socket.receive()).data == 4004


class Sharded(discord.AutoShardedClient):
    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Between one shard and the next there is no waiting."""


async def known(client: discord.Client, channel: str) -> object:
    """The channel, once its server was told of: a client may count as ready before that."""
    await until(lambda: client.get_channel(int(channel)) is not None)
    return client.get_channel(int(channel))


async def test_each_shard_gets_its_own(server: DiscordGuild) -> None:
    heard: list[int] = []
    other = server.add_guild(str(int(GUILD) + (1 << 22)), "Another")
    there = server.add_channel("there", guild=other)
    intents = discord.Intents(guilds=True, messages=True)
    client = Sharded(intents=intents, shard_count=2, guild_ready_timeout=0.05)

    @client.event
    async def on_message(message: discord.Message) -> None:
        heard.append(-1 if message.guild is None else message.guild.shard_id)
        server.discord.touch()

    async with running(client, server):
        await server.until(lambda: len(server.gateway.live) == 2)
        for channel in (there, server.general, server.direct(ALICE)):
            await server.mention(channel, "?")
        await server.until(lambda: len(heard) == 3)
    assert sorted(heard) == [-1, 0, 1]


async def test_a_session_that_expired_is_begun_anew(server: DiscordGuild) -> None:
    client = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
    async with running(client, server):
        server.drop_gateway()
        server.gateway.forget()
        await server.until(lambda: server.gateway.identifies == 2)
    assert server.gateway.resumed == 0


async def test_open_threads_come_with_the_server_and_others_are_in_the_archive(
    server: DiscordGuild,
) -> None:
    posts = [await server.post(title, "?") for title in ("open", "closed")]
    await server.archive(posts[1])
    client = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
    async with running(client, server):
        forum = await known(client, server.forum)
        assert isinstance(forum, discord.ForumChannel)
        assert [thread.name for thread in forum.guild.threads] == ["open"]
        assert [thread.name for thread in await forum.guild.active_threads()] == ["open"]
        assert [thread.name async for thread in forum.archived_threads()] == ["closed"]


async def test_a_message_takes_a_thread_out_of_the_archive_and_an_edit_does_not(
    server: DiscordGuild, client: discord.Client
) -> None:
    post = await server.post("Title", "?")
    thread = client.get_partial_messageable(int(post))
    sent = await thread.send("one")
    await server.archive(post)
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="two")
    assert refused.value.code == 50083
    await thread.send("three")
    assert not server.discord.channels[post].archived


async def test_a_thread_that_begins_with_nothing_is_told_in_its_channel(
    server: DiscordGuild,
) -> None:
    client = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
    async with running(client, server):
        channel = await known(client, server.general)
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="new", type=discord.ChannelType.public_thread)
    assert [(m.type, m.content) for m in server.messages(server.general)] == [(18, "new")]
    assert server.answers(str(thread.id)) == server.answers(server.general) == []


async def test_a_client_whose_heartbeats_go_unanswered_resumes_elsewhere(
    server: DiscordGuild,
) -> None:
    server.gateway.heartbeat_seconds = 0.1
    client = discord.Client(intents=discord.Intents(guilds=True), heartbeat_timeout=1.0)
    async with running(client, server):
        await known(client, server.general)
        server.gateway.acknowledges = False
        await server.until(lambda: server.gateway.closings)
        server.gateway.acknowledges = True
        await server.until(lambda: server.gateway.resumed)
    assert server.gateway.identifies == 1
