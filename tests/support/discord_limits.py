"""Discord's sizes, refused as Discord refuses them (docs.discord.com, message and components)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.support.discord_state import Flag, Json, Refused, invalid, walk

CONTENT_CHARACTERS = 2_000
EMBEDS = 10
EMBED_CHARACTERS = 6_000
ROWS, BUTTONS = 5, 5
COMPONENTS, COMPONENT_CHARACTERS = 40, 4_000
_ROW, _BUTTON = 1, 2
_LAYOUT_ONLY = frozenset({9, 10, 11, 12, 13, 14, 17})


def check_message(body: Json, flags: int) -> None:
    """Refuses what is too long or empty. `body` is the whole message, `flags` what it will have."""
    components = body.get("components") or []
    if flags & Flag.COMPONENTS_V2:
        _check_layout(body, components)
        return
    _check_content(body.get("content") or "", body.get("embeds") or [])
    _check_rows(components)
    if not any(body.get(key) for key in ("content", "embeds", "components", "attachments")):
        raise Refused(50006)


def _check_content(content: str, embeds: Sequence[Json]) -> None:
    if len(content) > CONTENT_CHARACTERS:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    if len(embeds) > EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if sum(_embed_size(embed) for embed in embeds) > EMBED_CHARACTERS:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size 6000")


def _check_rows(components: Sequence[Json]) -> None:
    if len(components) > ROWS or any(
        len(row.get("components", ())) > BUTTONS for row in components
    ):
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if any(each["type"] in _LAYOUT_ONLY for each in walk(components)):
        raise invalid(
            "components", "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (1,)."
        )
    _check_names(components)


def _check_layout(body: Json, components: Sequence[Json]) -> None:
    if body.get("content") or body.get("embeds"):
        field = "content" if body.get("content") else "embeds"
        raise invalid(
            field,
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    if not components:
        raise Refused(50006)
    found = list(walk(components))
    if len(found) > COMPONENTS:
        raise invalid(
            "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Must be 40 or fewer in total."
        )
    if sum(len(each.get("content", "")) for each in found) > COMPONENT_CHARACTERS:
        raise invalid(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            "Component displayable text size exceeds maximum size of 4000",
        )
    _check_names(components)


def _check_names(components: Sequence[Json]) -> None:
    names = [each["custom_id"] for each in walk(components) if "custom_id" in each]
    if len(set(names)) < len(names):
        code = "COMPONENT_CUSTOM_ID_DUPLICATED"
        raise invalid("components", code, "Component custom id cannot be duplicated")


def _embed_size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    texts += [each[key] for each in embed.get("fields") or () for key in ("name", "value")]
    return sum(len(text) for text in texts if text)


def pings(text: str, allowed: Json | None) -> set[str]:
    """The people, roles and `everyone` that a text notifies, as far as `allowed` lets it."""
    people = set(re.findall(r"<@!?(\d+)>", text))
    roles = set(re.findall(r"<@&(\d+)>", text))
    everyone = {"everyone"} if re.search(r"@(everyone|here)\b", text) else set()
    if allowed is None:
        return people | roles | everyone
    parse = allowed.get("parse") or []
    chosen = {str(each) for each in [*(allowed.get("users") or ()), *(allowed.get("roles") or ())]}
    return (
        (people if "users" in parse else people & chosen)
        | (roles if "roles" in parse else roles & chosen)
        | (everyone if "everyone" in parse else set())
    )
