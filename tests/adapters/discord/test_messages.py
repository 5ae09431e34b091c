"""What of Discord's messages and channels is made ours."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from adapters.discord.messages import places_of, plain

CATEGORY = SimpleNamespace(id=1, name="Support")
CHANNEL = SimpleNamespace(id=2, name="help", category=CATEGORY)
FORUM_POST = SimpleNamespace(id=3, name="general", parent=CHANNEL, category=CATEGORY)
DIRECT = SimpleNamespace(id=4)


@pytest.mark.parametrize(
    ("channel", "places"),
    [
        (CHANNEL, {"2", "#help", "1", "#Support"}),
        (FORUM_POST, {"3", "2", "#help", "1", "#Support"}),
        (SimpleNamespace(id=5, name="lobby", category=None), {"5", "#lobby"}),
        (DIRECT, {"4"}),
        (None, set()),
    ],
    ids=["a channel", "a post, whose own name is anybody's", "no category", "direct", "unknown"],
)
def test_a_channel_is_called_by_itself_and_by_what_it_is_in(
    channel: object, places: set[str]
) -> None:
    assert places_of(channel) == places


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<@9> How?", "How?"),
        ("<@!9>How?", "How?"),
        ("How, <@9> then?", "How, then?"),
        ("ask <@8> or <@&7> in <#2>", "ask @Bob or @staff in #help"),
        ("ask <@6> <a:wave:1>", "ask @6 :wave:"),
        ("`a < b` and <b>", "`a < b` and <b>"),
    ],
)
def test_a_text_has_names_instead_of_codes_and_not_our_mention(text: str, shown: str) -> None:
    assert plain(text, 9, {"@8": "Bob", "@&7": "staff", "#2": "help"}) == shown
