"""A stand-in for an identity provider: it publishes keys, and signs tokens with them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from tests.support.http_server import Exchange, serving

ISSUER, AUDIENCE = "https://id.example.com", "docent"


@cache
def rsa_key() -> RSAPrivateKey:
    """One for all tests: it takes a moment to find."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Key:
    """A key pair with its id."""

    id: str
    private: Any
    algorithm: str

    def public(self) -> dict[str, Any]:
        of = OKPAlgorithm if self.algorithm == "EdDSA" else RSAAlgorithm
        written = json.loads(of.to_jwk(self.private.public_key()))
        return {**written, "kid": self.id, "alg": self.algorithm}


def ed25519(key_id: str) -> Key:
    return Key(key_id, Ed25519PrivateKey.generate(), "EdDSA")


def rsa(key_id: str) -> Key:
    return Key(key_id, rsa_key(), "RS256")


@dataclass
class IdentityProvider:
    """`keys` are published; with a `status` other than 200, nothing is."""

    url: str = ""
    keys: list[Key] = field(default_factory=lambda: [ed25519("k1")])
    status: int = 200
    body: str | None = None
    asked: int = 0

    async def handle(self, exchange: Exchange) -> None:
        self.asked += 1
        if self.body is not None:
            await exchange.head(self.status, content_type="application/json")
            await exchange.send(self.body)
            return
        await exchange.reply(self.status, {"keys": [key.public() for key in self.keys]})

    def token(self, key: Key | None = None, **claims: Any) -> str:
        """A good one, as far as `claims` leave it so; None takes a claim away."""
        signing, now = key or self.keys[-1], int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 600}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(
            said, signing.private, algorithm=signing.algorithm, headers={"kid": signing.id}
        )


@asynccontextmanager
async def open_identity_provider() -> AsyncIterator[IdentityProvider]:
    """On a loopback socket; `url` is where its keys are."""
    provider = IdentityProvider()
    async with serving(provider.handle) as server:
        provider.url = f"{server.url}/jwks"
        yield provider
