"""The home, as made from what is served."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from slack_sdk.models.blocks import Block

from adapters.slack.home import home_view
from core.ingestion.corpus import Served
from core.ingestion.overview import Overview

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def overview(**titles: tuple[str, ...]) -> Overview:
    """Sources with those titles, and two chunks a document."""
    sources = {name: Served(len(of), 2 * len(of)) for name, of in titles.items()}
    return Overview(7, SINCE, sources, titles)


@pytest.mark.parametrize("sources", [0, 1, 30])
def test_the_home_is_one_that_slack_takes(sources: int) -> None:
    many = overview(**{f"source-{n}": ("Title",) * 8 for n in range(sources)})
    view = home_view(many, ["<!channel>?", "How?"])
    for block in view["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    assert len(view["blocks"]) <= 100


def test_text_from_elsewhere_means_nothing_to_slack() -> None:
    view = home_view(overview(**{"<!channel>": ("Title",)}), ["<!here> how?"])
    marked = [b["text"]["text"] for b in view["blocks"] if b["text"]["type"] == "mrkdwn"]
    assert not any("<!channel>" in text or "<!here>" in text for text in marked)


def test_a_long_question_fits_its_button() -> None:
    [button] = [b["accessory"] for b in home_view(None, ["How? " * 600])["blocks"][3:4]]
    assert len(button["value"]) == 2000
    assert len(button["accessibility_label"]) == 75


def test_many_sources_are_counted_after_the_first_twenty() -> None:
    view = home_view(overview(**{f"s{n}": ("T",) for n in range(25)}), [])
    assert "and 5 more sources" in view["blocks"][-1]["text"]["text"]
