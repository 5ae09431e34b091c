"""JWTs of an identity provider, such as Better Auth's JWT plugin makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from adapters.web.jwks import KeySet
from adapters.web.principals import Principal
from adapters.web.remembering import Remembering
from core.access.keys import Permission
from core.access.revocations import Revocations
from core.text.unicode import storable

ALGORITHMS: Final = ("EdDSA", "ES256", "RS256")
"""All asymmetric: what a public key signs, as HS256 would have it, is signed by nobody."""

_LEEWAY = 5
"""Seconds by which clocks may differ."""

_LONGEST = 16_000
_LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say. One without scopes of its own may do what is in `default`."""

    issuer: str
    audience: str
    default: frozenset[Permission]


class JwtTokens:
    """Checks signature, time, issuer and audience, and whether a token was revoked here."""

    def __init__(self, keys: KeySet, rules: TokenRules, revocations: Revocations) -> None:
        self._keys = keys
        self._rules = rules
        self._revoked = Remembering(revocations.moment)

    async def principal(self, token: str) -> Principal | None:
        """Who the token is of; None where it is not to be trusted. Raises ServiceError."""
        key_id = _key_id(token)
        found = None if key_id is None else await self._keys.find(key_id)
        if found is None:
            return None
        claims = self._claims(token, found)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not _is_name(subject):
            return None
        if await self._was_revoked(subject, claims):
            return None
        return Principal("jwt", subject, self._permissions(claims))

    async def _was_revoked(self, subject: str, claims: Mapping[str, Any]) -> bool:
        revoked = await self._revoked.get(subject)
        if revoked is None:
            return False
        given_out = claims.get("iat")
        if not isinstance(given_out, int | float):
            return True
        # By a clock that may be ahead: who signs in again at once is refused for a moment.
        return given_out - _LEEWAY <= revoked.timestamp()

    def _claims(self, token: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
        """Empty where the token is not to be trusted."""
        rules = self._rules
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(dict(key)),
                algorithms=list(ALGORITHMS),
                audience=rules.audience,
                issuer=rules.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return {}

    def _permissions(self, claims: Mapping[str, Any]) -> frozenset[Permission]:
        given = claims.get("scope", claims.get("scp"))
        if given is None:
            return self._rules.default
        names = given.split() if isinstance(given, str) else given
        if not isinstance(names, Sequence):
            return frozenset()
        return frozenset(each for each in Permission if each.value in names)


def _is_name(subject: str) -> bool:
    """Whether it can be kept as it is: two that are kept alike would be one person."""
    return 0 < len(subject) <= _LONGEST_SUBJECT and storable(subject) == subject


def _key_id(token: str) -> str | None:
    """The key that a token says it is signed with, if it is a token of a kind we take."""
    if len(token) > _LONGEST:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, UnicodeError):
        return None
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) and header.get("alg") in ALGORITHMS else None
