"""A token is told from what else the portal shows."""

from __future__ import annotations

import pytest

from adapters.discord.credentials import DiscordCredentials
from core.errors import ConfigurationError

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMg.GabcdE.0123456789-abcdefghijklmnopqrstuvwxyz_"


def test_a_bots_token_passes_and_tells_whose_it_is() -> None:
    good = DiscordCredentials(TOKEN)
    good.check()
    assert good.application == "1100000000000000002"
    assert TOKEN not in repr(good)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1100000000000000002", "an application's id"),
        ("0123456789abcdef" * 4, "an application's public key"),
        ("abcdefghijklmnopqrstuvwxyz-_0123", "an application's client secret"),
        (f"Bot {TOKEN}", "a token with the word Bot"),
        ("xoxb-1-2", "no token that Discord issues"),
    ],
)
def test_what_is_no_token_is_named_with_the_page_to_click(value: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"DISCORD_TOKEN holds {said}") as caught:
        DiscordCredentials(value).check()
    assert "https://discord.com/developers/applications" in caught.value.hint
    assert value not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("value", ["", "é.b.c", "!!!.b.c", "bm90IGEgbnVtYmVy.b.c", "a"])
def test_what_holds_no_id_has_none(value: str) -> None:
    assert DiscordCredentials(value).application is None
