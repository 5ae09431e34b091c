"""Slack's message text, as a person reads it (docs.slack.dev/messaging/formatting-message-text)."""

from __future__ import annotations

import re

_CODE = re.compile(r"<([^<>]+)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_AUDIENCE = re.compile(r"<!(?:subteam\^|here|channel|everyone)")


def people(text: str) -> set[str]:
    """The ids of those whom the text mentions."""
    return set(_PERSON.findall(text))


def calls_others(text: str, us: str) -> bool:
    """Whether it mentions somebody but us: a person, a group or the channel."""
    return bool(people(text) - {us}) or _AUDIENCE.search(text) is not None


def plain(text: str, us: str) -> str:
    """The text without our mention, with names, addresses and signs instead of Slack's codes."""
    ours = re.compile(rf"[ \t]*<@{re.escape(us)}(?:\|[^<>]*)?>[ \t]?")
    text = ours.sub(" ", text)
    text = _CODE.sub(lambda match: _spelled(match[1]), text).strip()
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _spelled(code: str) -> str:
    target, _, label = code.partition("|")
    match target[0]:
        case "@" | "#":
            return target[0] + (label.lstrip("@#") or target[1:])
        case "!":
            return label or "@" + target[1:].partition("^")[0]
        case _:
            return _link(target, label)


def _link(address: str, label: str) -> str:
    bare = address.removeprefix("mailto:")
    if not label or label in {address, bare} or address == f"http://{label}":
        return label or bare
    return f"{label} ({address})"
