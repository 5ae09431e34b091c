"""What was registered with a platform, so that it is done again only when it changed."""

from __future__ import annotations

from core.ports import Database


class Registrations:
    """One fingerprint a platform and name: of the commands that an application has, say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fingerprint(self, platform: str, name: str) -> str | None:
        """What was registered last; None when nothing was."""
        rows = await self._database.fetch(
            "SELECT fingerprint FROM registrations WHERE (platform, name) = ($1, $2)",
            platform,
            name,
        )
        return str(rows[0]["fingerprint"]) if rows else None

    async def claim(self, platform: str, name: str, fingerprint: str) -> bool:
        """Records it; False when it is what was recorded last, by whichever process."""
        recorded = await self._database.execute(
            """
            INSERT INTO registrations (platform, name, fingerprint) VALUES ($1, $2, $3)
            ON CONFLICT (platform, name) DO UPDATE SET fingerprint = excluded.fingerprint
            WHERE registrations.fingerprint <> excluded.fingerprint
            """,
            platform,
            name,
            fingerprint,
        )
        return recorded > 0

    async def record(self, platform: str, name: str, fingerprint: str) -> None:
        """To be called once the platform has taken it."""
        await self._database.execute(
            """
            INSERT INTO registrations (platform, name, fingerprint) VALUES ($1, $2, $3)
            ON CONFLICT (platform, name) DO UPDATE SET fingerprint = excluded.fingerprint
            """,
            platform,
            name,
            fingerprint,
        )
