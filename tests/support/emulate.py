"""`emulate` in a process of its own: Slack's Web API state and errors as others understand them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "node"
_NODE = _FOLDER / "node_modules" / ".bin" / "node"

MISSING = (
    ""
    if _NODE.exists() and (_FOLDER / "node_modules" / "emulate").is_dir()
    else "needs `npm install` in tests/node, on x86-64 Linux"
)
"""Why it cannot be started here; empty if it can. It wants a newer Node than most have."""

SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "reactions:write",
    "users:read",
)

_PERSONS = (*SCOPES, "channels:write")


@dataclass(frozen=True)
class Emulated:
    """A workspace with one person and the channel that they made; the bot is yet to join it."""

    api_url: str
    bot_token: str = "xoxb-docent"
    bot_user: str = "U0DOCENT"
    person_token: str = "xoxp-person"
    person: str = "U000000001"
    general: str = "C000000001"
    team: str = "T000000001"
    signing_secret: str = "emulated-signing-secret"


@contextmanager
def emulate(scopes: Sequence[str] = SCOPES, events: str | None = None) -> Iterator[Emulated]:
    """A workspace whose bot has these scopes, and which sends signed events to `events`."""
    with subprocess.Popen(
        [_NODE, "emulate.mjs"],
        cwd=_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"seed": _seed(scopes), "events": events}) + "\n")
        process.stdin.flush()
        yield Emulated(process.stdout.readline().strip())
        process.stdin.close()
        process.wait(timeout=60)


def _seed(scopes: Sequence[str]) -> dict[str, object]:
    bot = {"bot_id": "B0DOCENT", "bot_user_id": Emulated.bot_user}
    app = {"client_id": "docent", "client_secret": "none", "name": "Docent", "redirect_uris": []}
    return {
        "signing_secret": Emulated.signing_secret,
        "strict_scopes": True,
        "oauth_apps": [app | bot | {"bot_name": "docent", "scopes": list(scopes)}],
        "tokens": [
            bot | {"token": Emulated.bot_token, "user_id": Emulated.bot_user, "scopes": scopes},
            {"token": Emulated.person_token, "user_id": Emulated.person, "scopes": _PERSONS},
        ],
    }
