"""What an event of Slack's means to us."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.attachments import File
from adapters.chat.incoming import Asked, Deleted, Edited, Ignored, Incoming
from adapters.chat.policy import ChannelPolicy
from adapters.slack.api import Identity
from adapters.slack.mapping import Place, from_history, incoming, spoken, thread_of
from core.model import Message, Scope, SessionKey

US = Identity("T1", "U0DOCENT", "B0DOCENT")
OURS = SessionKey("slack", "T1", "C1", "1.0")
MENTION = "<@U0DOCENT> How?"


def place(**policy: Any) -> Place:
    """Where we take part in the thread of the message 1.0 in C1."""
    return Place(US, ChannelPolicy(**policy), {OURS}.__contains__)


def message(text: str = "How?", **fields: Any) -> dict[str, Any]:
    said = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
    return {**said, "text": text, "ts": "9.0", **fields}


def question(found: Incoming) -> tuple[str, str]:
    """The thread and the text of what was asked."""
    assert isinstance(found, Asked)
    return found.question.session.thread, found.question.text


ASKED = [
    ("a mention", message(MENTION), {}, ("9.0", "How?")),
    ("its app_mention", message(MENTION, type="app_mention"), {}, ("9.0", "How?")),
    ("a mention of us and others", message(f"{MENTION} <@U2>"), {}, ("9.0", "How? @U2")),
    ("a mention in a thread", message(MENTION, thread_ts="5.0"), {}, ("5.0", "How?")),
    ("a direct message", message(channel="D1", channel_type="im"), {}, ("9.0", "How?")),
    ("the same from history", message(channel="D1", channel_type=None), {}, ("9.0", "How?")),
    ("one that names others", message("<@U2>?", channel_type="im"), {}, ("9.0", "@U2?")),
    ("a direct reply", message(channel_type="im", thread_ts="8.0"), {}, ("8.0", "How?")),
    ("a follow-up", message(thread_ts="1.0"), {}, ("1.0", "How?")),
    ("one with a file", message(thread_ts="1.0", subtype="file_share"), {}, ("1.0", "How?")),
    (
        "one sent to the channel too",
        message(thread_ts="1.0", subtype="thread_broadcast"),
        {},
        ("1.0", "How?"),
    ),
    ("a mention with mention_only", message(MENTION), {"mention_only": True}, ("9.0", "How?")),
    ("an auto-answer", message(), {"auto_answer": frozenset({"C1"})}, ("9.0", "How?")),
    ("an allowed channel", message(MENTION), {"allowed": frozenset({"C1"})}, ("9.0", "How?")),
    (
        "a direct message whatever is allowed",
        message(channel="D1", channel_type="im"),
        {"allowed": frozenset({"C1"})},
        ("9.0", "How?"),
    ),
]


@pytest.mark.parametrize(
    ("event", "policy", "asked"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED]
)
def test_a_question_is_found(
    event: dict[str, Any], policy: dict[str, Any], asked: tuple[str, str]
) -> None:
    assert question(incoming(event, place(**policy))) == asked


IGNORED = [
    ("chatter", message(), {}, "without a mention"),
    ("a thread of others", message(thread_ts="5.0"), {}, "a thread of others"),
    ("to somebody else", message("<@U2>?", thread_ts="1.0"), {}, "to somebody else"),
    ("to everybody", message("<!here>", thread_ts="1.0"), {}, "to somebody else"),
    ("a follow-up unasked", message(thread_ts="1.0"), {"mention_only": True}, "without a mention"),
    ("our own", message(MENTION, user="U0DOCENT"), {}, "not from a person"),
    ("another bot's", message(MENTION, bot_id="B9"), {}, "not from a person"),
    ("nobody's", message(MENTION, user=None), {}, "not from a person"),
    ("someone joined", message(MENTION, subtype="channel_join"), {}, "a notice of Slack's"),
    ("a bot's, the old way", message(subtype="bot_message"), {}, "a notice of Slack's"),
    ("without a time", message(MENTION, ts=None), {}, "a notice of Slack's"),
    ("blocked", message(MENTION), {"blocked": frozenset({"C1"})}, "not in this channel"),
    ("not allowed", message(MENTION), {"allowed": frozenset({"C2"})}, "not in this channel"),
    (
        "an auto-answer to others",
        message("<@U2>?"),
        {"auto_answer": frozenset({"C1"})},
        "to somebody else",
    ),
]


@pytest.mark.parametrize(
    ("event", "policy", "reason"), [case[1:] for case in IGNORED], ids=[case[0] for case in IGNORED]
)
def test_what_is_not_for_us_is_ignored(
    event: dict[str, Any], policy: dict[str, Any], reason: str
) -> None:
    assert incoming(event, place(**policy)) == Ignored(reason)


@pytest.mark.parametrize("kind", ["channel", "im"])
def test_what_is_shared_with_others_is_answered_only_when_allowed(kind: str) -> None:
    event = message(MENTION, channel_type=kind)
    assert incoming(event, place(), shared=True) == Ignored("not in this channel")
    assert question(incoming(event, place(shared_channels=True), shared=True)) == ("9.0", "How?")


def test_both_events_of_a_mention_are_the_same_question() -> None:
    plain, named = message(MENTION), message(MENTION, type="app_mention", channel_type=None)
    assert incoming(plain, place()) == incoming(named, place())


def test_a_question_knows_who_asked_what_it_may_be_answered_from() -> None:
    found = incoming(message(MENTION), place(scope=Scope(frozenset({"docs"}))))
    assert isinstance(found, Asked)
    assert found.question.author == "U1"
    assert found.question.message_id == "9.0"
    assert found.question.session == SessionKey("slack", "T1", "C1", "9.0")
    assert found.question.scope == Scope(frozenset({"docs"}))


@pytest.mark.parametrize(
    ("thread_ts", "joins"), [(None, False), ("9.0", False), ("1.0", False), ("5.0", True)]
)
def test_only_a_mention_in_a_thread_that_we_are_new_in_joins_it(
    thread_ts: str | None, *, joins: bool
) -> None:
    found = incoming(message(MENTION, thread_ts=thread_ts), place())
    assert isinstance(found, Asked)
    assert found.joins == joins


PRIVATE = "https://files.slack.com/a"


@pytest.mark.parametrize(
    ("told", "file"),
    [
        (
            {"name": "a.log", "mimetype": "text/plain", "size": 3, "url_private": PRIVATE},
            File("a.log", PRIVATE, text=True, size=3),
        ),
        (
            {"name": "a.json", "mimetype": "application/json", "url_private_download": PRIVATE},
            File("a.json", PRIVATE, text=True),
        ),
        (
            {"name": None, "title": "A snippet", "mode": "snippet", "url_private": PRIVATE},
            File("A snippet", PRIVATE, text=True),
        ),
        ({"name": "a.png", "mimetype": "image/png"}, File("a.png", "", text=False)),
        ({}, File("a file", "", text=False)),
    ],
)
def test_the_files_of_a_question_come_with_it(told: dict[str, Any], file: File) -> None:
    found = incoming(message(MENTION, files=[told]), place())
    assert isinstance(found, Asked)
    assert found.files == (file,)


def changed(before: dict[str, Any], after: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Slack leaves the channel out of the messages inside the event."""
    inner = [{k: v for k, v in m.items() if not k.startswith("channel")} for m in (before, after)]
    event = {"subtype": "message_changed", "channel": "C1", "channel_type": "channel"}
    return {**event, "previous_message": inner[0], "message": inner[1], "ts": "10.0", **fields}


def test_an_edited_question_is_asked_anew() -> None:
    event = changed(message(MENTION), message(f"{MENTION} Now?"), event_ts="11.5")
    found = incoming(event, place())
    assert isinstance(found, Edited)
    assert found.asked.question.text == "How? Now?"
    assert (found.revision, found.age) == ("11.5", 2.5)
    assert found.addressed


def test_a_question_that_loses_its_mention_is_still_the_same_question() -> None:
    found = incoming(changed(message(MENTION), message("How? Please.")), place())
    assert isinstance(found, Edited)
    assert not found.addressed


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (changed(message("How?"), message("How then?")), "without a mention"),
        (changed(message(MENTION), message(MENTION)), "the same text"),
        (changed(message(MENTION), message("<@U2> how?")), "to somebody else"),
        (changed(message(), message(), message=None), "a notice of Slack's"),
        (changed(message(), message(), previous_message=None), "a notice of Slack's"),
        (
            changed(message("a", user="U0DOCENT"), message("b", user="U0DOCENT")),
            "not from a person",
        ),
    ],
)
def test_a_change_that_is_no_edit_of_a_question_is_ignored(
    event: dict[str, Any], reason: str
) -> None:
    assert incoming(event, place()) == Ignored(reason)


def deleted(gone: dict[str, Any] | None) -> dict[str, Any]:
    where = {"channel": "C1", "channel_type": "channel", "ts": "10.0"}
    return {"subtype": "message_deleted", **where, "previous_message": gone}


def test_a_deleted_question_is_told() -> None:
    found = incoming(deleted(message(MENTION)), place())
    assert found == Deleted(SessionKey("slack", "T1", "C1", "9.0"), "9.0")


def test_a_deleted_parent_with_replies_is_told_in_a_change() -> None:
    tombstone = message("This message was deleted.", user="USLACKBOT", subtype="tombstone")
    found = incoming(changed(message(MENTION), tombstone), place())
    assert found == Deleted(SessionKey("slack", "T1", "C1", "9.0"), "9.0")


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (message("chatter"), "no question"),
        (message("an answer", user="U0DOCENT", thread_ts="1.0"), "not from a person"),
        (message("a bot's", bot_id="B9", thread_ts="1.0"), "not from a person"),
        (None, "a notice of Slack's"),
    ],
)
def test_any_other_deletion_is_ignored(gone: dict[str, Any] | None, reason: str) -> None:
    assert incoming(deleted(gone), place()) == Ignored(reason)


@pytest.mark.parametrize(
    ("event", "thread"),
    [
        (message(), None),
        (message(thread_ts="1.0"), OURS),
        (changed(message(thread_ts="1.0"), message("Now?", thread_ts="1.0")), OURS),
        (deleted(message(thread_ts="1.0")), OURS),
        (deleted(None), None),
    ],
)
def test_the_thread_of_an_event_is_that_of_the_message_it_tells_of(
    event: dict[str, Any], thread: SessionKey | None
) -> None:
    assert thread_of(event, place()) == thread


HISTORY = {"edited": {"user": "U1", "ts": "11.5"}}


@pytest.mark.parametrize(
    ("shown", "addressed"),
    [
        (message(MENTION, **HISTORY), True),
        (message("And now?", thread_ts="1.0", **HISTORY), True),
        (message("How? Please.", ts="1.0", **HISTORY), False),
    ],
)
def test_an_edited_message_of_the_history_is_a_question_with_its_new_text(
    shown: dict[str, Any], *, addressed: bool
) -> None:
    edited = from_history(shown, place(), shared=False)
    assert isinstance(edited, Edited)
    assert (edited.revision, edited.addressed) == ("11.5", addressed)


@pytest.mark.parametrize(
    ("shown", "shared", "meant"),
    [
        (message("How?", **HISTORY), False, Ignored("without a mention")),
        (message(MENTION, **HISTORY), True, Ignored("not in this channel")),
        (message("<@U2>?", thread_ts="1.0", **HISTORY), False, Ignored("to somebody else")),
    ],
)
def test_any_other_edited_message_of_the_history_is_ignored(
    shown: dict[str, Any], meant: Ignored, *, shared: bool
) -> None:
    assert from_history(shown, place(), shared=shared) == meant


def test_what_was_said_in_a_thread_is_told_with_who_said_it() -> None:
    thread = [
        message("It fails."),
        message("", subtype="channel_join"),
        message("Try again.", user="U0DOCENT"),
        message("<@U0DOCENT>"),
    ]
    said = (Message("user", "It fails."), Message("assistant", "Try again."))
    assert spoken(thread, US) == said
