"""Where the bot answers."""

from __future__ import annotations

import pytest

from adapters.chat.policy import ChannelPolicy
from core.model import EVERYTHING, Scope


def test_channels_can_be_called_by_name_or_id() -> None:
    policy = ChannelPolicy(
        auto_answer=frozenset({"#ask-docs"}),
        allowed=frozenset({"GENERAL", "help"}),
        blocked=frozenset({"quiet"}),
    )
    assert policy.named(str.isupper) == {"#ask-docs", "help", "quiet"}
    resolved = policy.resolved({"ask-docs": "ASK", "help": "HELP"})
    assert resolved.auto_answer == {"ASK"}
    assert resolved.allowed == frozenset({"GENERAL", "HELP"})
    assert resolved.named(str.isupper) == {"quiet"}, "it is a name that no channel has"


def test_without_lists_every_channel_is_admitted_but_shared_ones() -> None:
    policy = ChannelPolicy()
    assert policy.admits("C0ANY", shared=False)
    assert not policy.admits("C0ANY", shared=True)
    assert not policy.admits("D0ANY", shared=True, direct=True)
    assert policy.resolved({"a": "C0A"}).allowed is None


def test_no_list_is_about_direct_messages() -> None:
    assert ChannelPolicy(allowed=frozenset({"C0A"})).admits("D0ANY", shared=False, direct=True)


def test_a_blocked_channel_is_blocked_even_when_it_is_allowed() -> None:
    both = ChannelPolicy(allowed=frozenset({"C0A"}), blocked=frozenset({"C0A"}))
    assert not both.admits("C0A", shared=False)


def test_a_channel_is_answered_from_what_is_public_and_what_is_bound_to_it() -> None:
    policy = ChannelPolicy(
        scope=Scope(frozenset({"guide"})),
        bound={"#board": frozenset({"minutes"}), "C0B": frozenset({"salaries"})},
    )
    assert policy.named(lambda channel: channel.startswith("C0")) == {"#board"}
    resolved = policy.resolved({"board": "C0B"})
    assert resolved.scope_in("C0B") == Scope(frozenset({"guide", "minutes", "salaries"}))
    assert resolved.scope_in("C0ELSE") == Scope(frozenset({"guide"}))
    assert policy.scope_in("C0UNKNOWN") == Scope(frozenset({"guide"})), "no channel has the name"


@pytest.mark.parametrize(
    ("sources", "channel", "may"),
    [
        ({"guide"}, "C0ELSE", True),
        ({"guide", "minutes"}, "C0ELSE", False),
        ({"guide", "minutes"}, "C0B", True),
        (set(), "C0ELSE", True),
    ],
)
def test_an_answer_is_shown_where_all_its_sources_may_be(
    sources: set[str], channel: str, *, may: bool
) -> None:
    policy = ChannelPolicy(scope=Scope(frozenset({"guide"})), bound={"C0B": frozenset({"minutes"})})
    assert policy.may_show(sources, channel) is may


def test_without_a_scope_everything_is_shown_everywhere() -> None:
    policy = ChannelPolicy(bound={"C0B": frozenset({"minutes"})})
    assert policy.scope_in("C0B") == policy.scope_in("C0ELSE") == EVERYTHING
    assert policy.may_show({"anything"}, "C0ELSE")
