"""Where the bot answers."""

from __future__ import annotations

from adapters.chat.policy import ChannelPolicy


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
