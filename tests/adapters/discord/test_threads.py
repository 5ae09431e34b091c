"""What threads are called, and messages are known by."""

from __future__ import annotations

from uuid import uuid4

import pytest

from adapters.discord.posts import nonce_of
from adapters.discord.threads import name_of

NONCE_CHARACTERS = 25


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How do I install it?", "How do I install it?"),
        ("\n  How   do I?\nI tried all.", "How do I?"),
        ("word " * 40, ("word " * 16)[:79] + "…"),
        ("", "Question"),
    ],
)
def test_a_thread_is_called_by_the_first_line_of_its_question(text: str, name: str) -> None:
    assert name_of(text) == name


def test_each_part_of_each_answer_has_a_nonce_of_its_own() -> None:
    turns = [uuid4() for _ in range(50)]
    nonces = [nonce_of(turn, part) for turn in turns for part in range(20)]
    assert len(set(nonces)) == len(nonces)
    assert max(map(len, nonces)) <= NONCE_CHARACTERS


def test_the_same_part_has_the_same_nonce_unless_it_stands_in_for_another() -> None:
    turn, token = uuid4(), uuid4()
    assert nonce_of(turn, 1) == nonce_of(turn, 1)
    assert nonce_of(turn, 1, salt=token) != nonce_of(turn, 1)
    assert len(nonce_of(turn, 1, salt=token)) <= NONCE_CHARACTERS
