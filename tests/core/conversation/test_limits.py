"""How much may be asked: by a person, in a channel, and in one question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.limits import Limits, LimitSettings
from core.errors import QuestionRefused
from core.model import Question, SessionKey
from tests.support.conversations import question


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(number: int, *, author: str = "alice", channel: str = "general") -> Question:
    plain = question(message_id=f"m{number}")
    session = replace(plain.session, channel=channel)
    return replace(plain, session=session, author=author)


def take(limits: Limits, each: Question, revision: str = "") -> None:
    limits.check(each, revision)
    limits.count(each, revision)


def test_without_limits_anything_is_taken() -> None:
    limits = Limits()
    for number in range(1000):
        take(limits, replace(asked(number), text="x" * 100_000))
    assert limits.left("alice") is None


def test_a_person_is_told_when_to_ask_again_and_may_then() -> None:
    clock = Clock()
    limits = Limits(LimitSettings(per_person=2), clock=clock)
    take(limits, asked(1))
    clock.now = 600.0
    take(limits, asked(2))
    clock.now = 1800.0
    with pytest.raises(QuestionRefused) as refused:
        take(limits, asked(3))
    assert str(refused.value) == (
        "You have asked 2 questions within an hour, which is as many as I take."
    )
    assert refused.value.hint == "Please ask again in 30 minutes."
    clock.now = 3599.9
    with pytest.raises(QuestionRefused, match="2 questions") as refused:
        take(limits, asked(3))
    assert refused.value.hint == "Please ask again in a minute."
    clock.now = 3600.0
    take(limits, asked(3))


def test_other_people_may_ask_meanwhile_unless_the_channel_is_full() -> None:
    limits = Limits(LimitSettings(per_person=1, per_channel=2, minutes=5), clock=Clock())
    take(limits, asked(1, author="alice"))
    take(limits, asked(2, author="bob"))
    with pytest.raises(QuestionRefused, match="This channel has asked 2 questions within 5 min"):
        take(limits, asked(3, author="carol"))
    take(limits, asked(3, author="carol", channel="random"))


def test_who_was_refused_has_not_used_anything_up() -> None:
    limits = Limits(LimitSettings(per_person=1, per_channel=2), clock=Clock())
    take(limits, asked(1))
    for _ in range(5):
        with pytest.raises(QuestionRefused, match="1 question within"):
            take(limits, asked(2))
    take(limits, asked(3, author="bob"))


def test_what_is_delivered_twice_counts_once() -> None:
    limits = Limits(LimitSettings(per_person=2), clock=Clock())
    for _ in range(5):
        take(limits, asked(1))
    assert limits.left("alice") == 1


def test_an_edit_counts_as_a_question() -> None:
    limits = Limits(LimitSettings(per_person=2), clock=Clock())
    take(limits, asked(1))
    take(limits, asked(1), "edited once")
    with pytest.raises(QuestionRefused):
        take(limits, asked(1), "edited twice")
    assert limits.left("alice") == 0


@pytest.mark.parametrize(("length", "taken"), [(100, True), (101, False)])
def test_a_question_has_a_greatest_length(length: int, *, taken: bool) -> None:
    limits = Limits(LimitSettings(characters=100))
    text = replace(asked(1), text="x" * length)
    if taken:
        take(limits, text)
        return
    with pytest.raises(QuestionRefused) as refused:
        take(limits, text)
    assert str(refused.value) == (
        "Your question has 101 characters with its files, and I read at most 100."
    )
    assert refused.value.hint == "Please shorten it to what matters."


def test_who_was_not_heard_of_for_long_is_forgotten() -> None:
    limits = Limits(LimitSettings(per_person=1), clock=Clock())
    for number in range(10_001):
        take(limits, asked(number, author=f"person {number}"))
    assert limits.left("person 0") == 1
    assert limits.left("person 1") == 0


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.floats(0, 120), st.sampled_from("ab"), st.integers(0, 9)), max_size=40),
)
def test_no_window_ever_holds_more_than_the_limit(
    most: int, steps: list[tuple[float, str, int]]
) -> None:
    clock = Clock()
    limits = Limits(LimitSettings(per_person=most, minutes=1), clock=clock)
    taken: dict[tuple[str, int], float] = {}
    for pause, author, number in steps:
        clock.now += pause
        within = {key for key, at in taken.items() if key[0] == author and at + 60.0 > clock.now}
        each = replace(asked(number, author=author), message_id=f"{author}{number}")
        try:
            take(limits, each)
        except QuestionRefused:
            assert len(within) == most
            assert (author, number) not in within
        else:
            within.add((author, number))
            assert len(within) <= most
            if (author, number) not in taken or taken[author, number] + 60.0 <= clock.now:
                taken[author, number] = clock.now


@pytest.mark.parametrize(
    ("platform", "author", "taken"),
    [
        ("slack", "alice", True),
        ("slack-private", "alice", True),
        ("slack", "mallory", False),
        ("slack-private", "mallory", False),
        ("discord", "mallory", True),
    ],
)
def test_only_the_people_who_may_are_answered(platform: str, author: str, *, taken: bool) -> None:
    limits = Limits(LimitSettings(people={"slack": frozenset({"alice"})}))
    it = Question(SessionKey(platform, "T1", "general", "1"), "1", author, "How?")
    if taken:
        limits.check(it)
        return
    with pytest.raises(QuestionRefused, match="you are not among them") as refused:
        limits.check(it)
    assert "add you" in refused.value.hint


@pytest.mark.parametrize(
    ("platform", "server", "taken"),
    [
        ("discord", "ours", True),
        ("discord-private", "ours", True),
        ("discord", "theirs", False),
        ("discord-private", "theirs", False),
        ("slack", "theirs", True),
    ],
)
def test_only_the_servers_that_may_are_answered(platform: str, server: str, *, taken: bool) -> None:
    limits = Limits(LimitSettings(workspaces={"discord": frozenset({"ours"})}))
    it = Question(SessionKey(platform, server, "general", "1"), "1", "alice", "How?")
    if taken:
        limits.check(it)
        return
    with pytest.raises(QuestionRefused, match="not set up to answer in this server"):
        limits.check(it)
