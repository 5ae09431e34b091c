"""What of a Markdown text can be quoted by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.quotable import Piece, pieces

CODE = "```sh\nsetup --upgrade\n```"
TABLE = "| a | b |\n|---|---|\n| c | d |"
LIST = "- One.\n- Two\n  goes on."
LONG = "\n".join(f"- An item of some length, number {n}." for n in range(40))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("One. Two.\n\nThree.", [Piece("One."), Piece("Two."), Piece("Three.")]),
        ("> One. Two.\n> Three.", [Piece("> One. Two.\n> Three.")]),
        # What is announced comes with what announces it.
        (
            f"First. Run this:\n\n{CODE}\n\nDone.",
            [*map(Piece, ["First."]), Piece("Run this:", CODE), Piece("Done.")],
        ),
        (f"Run this.\n\n{CODE}", [Piece("Run this.", CODE)]),
        (f"See:\n{TABLE}", [Piece("See:", TABLE)]),
        (f"{CODE}\nRun this.\n{CODE}", [Piece(block=CODE), Piece("Run this.", CODE)]),
        (f"Choose:\n\n{LIST}\n\n{CODE}", [Piece("Choose:", LIST), Piece(block=CODE)]),
        (f"Run:\n\n{CODE}\n\n{CODE}", [Piece("Run:", CODE), Piece(block=CODE)]),
        (f"- Run:\n\n  {CODE.replace(chr(10), chr(10) + '  ')}", [Piece("- Run:", CODE)]),
        # What is not announced stands alone, a list in its items.
        (f"One. Two.\n\n{CODE}", [Piece("One."), Piece("Two."), Piece(block=CODE)]),
        (
            f"One. Two.\n\n{LIST}",
            [Piece("One."), Piece("Two."), Piece("- One."), Piece("- Two\n  goes on.")],
        ),
        (f"Choose:\n\n# Other\n\n{CODE}", [Piece("Choose:"), Piece(block=CODE)]),
        (f"Choose:\n\n- a\n- b:\n\n{CODE}", [Piece("Choose:"), Piece("- a"), Piece("- b:", CODE)]),
        # What leans on the sentence before it comes with it.
        ("One. This is it.", [Piece("One.\nThis is it.")]),
        ("One.\n\nBut two. So three.", [Piece("One.\nBut two.\nSo three.")]),
        (f"One.\n\nThen run:\n\n{CODE}", [Piece("One.\nThen run:", CODE)]),
        (f"Run:\n\n{CODE}\n\nThis is it.", [Piece("Run:", CODE), Piece("This is it.")]),
        ("- One.\n\nThis is it.", [Piece("- One."), Piece("This is it.")]),
        ("Soon. Italy. Items.", [Piece("Soon."), Piece("Italy."), Piece("Items.")]),
        (f"{'x' * 400}. It is.", [Piece(f"{'x' * 400}."), Piece("It is.")]),
        # What says nothing.
        ("# One\n\n**Note**\n\n**Note: Details**\n\n__Tip__:\n\n[!NOTE]\n\n---\n\n***", []),
        ("![a](b.png) ![c](d.png)\n\n```mermaid\nA --> B\n```\n\n``` mermaid\nA\n```", []),
        ("Pricing\n\nFive words and no end\n\nOn June 1st", []),
        (
            "**Do it.**\n\n**a** (b)\n\nSix words, though without an end",
            [*map(Piece, ["**Do it.**", "**a** (b)", "Six words, though without an end"])],
        ),
        # What is too long.
        (
            "x" * 2000 + f":\n\n{CODE}\n\n{LIST}",
            [Piece(block=CODE), Piece("- One."), Piece("- Two\n  goes on.")],
        ),
        (f"{'- ' + 'x' * 2000}:\n\n{CODE}", [Piece(block=CODE)]),
        ("```\n" + "x\n" * 800 + "```", []),
        (
            "Run:\n\n```\n" + "x\n" * 500 + "```",
            [Piece("Run:"), Piece(block="```\n" + "x\n" * 500 + "```")],
        ),
    ],
)
def test_a_text_is_cut_into_what_can_be_quoted(text: str, found: list[Piece]) -> None:
    assert pieces(text) == found


def test_a_long_list_is_quoted_in_its_items() -> None:
    found = pieces(f"Choose:\n\n{LONG}")

    assert found == [Piece("Choose:"), *map(Piece, LONG.split("\n"))]


@pytest.mark.parametrize(
    ("piece", "dangling"),
    [
        (Piece("Run:"), True),
        (Piece("Run:", CODE), False),
        (Piece("Run `setup` with:"), False),
        (Piece("Run."), False),
        (Piece(block="a:"), False),
    ],
)
def test_a_piece_dangles_when_what_it_announces_is_missing(piece: Piece, *, dangling: bool) -> None:
    assert piece.dangling is dangling


@given(
    st.lists(
        st.sampled_from(
            [
                "One. ",
                "Two:",
                "This is. ",
                "\n",
                "\n\n",
                "- ",
                "```\n",
                "| a |\n",
                "> ",
                "# ",
                "x",
                "y" * 900,
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_nothing_is_quoted_that_does_not_stand_there(text: str) -> None:
    for piece in pieces(text):
        assert piece.text.strip()
        for part in (*piece.lead.split("\n"), *piece.block.split("\n")):
            assert part.strip() in text
