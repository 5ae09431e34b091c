"""What a message of Discord's means to us."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.chat.incoming import Asked, Deleted, Edited, Ignored
from adapters.discord.mapping import DIRECT, PLATFORM, Place, deleted, edited, incoming, session_of
from adapters.discord.messages import Quoted, Said
from adapters.discord.policy import DiscordPolicy
from core.model import Message, Scope, SessionKey

US, ALICE, BOB = "1", "11", "12"
GUILD, CHANNEL, THREAD = "100", "200", "300"
OURS = SessionKey(PLATFORM, GUILD, CHANNEL, THREAD)
CHAIN = SessionKey(PLATFORM, GUILD, CHANNEL, "250")
HELP = DiscordPolicy(auto_answer_channels=frozenset({"#help"}))

DM = Said("301", "400", ALICE, "How?", parent="400")
TOP = Said("301", CHANNEL, ALICE, "How?", guild=GUILD, parent=CHANNEL, places=frozenset({CHANNEL}))
IN_THREAD = replace(TOP, channel=THREAD)
POST = replace(TOP, id=THREAD, channel=THREAD, title="It fails", places=frozenset({"#help"}))
TO_BOB, TO_US = Quoted("299", BOB, "Which one?"), Quoted("299", US, "An answer")


def place(policy: DiscordPolicy | None = None, *ours: SessionKey) -> Place:
    return Place(US, policy or DiscordPolicy(), ours.__contains__)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (replace(DM, spoken=False), "not from a person"),
        (replace(DM, author=US), "not from a person"),
        (TOP, "without a mention"),
        (replace(TOP, calls_others=True), "to somebody else"),
        (replace(TOP, reply_to=TO_BOB), "to somebody else"),
        (replace(TOP, pings_us=True, text=""), "without a mention"),
        (IN_THREAD, "a thread of others"),
        (replace(IN_THREAD, text=""), "without a mention"),
        (replace(IN_THREAD, calls_others=True), "to somebody else"),
    ],
)
def test_what_is_not_said_to_us_is_left(said: Said, why: str) -> None:
    assert incoming(said, place()) == Ignored(why)


@pytest.mark.parametrize(
    ("said", "session"),
    [
        (DM, SessionKey(PLATFORM, DIRECT, "400", "400")),
        (replace(TOP, calls_us=True), SessionKey(PLATFORM, GUILD, CHANNEL, "301")),
        (replace(TOP, calls_us=True, calls_others=True), replace(OURS, thread="301")),
        (replace(TOP, pings_us=True, reply_to=TO_US), replace(OURS, thread="301")),
        (replace(TOP, reply_to=TO_US), replace(OURS, thread="301")),
        (IN_THREAD, OURS),
        (replace(IN_THREAD, reply_to=Quoted("299", ALICE)), OURS),
        (replace(IN_THREAD, reply_to=TO_US), OURS),
    ],
)
def test_what_is_said_to_us_is_a_question_in_its_session(said: Said, session: SessionKey) -> None:
    asked = incoming(said, place(None, OURS))
    assert isinstance(asked, Asked)
    assert asked.question.session == session
    assert (asked.question.message_id, asked.question.author) == ("301", ALICE)


def test_a_reply_to_an_answer_belongs_to_its_session() -> None:
    asked = incoming(replace(TOP, reply_to=TO_US), place(), chain=CHAIN)
    assert isinstance(asked, Asked)
    assert asked.question.session == CHAIN


def test_a_post_is_asked_with_its_title() -> None:
    asked = incoming(POST, place(HELP))
    assert isinstance(asked, Asked)
    assert asked.question.text == "It fails\n\nHow?"
    assert not asked.joins


def test_a_post_that_we_may_not_read_is_asked_by_its_title() -> None:
    asked = incoming(replace(POST, text=""), place(HELP))
    assert isinstance(asked, Asked)
    assert asked.question.text == "It fails"


def test_a_message_that_we_may_not_read_is_no_question() -> None:
    said = replace(TOP, text="", places=frozenset({"#help"}))
    assert incoming(said, place(HELP)) == Ignored("without a mention")


def test_whoever_calls_us_into_a_thread_has_it_read() -> None:
    asked = incoming(replace(IN_THREAD, calls_us=True, reply_to=TO_BOB), place())
    assert isinstance(asked, Asked)
    assert asked.joins
    assert asked.question.context == ()


def test_the_message_that_a_question_replies_to_is_its_context() -> None:
    asked = incoming(replace(TOP, calls_us=True, reply_to=TO_BOB), place())
    assert isinstance(asked, Asked)
    assert asked.question.context == (Message("user", "Which one?"),)


@pytest.mark.parametrize(
    ("policy", "said", "answered"),
    [
        (DiscordPolicy(blocked_channels=frozenset({CHANNEL})), TOP, False),
        (DiscordPolicy(allowed_channels=frozenset({"201"})), TOP, False),
        (DiscordPolicy(allowed_channels=frozenset({CHANNEL})), TOP, True),
        (DiscordPolicy(blocked_channels=frozenset({"400"})), DM, True),
        (DiscordPolicy(blocked_roles=frozenset({"@muted"})), TOP, True),
        (DiscordPolicy(allowed_roles=frozenset({"@staff"})), TOP, False),
        (DiscordPolicy(allowed_roles=frozenset({"@staff"})), DM, False),
        (
            DiscordPolicy(blocked_roles=frozenset({"@muted"})),
            replace(TOP, roles=frozenset({"@muted", "7"})),
            False,
        ),
        (
            DiscordPolicy(allowed_roles=frozenset({"7"})),
            replace(TOP, roles=frozenset({"@staff", "7"})),
            True,
        ),
    ],
)
def test_channels_and_roles_can_be_allowed_and_blocked(
    policy: DiscordPolicy, said: Said, *, answered: bool
) -> None:
    now = incoming(replace(said, calls_us=True), place(policy))
    assert isinstance(now, Asked) == answered


def test_a_role_can_be_answered_without_a_mention() -> None:
    policy = DiscordPolicy(auto_answer_roles=frozenset({"@newcomer"}))
    said = replace(TOP, roles=frozenset({"@newcomer"}))
    assert isinstance(incoming(said, place(policy)), Asked)
    assert incoming(TOP, place(policy)) == Ignored("without a mention")


def test_without_follow_ups_a_thread_of_ours_wants_a_mention_too() -> None:
    where = place(DiscordPolicy(follow_ups=False), OURS)
    assert incoming(IN_THREAD, where) == Ignored("without a mention")
    assert isinstance(incoming(replace(IN_THREAD, calls_us=True), where), Asked)


def test_a_private_source_is_answered_from_in_its_channel_alone() -> None:
    public = Scope(frozenset({"docs"}))
    policy = DiscordPolicy(scope=public, bound={CHANNEL: frozenset({"secret"})})
    here = incoming(replace(TOP, calls_us=True), place(policy))
    elsewhere = incoming(DM, place(policy))
    assert isinstance(here, Asked)
    assert isinstance(elsewhere, Asked)
    assert here.question.scope == Scope(frozenset({"docs", "secret"}))
    assert elsewhere.question.scope == public
    assert policy.may_show({"secret"}, {CHANNEL})
    assert not policy.may_show({"secret"}, {"201"})


@pytest.mark.parametrize(
    ("said", "addressed"),
    [
        (replace(TOP, id=THREAD, calls_us=True, revision="2"), True),
        (replace(TOP, id=THREAD, revision="2"), False),
    ],
)
def test_a_question_that_is_edited_stays_one(said: Said, *, addressed: bool) -> None:
    now = edited(said, place(None, OURS))
    assert isinstance(now, Edited)
    assert (now.revision, now.addressed) == ("2", addressed)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (replace(DM, revision=""), "the same text"),
        (replace(TOP, revision="2"), "without a mention"),
        (replace(TOP, id=THREAD, revision="2", text=""), "without a mention"),
        (replace(DM, revision="2", author=US), "not from a person"),
    ],
)
def test_an_edit_of_what_was_no_question_is_left(said: Said, why: str) -> None:
    assert edited(said, place(None, OURS)) == Ignored(why)


def test_what_is_deleted_matters_only_in_our_sessions() -> None:
    assert deleted(OURS, "301", place(None, OURS)) == Deleted(OURS, "301")
    assert deleted(OURS, "301", place()) == Ignored("no question")


def test_a_thread_is_the_session_of_its_messages() -> None:
    assert session_of(IN_THREAD, CHAIN) == OURS
