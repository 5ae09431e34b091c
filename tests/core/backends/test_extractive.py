"""The answerer that quotes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.backends.extractive import ExtractiveChatModel
from core.model import ModelFinished, ModelStarted, ModelText, Passage, Scores
from tests.support.models import asking, section

INSTALL = section(
    """\
## Install

Download the archive first. Run `setup --fast` to install it. It takes a minute.

- Pass `--folder` to choose
  the folder.
- Pass `--quiet` for silence.

```sh
setup --upgrade
```

| option | meaning |
|---|---|
| `--color` | colour of output |"""
)
REMOVE = section("Run `remove` to uninstall it. The archive stays.", fused=0.5)


async def quotes(question: str, *passages: Passage, count: int = 3) -> list[str]:
    stream = ExtractiveChatModel(quotes=count).stream(asking(question, *passages))
    return [event.text.strip() async for event in stream if isinstance(event, ModelText)]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        (
            "How do I run setup to install it?",
            "> Run `setup --fast` to install it. It takes a minute. [1]",
        ),
        ("Which option chooses the folder?", "> Pass `--folder` to choose the folder. [1]"),
        ("upgrade setup", "```sh\nsetup --upgrade\n```\n\n[1]"),
        (
            "color meaning",
            "| option | meaning |\n|---|---|\n| `--color` | colour of output |\n\n[1]",
        ),
        ("How do I uninstall it and remove the archive?", "> Run `remove` to uninstall it. [2]"),
    ],
)
async def test_the_answer_is_quoted_with_the_mark_of_its_passage(question: str, best: str) -> None:
    assert await quotes(question, INSTALL, REMOVE, count=1) == [best]


async def test_what_a_sentence_announces_comes_with_it() -> None:
    passage = section("Nothing. To upgrade, run:\n\n```sh\nsetup --upgrade\n```\n\nDone.")

    assert await quotes("How do I upgrade?", passage, count=1) == [
        "> To upgrade, run: [1]\n\n```sh\nsetup --upgrade\n```"
    ]


async def test_a_code_block_that_is_too_long_is_left_out() -> None:
    passage = section("To upgrade, run:\n\n```sh\n" + "upgrade\n" * 500 + "```")

    assert await quotes("How do I upgrade?", passage) == ["> To upgrade, run: [1]"]


async def test_a_list_is_quoted_whole_with_its_lead_and_one_mark() -> None:
    passage = section("Nothing. To upgrade:\n\n1. Run `setup`.\n2. Wait\n   for it.")

    assert await quotes("How do I upgrade?", passage, count=1) == [
        "> To upgrade: [1]\n>\n> 1. Run `setup`.\n> 2. Wait\n>    for it."
    ]


async def test_what_announces_something_that_is_missing_is_not_quoted() -> None:
    passage = section("To upgrade your setup, run:\n\n# Other\n\nAn upgrade takes a minute.")

    assert await quotes("How do I upgrade my setup?", passage) == [
        "> An upgrade takes a minute. [1]"
    ]


async def test_what_names_the_code_is_quoted_though_the_example_is_missing() -> None:
    passage = section("To upgrade, pass `--upgrade` to the setup:\n\n# Other\n\nNothing else.")

    assert await quotes("How do I upgrade my setup?", passage, count=1) == [
        "> To upgrade, pass `--upgrade` to the setup: [1]"
    ]


async def test_what_neither_holds_nor_follows_what_is_asked_is_not_quoted() -> None:
    passage = section("Run `setup` to upgrade. Tea is served. Have some cake. Have a bun.")
    other = section("Trees are green. The sky is blue.", fused=0.89)

    assert await quotes("How do I upgrade the setup?", passage, other) == [
        "> Run `setup` to upgrade. [1]",
        "> Tea is served. [1]",
    ]


async def test_a_quote_in_the_docs_is_quoted_once() -> None:
    passage = section("> An upgrade takes\n> a minute.")

    assert await quotes("upgrade", passage) == ["> An upgrade takes a minute. [1]"]


async def test_the_title_of_a_note_is_not_quoted() -> None:
    passage = section("**Upgrade**\n\nIt takes a minute.")

    assert await quotes("upgrade", passage) == ["> It takes a minute. [1]"]


async def test_nothing_is_quoted_twice_in_almost_the_same_words() -> None:
    first = section("Upgrade the setup (see the notes) before you go on.")
    second = section("You upgrade the setup before you go on (see the `notes`).", fused=0.8)
    third = section("The setup upgrade needs a key.", fused=0.7)

    assert await quotes("setup upgrade", first, second, third) == [
        "> Upgrade the setup (see the notes) before you go on. [1]",
        "> The setup upgrade needs a key. [3]",
    ]


@pytest.mark.parametrize(("fused", "heard"), [(0.89, True), (0.7, False)])
async def test_a_passage_that_is_as_good_as_the_best_is_quoted_too(
    fused: float, *, heard: bool
) -> None:
    wordy = section("Run setup once. Run setup again. Setup runs the whole setup of a run.")
    other = section("A run is started from the menu. The setup waits.", fused=fused)

    given = await quotes("How do I run the setup?", wordy, other)

    assert any(text.endswith("[2]") for text in given) is heard


async def test_the_best_quote_makes_room_for_no_other() -> None:
    first = section("The setup is started from the menu.")
    second = section("Run setup once a day to run it.", fused=0.6)

    assert await quotes("How do I run the setup?", first, second, count=1) == [
        "> Run setup once a day to run it. [2]"
    ]


async def test_emphasis_in_a_quote_is_kept() -> None:
    assert await quotes("errors", section('All the **"Not Found"** errors.'), count=1) == [
        '> All the **"Not Found"** errors. [1]'
    ]


async def test_at_most_three_are_quoted_in_the_order_of_their_text() -> None:
    passage = section("Setup one is here. Setup two is here. Nothing. Setup three is here. Odd.")

    assert await quotes("setup", passage) == [
        "> Setup one is here. [1]",
        "> Setup two is here. [1]",
        "> Setup three is here. [1]",
    ]


async def test_the_passage_with_the_best_quote_comes_first() -> None:
    first = section("Setup runs. Nothing else.")
    second = section("Setup runs from a folder. The folder of setup holds it.", fused=0.8)

    found = await quotes("Which folder does setup run from?", first, second)

    assert [quote[-3:] for quote in found] == ["[2]", "[2]", "[1]"]


async def test_only_the_best_passages_are_quoted() -> None:
    passages = [section(f"Nothing of number {n} is here.", fused=1 - n / 20) for n in range(8)]

    found = await quotes("apples", *passages, section("Apples are red.", fused=0.1))

    assert not any("Apples" in quote for quote in found)


async def test_it_is_the_passages_rank_that_counts_and_not_the_scale_of_its_score() -> None:
    first = section("Apples are red.", fused=0.02)
    second = section("Apples are red, and other apples go bad.", fused=0.01)

    assert await quotes("apples", first, second, count=1) == ["> Apples are red. [1]"]


async def test_a_reranked_order_counts_for_more_than_the_fused_one() -> None:
    first = replace(section("Apples are red."), scores=Scores(fused=1.0, rerank=0.1))
    second = replace(section("Apples are red."), scores=Scores(fused=0.2, rerank=0.9))

    assert await quotes("apples", first, second, count=1) == ["> Apples are red. [2]"]


@pytest.mark.parametrize(
    "passages", [(), (section(""),), (section("# Only a heading"),), (section("x" * 5000),)]
)
async def test_where_nothing_can_be_quoted_the_text_is_empty(passages: tuple[Passage, ...]) -> None:
    assert await quotes("anything", *passages) == []


async def test_passages_without_a_score_are_equal() -> None:
    assert await quotes("apples", section("Apples.", fused=0.0), count=1) == ["> Apples. [1]"]


async def test_it_says_that_it_quotes() -> None:
    events = [e async for e in ExtractiveChatModel().stream(asking("install", INSTALL))]

    assert events[0] == ModelStarted("quotes", quoting=True)
    assert events[-1] == ModelFinished("quotes")
