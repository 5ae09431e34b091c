"""API keys: made once, shown once, kept as a hash.

A key is `docent_<id>_<secret>`. The secret has 256 random bits, so that a plain SHA-256 of it can
be kept: nobody guesses through it, as they would through a password's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ports import Database, Row
from core.text.unicode import storable

_SHAPE = re.compile(r"docent_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
_ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_LENGTH = 10
_SECRET_BYTES = 32


class Permission(StrEnum):
    """What a key may be used for. `admin` includes the others."""

    ASK = "ask"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept, without its secret."""

    id: str
    name: str
    permissions: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class ApiKeys:
    """The keys of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        name: str,
        permissions: Collection[Permission],
        *,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key, and the text of it, which nobody can read again later."""
        key_id = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        rows = await self._database.fetch(
            """
            INSERT INTO api_keys (id, name, hash, scopes, expires_at)
            VALUES ($1, $2, $3, $4, $5)
            RETURNING id, name, scopes, created_at, expires_at, revoked_at
            """,
            key_id,
            storable(name),
            _hash(secret),
            sorted(permissions),
            expires_at,
        )
        return _key(rows[0]), f"docent_{key_id}_{secret}"

    async def find(self, text: str) -> ApiKey | None:
        """The key that this is the text of, unless it was revoked or has expired."""
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            return None
        rows = await self._database.fetch(
            """
            SELECT id, name, hash, scopes, created_at, expires_at, revoked_at FROM api_keys
            WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """,
            shape[1],
        )
        if not rows or not hmac.compare_digest(rows[0]["hash"], _hash(shape[2])):
            return None
        return _key(rows[0])

    async def all(self) -> list[ApiKey]:
        """Every key, revoked ones too, the oldest first."""
        rows = await self._database.fetch(
            """
            SELECT id, name, scopes, created_at, expires_at, revoked_at FROM api_keys
            ORDER BY created_at, id
            """
        )
        return [_key(row) for row in rows]

    async def any_usable(self) -> bool:
        """Whether there is a key that could be used now."""
        rows = await self._database.fetch(
            """
            SELECT FROM api_keys
            WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            LIMIT 1
            """
        )
        return bool(rows)

    async def any_made(self) -> bool:
        """Whether there ever was a key, be it revoked or expired by now."""
        return bool(await self._database.fetch("SELECT FROM api_keys LIMIT 1"))

    async def revoke(self, key_id: str) -> bool:
        """Ends the key; False when there is none of that id that could be used."""
        revoked = await self._database.execute(
            "UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", key_id
        )
        return revoked > 0


def is_api_key(text: str) -> bool:
    """Whether the text has the shape of a key."""
    return _SHAPE.fullmatch(text) is not None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        permissions=frozenset(map(Permission, row["scopes"])),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
