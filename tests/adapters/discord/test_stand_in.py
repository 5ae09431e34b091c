"""The stand-in Discord is one that `discord.py` talks to, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.support.discord_client import running
from tests.support.discord_faults import Fault
from tests.support.discord_server import ADMIN, ALICE, BOB, GUILD, DiscordGuild, open_discord
from tests.support.discord_state import Kind


@pytest.fixture
async def server() -> AsyncIterator[DiscordGuild]:
    async with open_discord() as opened:
        yield opened


class Button(discord.ui.View):
    """A view that outlives a restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="More", custom_id="more")
    async def more(self, interaction: discord.Interaction, _: discord.ui.Button[Button]) -> None:
        await interaction.response.send_message("More of it", ephemeral=True)


class Bot(discord.Client):
    """Keeps each message and answers those of people, with what it is told to."""

    def __init__(self, server: DiscordGuild, intents: discord.Intents | None = None) -> None:
        wanted = intents or discord.Intents(guilds=True, messages=True, message_content=True)
        nobody = discord.AllowedMentions.none()
        super().__init__(intents=wanted, allowed_mentions=nobody, guild_ready_timeout=0.05)
        self.server = server
        self.heard: list[discord.Message] = []
        self.answers = True
        self.ready = 0
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="ask", description="Ask")(self.ask)
        self.tree.context_menu(name="Explain")(self.explain)

    async def setup_hook(self) -> None:
        self.add_view(Button())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A new session after an invalid one begins without the usual wait."""

    async def on_ready(self) -> None:
        self.ready += 1
        self.server.discord.touch()

    async def on_message(self, message: discord.Message) -> None:
        spoken = message.type in {discord.MessageType.default, discord.MessageType.reply}
        if message.author == self.user or not spoken:
            return
        self.heard.append(message)
        self.server.discord.touch()
        if self.answers:
            await message.reply(f"You said: {message.content}", view=Button())

    async def ask(self, interaction: discord.Interaction, question: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content=f"About {question}")
        await interaction.followup.send("And more", ephemeral=True)

    async def explain(self, interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"It says: {message.content}")

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.heard]


@pytest.fixture
async def bot(server: DiscordGuild) -> AsyncIterator[Bot]:
    bot = Bot(server)
    async with running(bot, server):
        await server.until(lambda: bot.ready)
        yield bot


async def test_a_direct_message_is_answered_with_a_reply_that_notifies_nobody(
    server: DiscordGuild, bot: Bot
) -> None:
    asked = await server.dm(ALICE, "hello <@1000000000000000002>?")
    [answer] = await server.answered(server.direct(ALICE))
    assert answer.shown.startswith("You said: hello")
    assert answer.reference is not None
    assert answer.reference["message_id"] == asked
    assert answer.pinged == set()
    assert answer.buttons == {"more": "More"}


async def test_the_client_sees_the_server_as_it_is(server: DiscordGuild, bot: Bot) -> None:
    server.deny(server.general, "CREATE_PUBLIC_THREADS")
    await server.mention(server.general, "?")
    await server.answered(server.general)
    guild = bot.get_guild(int(GUILD))
    assert guild is not None
    channel = guild.get_channel(int(server.general))
    assert isinstance(channel, discord.TextChannel)
    allowed = channel.permissions_for(guild.me)
    assert (allowed.send_messages, allowed.create_public_threads) == (True, False)
    assert isinstance(guild.get_channel(int(server.forum)), discord.ForumChannel)


async def test_what_was_said_while_the_socket_was_gone_comes_once_and_in_order(
    server: DiscordGuild, bot: Bot
) -> None:
    bot.answers = False
    await server.say(server.general, "one")
    await server.until(lambda: bot.texts == ["one"])
    server.drop_gateway()
    for text in ("two", "three"):
        await server.say(server.general, text)
    await server.until(lambda: server.gateway.resumed == 1)
    await server.say(server.general, "four")
    await server.until(lambda: len(bot.heard) >= 4)
    assert bot.texts == ["one", "two", "three", "four"]
    assert server.gateway.identifies == 1


@pytest.mark.parametrize("how", ["asked", "invalid but resumable", "closed with 4000"])
async def test_a_client_resumes_when_it_is_told_to(
    server: DiscordGuild, bot: Bot, how: str
) -> None:
    if how == "asked":
        server.gateway.ask_to_reconnect()
    elif how == "closed with 4000":
        server.gateway.close_all(4000)
    else:
        server.gateway.invalidate(resumable=True)
    await server.until(lambda: server.gateway.resumed == 1)
    await server.dm(ALICE, "still there?")
    await server.answered(server.direct(ALICE))
    assert server.gateway.identifies == 1


async def test_an_invalid_session_begins_anew_without_what_was_missed(
    server: DiscordGuild, bot: Bot
) -> None:
    server.gateway.resumable = False
    server.drop_gateway()
    await server.dm(ALICE, "missed")
    await server.until(lambda: server.gateway.identifies == 2)
    await server.dm(ALICE, "heard")
    await server.until(lambda: bot.heard)
    assert bot.texts == ["heard"]


async def test_a_client_that_closes_ends_its_session(server: DiscordGuild) -> None:
    bot = Bot(server)
    async with running(bot, server):
        await server.until(lambda: bot.ready)
    await server.until(lambda: not server.gateway.connections)
    assert len(server.gateway.closings) == 1


async def test_without_the_intent_only_direct_messages_and_mentions_can_be_read(
    server: DiscordGuild,
) -> None:
    bot = Bot(server, discord.Intents(guilds=True, messages=True))
    bot.answers = False
    async with running(bot, server):
        await server.say(server.general, "hidden")
        await server.mention(server.general, "seen")
        await server.dm(ALICE, "seen too")
        await server.until(lambda: len(bot.heard) == 3)
    assert bot.texts == ["", f"<@{server.bot}> seen", "seen too"]


async def test_what_stands_in_the_way_of_a_start_is_told(server: DiscordGuild) -> None:
    server.discord.enabled = 0
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(Bot(server), server):
            pass
    bot = Bot(server)
    server.gateway.token = server.rest.token = "another"
    with pytest.raises(discord.LoginFailure):
        async with running(bot, server):
            pass


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_rate_limit_is_waited_for(server: DiscordGuild, bot: Bot, everywhere: bool) -> None:
    server.faults.limit("create_message", retry_after=0.05, everywhere=everywhere)
    await server.dm(ALICE, "hello?")
    [answer] = await server.answered(server.direct(ALICE))
    assert [call.status for call in server.called("create_message")] == [429, 200]
    assert answer.edits == 0


async def test_the_headers_keep_a_client_from_asking_too_much(
    server: DiscordGuild, bot: Bot
) -> None:
    server.rates.limit("create_message", 2, 0.1)
    for n in range(6):
        await server.dm(ALICE, f"question {n}")
    await server.answered(server.direct(ALICE), count=6)
    assert server.rates.refused <= 2


async def test_a_message_of_2001_characters_is_refused_and_one_of_2000_is_not(
    server: DiscordGuild, bot: Bot
) -> None:
    channel = bot.get_partial_messageable(int(server.general))
    await channel.send("a" * 2000)
    with pytest.raises(discord.HTTPException, match="2000 or fewer in length"):
        await channel.send("a" * 2001)
    assert [len(m.content) for m in server.answers(server.general)] == [2000]


async def test_the_same_nonce_posts_once(server: DiscordGuild, bot: Bot) -> None:
    channel = bot.get_partial_messageable(int(server.general))
    ids = [(await channel.send("once", nonce="turn-1")).id for _ in range(2)]
    assert ids[0] == ids[1]
    server.advance(600)
    assert (await channel.send("once more", nonce="turn-1")).id != ids[0]
    assert len(server.answers(server.general)) == 2


async def test_a_message_that_was_sent_though_its_sender_was_told_nothing(
    server: DiscordGuild, bot: Bot
) -> None:
    channel = bot.get_partial_messageable(int(server.general))
    server.faults.add(Fault("create_message", disconnect=True, applied=True))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await channel.send("hello", nonce="turn-2")
    await channel.send("hello", nonce="turn-2")
    assert [m.content for m in server.answers(server.general)] == ["hello"]


async def test_a_question_in_a_channel_gets_a_thread_once(server: DiscordGuild, bot: Bot) -> None:
    asked = await server.mention(server.general, "how?")
    await server.answered(server.general)
    channel = bot.get_channel(int(server.general))
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.get_partial_message(int(asked)).create_thread(name="how?")
    assert str(thread.id) == asked
    with pytest.raises(discord.HTTPException) as refused:
        await channel.get_partial_message(int(asked)).create_thread(name="again")
    assert refused.value.code == 160004
    bot.heard.clear()
    await server.say(asked, "and then?")
    await server.answered(asked)
    assert isinstance(bot.heard[-1].channel, discord.Thread)
    await server.archive(asked, locked=True)
    with pytest.raises(discord.Forbidden):
        await thread.send("too late")


async def test_a_post_in_a_forum_is_a_thread_with_its_question(
    server: DiscordGuild, bot: Bot
) -> None:
    post = await server.post("Title", "Question")
    await server.answered(post)
    thread = bot.heard[-1].channel
    assert isinstance(thread, discord.Thread)
    assert (thread.name, str(bot.heard[-1].id)) == ("Title", post)


async def test_missing_permissions_are_told_with_their_code(server: DiscordGuild, bot: Bot) -> None:
    channel = bot.get_partial_messageable(int(server.general))
    server.deny(server.general, "SEND_MESSAGES")
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50013
    server.deny(server.general, "VIEW_CHANNEL")
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001


async def test_a_button_is_answered_to_the_one_who_pressed_it(
    server: DiscordGuild, bot: Bot
) -> None:
    await server.mention(server.general, "how?")
    [answer] = await server.answered(server.general)
    pressed = await server.press(answer.id, "more", BOB)
    assert pressed.shown == "More of it"
    assert [m.shown for m in server.whispers(BOB)] == ["More of it"]
    assert server.whispers(ALICE) == []


async def test_a_command_is_deferred_then_answered_until_its_token_expires(
    server: DiscordGuild, bot: Bot
) -> None:
    interaction = await server.command("ask", {"question": "it"})
    await server.until(lambda: interaction.followups)
    assert interaction.shown == "About it\nAnd more"
    server.advance(15 * 60 + 1)
    with pytest.raises(discord.HTTPException) as refused:
        await discord.Webhook.partial(
            int(server.discord.application), interaction.token, client=bot
        ).send("late")
    assert refused.value.code == 50027


async def test_a_menu_command_gets_its_message(server: DiscordGuild, bot: Bot) -> None:
    bot.answers = False
    asked = await server.say(server.general, "hello")
    interaction = await server.context_menu("Explain", asked, ADMIN)
    assert interaction.shown == "It says: hello"
    assert [m.shown for m in server.answers(server.general)] == ["It says: hello"]


async def test_an_answer_after_three_seconds_is_for_an_unknown_interaction(
    server: DiscordGuild, bot: Bot
) -> None:
    server.faults.fail("create_interaction_response", 10062)
    interaction = await server.command("ask", {"question": "it"}, seconds=0.2)
    assert interaction.response is None


async def test_what_was_said_before_a_start_is_in_the_history(server: DiscordGuild) -> None:
    ids = [await server.dm(ALICE, f"question {n}") for n in range(3)]
    bot = Bot(server)
    async with running(bot, server):
        channel = bot.get_partial_messageable(int(server.direct(ALICE)))
        found = [m async for m in channel.history(after=discord.Object(int(ids[0])))]
    assert [m.content for m in found] == ["question 1", "question 2"]


async def test_a_request_that_discord_would_not_know_is_noted(server: DiscordGuild) -> None:
    bot = Bot(server)
    async with running(bot, server):
        await server.until(lambda: bot.ready)
        with pytest.raises(discord.NotFound):
            await bot.fetch_guild_preview(int(GUILD))
    assert len(server.rest.violations) == 1
    server.rest.violations.clear()


async def test_edits_and_deletions_of_people_are_told(server: DiscordGuild, bot: Bot) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    @bot.event
    async def on_raw_message_edit(payload: discord.RawMessageUpdateEvent) -> None:
        await seen.put(payload.message.content)

    @bot.event
    async def on_raw_message_delete(payload: discord.RawMessageDeleteEvent) -> None:
        await seen.put(f"gone {payload.message_id}")

    bot.answers = False
    asked = await server.say(server.general, "hello")
    await server.edit(asked, "hello!")
    await server.unfurl(asked)
    await server.delete(asked)
    assert [await seen.get() for _ in range(3)] == ["hello!", "hello!", f"gone {asked}"]


async def test_a_closed_direct_conversation_refuses_what_is_sent(
    server: DiscordGuild, bot: Bot
) -> None:
    server.discord.users[BOB].closed = True
    with pytest.raises(discord.Forbidden) as refused:
        await (await bot.fetch_user(int(BOB))).send("hello")
    assert refused.value.code == 50007


async def test_an_announcement_gets_a_thread_of_its_kind(server: DiscordGuild, bot: Bot) -> None:
    news = server.add_channel("news", kind=Kind.ANNOUNCEMENT)
    asked = await server.mention(news, "how?")
    await server.answered(news)
    channel = bot.get_channel(int(news))
    assert isinstance(channel, discord.TextChannel)
    message = channel.get_partial_message(int(asked))
    assert (await message.create_thread(name="how?")).type is discord.ChannelType.news_thread
