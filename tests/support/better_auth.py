"""A Better Auth server in a process of its own, as an identity provider of the HTTP API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx

_FOLDER = Path(__file__).parent.parent / "node"
_NODE = _FOLDER / "node_modules" / ".bin" / "node"

MISSING = (
    ""
    if _NODE.exists() and (_FOLDER / "node_modules" / "better-auth").is_dir()
    else "needs `npm install` in tests/node, on x86-64 Linux"
)
"""Why it cannot be started here; empty if it can. It wants a Node with SQLite."""

Algorithm: TypeAlias = Literal["EdDSA", "RS256"]

PASSWORD = "correct horse battery staple"


@dataclass
class Person:
    """Somebody with an account, signed in as a browser is: by a cookie."""

    email: str
    client: httpx.Client

    def sign_up(self) -> httpx.Response:
        body = {"name": "Alice", "email": self.email, "password": PASSWORD}
        return self.client.post("/sign-up/email", json=body)

    def sign_in(self) -> httpx.Response:
        body = {"email": self.email, "password": PASSWORD}
        return self.client.post("/sign-in/email", json=body)

    def revoke_sessions(self) -> httpx.Response:
        return self.client.post("/revoke-sessions", json={})

    def ask_for_token(self) -> httpx.Response:
        return self.client.get("/token")

    def token(self) -> str:
        return str(self.ask_for_token().raise_for_status().json()["token"])


@dataclass
class BetterAuth:
    """`url` is its issuer."""

    url: str
    process: subprocess.Popen[str]

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/api/auth/jwks"

    @contextmanager
    def person(self, email: str) -> Iterator[Person]:
        headers = {"Origin": self.url}
        with httpx.Client(base_url=f"{self.url}/api/auth", headers=headers, timeout=30) as client:
            yield Person(email, client)

    def do(self, command: str, **rest: Any) -> Any:
        """`rotate`, `withdraw`, `ban` somebody, or `sign` a payload with other claims."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def signed(self, **overrides: Any) -> str:
        """A token with the server's own key that says otherwise."""
        return str(self.do("sign", payload={"sub": "mallory"}, overrides=overrides)["token"])


@contextmanager
def better_auth(folder: Path, alg: Algorithm = "EdDSA") -> Iterator[BetterAuth]:
    """A server with an empty database in the folder."""
    with subprocess.Popen(
        [_NODE, "--no-warnings", "better_auth.mjs"],
        cwd=_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        config = {"database": str(folder / "auth.sqlite"), "alg": alg}
        process.stdin.write(json.dumps(config) + "\n")
        process.stdin.flush()
        yield BetterAuth(process.stdout.readline().strip(), process)
        process.stdin.close()
        process.wait(timeout=60)
