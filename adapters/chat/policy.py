"""Where the bot answers, and how it may be asked there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.model import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """The rules of a workspace. Channels are ids or names, and ids once `resolved`.

    In `auto_answer` every message is a question. `allowed` None admits every channel that is not
    `blocked`. `mention_only` wants a mention in threads too. What is shared with other
    organisations is answered only when `shared_channels` says so. Direct messages are in no list.
    Everywhere answers come from the sources in `scope`, and in a channel from those, too, that
    `bound` names for it.
    """

    auto_answer: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()
    mention_only: bool = False
    shared_channels: bool = False
    scope: Scope = EVERYTHING
    bound: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def scope_in(self, channel: str) -> Scope:
        """What may be answered from there. A thread has the scope of the channel that it is in."""
        if self.scope.sources is None:
            return self.scope
        return Scope(self.scope.sources | self.bound.get(channel, frozenset()))

    def may_show(self, sources: Iterable[str], channel: str) -> bool:
        """Whether what was made from these sources, wherever that was, may be seen there."""
        return self.scope_in(channel).admits(sources)

    def admits(self, channel: str, *, shared: bool, direct: bool = False) -> bool:
        """Whether questions are answered there at all."""
        if shared and not self.shared_channels:
            return False
        return direct or (
            channel not in self.blocked and (self.allowed is None or channel in self.allowed)
        )

    def named(self, is_id: Callable[[str], object]) -> frozenset[str]:
        """The channels that it calls by name; `is_id` knows a platform's ids."""
        channels = self.auto_answer | self.blocked | (self.allowed or frozenset()) | set(self.bound)
        return frozenset(channel for channel in channels if not is_id(channel))

    def resolved(self, ids: Mapping[str, str]) -> ChannelPolicy:
        """The policy with the ids of the channels that it calls by name, with or without a `#`."""
        return replace(
            self,
            auto_answer=_ids(self.auto_answer, ids),
            allowed=None if self.allowed is None else _ids(self.allowed, ids),
            blocked=_ids(self.blocked, ids),
            bound=_by_id(self.bound, ids),
        )


def _ids(channels: frozenset[str], ids: Mapping[str, str]) -> frozenset[str]:
    return frozenset(_id(channel, ids) for channel in channels)


def _by_id(
    bound: Mapping[str, frozenset[str]], ids: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """A channel may be named twice, by its name and its id."""
    found: dict[str, frozenset[str]] = {}
    for channel, sources in bound.items():
        place = _id(channel, ids)
        found[place] = found.get(place, frozenset()) | sources
    return found


def _id(channel: str, ids: Mapping[str, str]) -> str:
    return ids.get(channel.removeprefix("#"), channel)
