"""The gateway of the stand-in Discord: sessions that outlive their connections."""

from __future__ import annotations

import asyncio
import importlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.support import discord_events as events
from tests.support.discord_state import Discord, Json

PRIVILEGED = events.GUILD_MEMBERS | 1 << 8 | events.MESSAGE_CONTENT
UNKNOWN_OPCODE, BAD_TOKEN, BAD_SHARD, DISALLOWED = 4001, 4004, 4010, 4014
_GUILDS = 1
_GUILD_INTENT = {
    "MESSAGE": 1 << 9,
    "MESSAGE_REACTION": 1 << 10,
    "TYPING": 1 << 11,
}


@dataclass
class Connection:
    """One websocket. What is sent waits in `outgoing`; a number there closes with that code."""

    socket: web.WebSocketResponse
    request: web.Request
    outgoing: asyncio.Queue[Json | int] = field(default_factory=asyncio.Queue)
    heartbeats: int = 0
    closing: bool = False

    def send(self, op: int, data: object, **more: object) -> None:
        self.outgoing.put_nowait({"op": op, "d": data, "s": None, "t": None} | more)


@dataclass
class Session:
    """What an IDENTIFY began. Its events are kept, to be sent again when it is resumed."""

    id: str
    intents: int
    shard: tuple[int, int]
    events: list[Json] = field(default_factory=list)
    connection: Connection | None = None
    resumes: int = 0

    def dispatch(self, name: str, data: Json) -> None:
        event = {"op": 0, "t": name, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        if self.connection is not None:
            self.connection.outgoing.put_nowait(event)


@dataclass
class Gateway:
    """The websocket's end of it. `identifies` and `resumed` count what was asked successfully.

    `acknowledges` false leaves heartbeats unanswered; `resumable` false refuses every resume;
    `starts` is how many sessions may yet begin today.
    """

    discord: Discord
    token: str
    url: str = ""
    heartbeat_seconds: float = 41.25
    acknowledges: bool = True
    resumable: bool = True
    starts: int = 1000
    sessions: dict[str, Session] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    closings: list[int] = field(default_factory=list)
    identified: list[Json] = field(default_factory=list)
    resumed: int = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/gateway", self._gateway), web.get("/gateway/", self._gateway)]

    @property
    def identifies(self) -> int:
        return len(self.identified)

    @property
    def live(self) -> list[Session]:
        """The sessions that are connected now."""
        return [each for each in self.sessions.values() if each.connection is not None]

    def emit(self, name: str, data: Json) -> None:
        """Raises an event in each session that asked for it, as much of it as that may see."""
        for session in list(self.sessions.values()):
            if self._concerns(session, name, data):
                shown = data
                if name in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
                    shown = self._visible(session, data)
                session.dispatch(name, shown)

    def drop(self, shard: int | None = None) -> None:
        """Breaks every connection, or a shard's; the sessions stay, and gather what comes."""
        of_shard = [each.connection for each in self.live if each.shard[0] == shard]
        for connection in list(self.connections):
            if shard is not None and connection not in of_shard:
                continue
            self._left(connection)
            if connection.request.transport is not None:
                connection.request.transport.abort()

    def ask_to_reconnect(self) -> None:
        """Asks each client to connect anew and resume, as Discord does every few hours."""
        for session in self.live:
            if session.connection is not None:
                session.connection.send(7, None)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tells each client that its session is invalid; unless resumable, it is forgotten."""
        for session in self.live:
            if session.connection is not None:
                session.connection.send(9, resumable)
            if not resumable:
                del self.sessions[session.id]

    def close_all(self, code: int) -> None:
        """Closes each connection with a code of Discord's, such as 4000 or 4009."""
        for connection in list(self.connections):
            connection.outgoing.put_nowait(code)

    def forget(self) -> None:
        """Lets every session that is not connected expire: what it gathered is lost."""
        self.sessions = {each.id: each for each in self.live}

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        connection = Connection(web.WebSocketResponse(), request)
        await connection.socket.prepare(request)
        self.connections.append(connection)
        connection.send(10, {"heartbeat_interval": round(self.heartbeat_seconds * 1000)})
        writing = asyncio.create_task(_write(connection, _compressor(request)))
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    self._take(connection, json.loads(message.data))
        finally:
            if not connection.closing:
                writing.cancel()
            await asyncio.wait({writing})
            self._left(connection)
        return connection.socket

    def _take(self, connection: Connection, message: Json) -> None:
        op, data = message["op"], message["d"]
        if op == 1:
            connection.heartbeats += 1
            if self.acknowledges:
                connection.send(11, None)
        elif op == 2:
            self._identify(connection, data)
        elif op == 6:
            self._resume(connection, data)
        elif op == 8:
            self._members(connection, data)
        elif op not in {3, 4}:
            connection.outgoing.put_nowait(UNKNOWN_OPCODE)
        self.discord.touch()

    def _refusal(self, data: Json) -> int:
        """The code to close with instead of beginning a session; 0 is none."""
        number, count = data.get("shard", (0, 1))
        if data["token"] != self.token or self.starts <= 0:
            return BAD_TOKEN
        if data["intents"] & PRIVILEGED & ~self.discord.enabled:
            return DISALLOWED
        return 0 if 0 <= number < count else BAD_SHARD

    def _identify(self, connection: Connection, data: Json) -> None:
        if refusal := self._refusal(data):
            connection.outgoing.put_nowait(refusal)
            return
        self.starts -= 1
        self.identified.append(data)
        number, count = data.get("shard", (0, 1))
        session = Session(uuid4().hex, data["intents"], (number, count), connection=connection)
        self.sessions[session.id] = session
        guilds = [g for g in self.discord.guilds.values() if _on_shard(session, g.id)]
        ready = {
            "v": 10,
            "user": events.user(self.discord.users[self.discord.bot]),
            "guilds": [{"id": each.id, "unavailable": True} for each in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [number, count],
            "application": events.application(self.discord),
            "private_channels": [],
        }
        session.dispatch("READY", ready)
        members = bool(session.intents & events.GUILD_MEMBERS)
        for each in guilds:
            created = events.guild_created(self.discord, each, with_members=members)
            session.dispatch("GUILD_CREATE", created)

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(data["session_id"] or "")
        if data["token"] != self.token:
            connection.outgoing.put_nowait(BAD_TOKEN)
        elif session is None or not self.resumable:
            connection.send(9, False)
        else:
            session.connection = connection
            for event in session.events[data["seq"] or 0 :]:
                connection.outgoing.put_nowait(event)
            session.dispatch("RESUMED", {})
            session.resumes += 1
            self.resumed += 1

    def _members(self, connection: Connection, data: Json) -> None:
        guild = self.discord.guilds[str(data["guild_id"])]
        people = [events.whole_member(self.discord, guild, each) for each in guild.members]
        chunk = {"guild_id": guild.id, "members": people, "chunk_index": 0, "chunk_count": 1}
        for session in self.live:
            if session.connection is connection:
                session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})

    def _left(self, connection: Connection) -> None:
        """A client that closes with 1000 or 1001 ends its session, which any other keeps."""
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        code = connection.socket.close_code or 0
        self.closings.append(code)
        for session in self.live:
            if session.connection is connection:
                session.connection = None
                if code in {1000, 1001} and not connection.closing:
                    del self.sessions[session.id]
        self.discord.touch()

    def _concerns(self, session: Session, name: str, data: Json) -> bool:
        guild = data.get("guild_id")
        kind = name.rpartition("_")[0].removesuffix("_DELETE")
        if kind == "INTERACTION":
            wanted = True
        elif kind in _GUILD_INTENT:
            wanted = bool(session.intents & (_GUILD_INTENT[kind] << (0 if guild else 3)))
        else:
            guild, wanted = guild or data["id"], bool(session.intents & _GUILDS)
        return wanted and _on_shard(session, guild or "0")

    def _visible(self, session: Session, data: Json) -> Json:
        if session.intents & events.MESSAGE_CONTENT or not events.hidden(self.discord, data):
            return data
        return events.without_content(data)


def _on_shard(session: Session, guild: str) -> bool:
    number, count = session.shard
    return (int(guild) >> 22) % count == number


async def _write(connection: Connection, compress: Callable[[bytes], bytes] | None) -> None:
    while True:
        message = await connection.outgoing.get()
        if isinstance(message, int):
            connection.closing = True
            await connection.socket.close(code=message)
            return
        text = json.dumps(message)
        try:
            if compress is None:
                await connection.socket.send_str(text)
            else:
                await connection.socket.send_bytes(compress(text.encode()))
        except ConnectionError:
            return


def _compressor(request: web.Request) -> Callable[[bytes], bytes] | None:
    """One context for the whole connection, flushed after each message."""
    asked = request.query.get("compress")
    if asked == "zlib-stream":
        deflating = zlib.compressobj()
        return lambda text: deflating.compress(text) + deflating.flush(zlib.Z_SYNC_FLUSH)
    if asked == "zstd-stream":
        return _zstd()
    return None


def _zstd() -> Callable[[bytes], bytes]:
    """From Python 3.14 or the `zstandard` package: a client that asks for it has one of them."""
    try:
        standard = importlib.import_module("compression.zstd")
    except ImportError:
        package = importlib.import_module("zstandard")
        writing = package.ZstdCompressor().compressobj()
        return lambda text: writing.compress(text) + writing.flush(package.COMPRESSOBJ_FLUSH_BLOCK)
    stream = standard.ZstdCompressor()
    return lambda text: stream.compress(text, stream.FLUSH_BLOCK)
