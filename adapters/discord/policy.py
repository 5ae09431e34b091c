"""Where the bot answers, and whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from core.model import EVERYTHING, Scope

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class DiscordPolicy:
    """The rules of all servers. Channels are ids or `#names`, roles ids or `@names`.

    A channel stands for its threads too, a category for its channels, a forum for its posts. What
    is blocked stays blocked, whatever allows it; `None` allows all. Every message in an
    `auto_answer_channels`, or of somebody with one of the `auto_answer_roles`, is a question.
    Without `follow_ups` a mention is wanted in threads too. Direct messages are in no channel.
    Everywhere answers come from the sources in `scope`, and in a channel from those, too, that
    `bound` has for its id: another server may have a channel of the same name.
    """

    auto_answer_channels: Names = frozenset()
    allowed_channels: Names | None = None
    blocked_channels: Names = frozenset()
    auto_answer_roles: Names = frozenset()
    allowed_roles: Names | None = None
    blocked_roles: Names = frozenset()
    follow_ups: bool = True
    scope: Scope = EVERYTHING
    bound: Mapping[str, Names] = field(default_factory=dict)

    def scope_in(self, places: Collection[str]) -> Scope:
        """What may be answered from in a channel, by every id and name of it."""
        if self.scope.sources is None:
            return self.scope
        more = (sources for place, sources in self.bound.items() if place in places)
        return Scope(self.scope.sources.union(*more))

    def may_show(self, sources: Iterable[str], places: Collection[str]) -> bool:
        """Whether what was made from these sources, wherever that was, may be seen there."""
        allowed = self.scope_in(places).sources
        return allowed is None or allowed.issuperset(sources)

    def admits_channel(self, places: Collection[str]) -> bool:
        """Whether questions are answered in a channel, by every id and name of it."""
        return _passes(places, self.allowed_channels, self.blocked_channels)

    def admits_person(self, roles: Collection[str]) -> bool:
        """Whether a person is answered; `roles` has the id and the name of each role of theirs."""
        return _passes(roles, self.allowed_roles, self.blocked_roles)

    def auto_answers(self, places: Collection[str], roles: Collection[str]) -> bool:
        """Whether a message needs no mention to be a question."""
        by_channel = not self.auto_answer_channels.isdisjoint(places)
        return by_channel or not self.auto_answer_roles.isdisjoint(roles)

    @property
    def by_role(self) -> bool:
        """Whether it takes a person's roles to tell if they are answered."""
        return self.allowed_roles is not None or bool(self.blocked_roles)


def _passes(names: Collection[str], allowed: Names | None, blocked: Names) -> bool:
    return blocked.isdisjoint(names) and (allowed is None or not allowed.isdisjoint(names))
