from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.backends.postgres import Postgres
from core.conversation.feedback import Feedback
from core.conversation.gaps import Expected, Gap, Gaps, Lack, grouped
from core.conversation.inbox import Inbox
from core.model import Answered, AnswerStatus, Claim, Passage, Scope, Turn, Verdict
from tests.support.conversations import answered, passage, question, taken

WEEK = timedelta(days=7)
PUBLIC = Scope(frozenset({"docs"}))
BOTH = Scope(frozenset({"docs", "secret"}))


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


@pytest.fixture
def gaps(database: Postgres) -> Gaps:
    return Gaps(database)


def refused(*passages: Passage) -> Answered:
    whole = answered("Not in the docs.", *passages)
    answer = replace(whole.answer, status=AnswerStatus.REFUSED, citations=())
    return replace(whole, answer=answer)


def claiming(verdict: Verdict) -> Answered:
    return replace(answered(), claims=(Claim("So it is.", verdict, 0.1),))


async def asked(inbox: Inbox, text: str, whole: Answered, scope: Scope = PUBLIC) -> Turn:
    await inbox.accept(replace(question(text), scope=scope))
    turn = await taken(inbox)
    await inbox.finish(turn, whole)
    return turn


def gap(text: str, *lacks: Lack, near: tuple[Passage, ...] = ()) -> Gap:
    place = ("slack", "T1", "C1")
    return Gap(uuid4(), place, text, datetime.now(UTC), lacks or (Lack.REFUSED,), near)


async def test_refused_downvoted_and_unsupported_questions_are_gaps(
    database: Postgres, inbox: Inbox, gaps: Gaps
) -> None:
    feedback = Feedback(database)
    await asked(inbox, "fine", answered())
    liked = await asked(inbox, "liked", answered())
    await feedback.rate(liked.id, "U1", "up")
    disliked = await asked(inbox, "disliked", claiming(Verdict.SUPPORTED))
    await feedback.rate(disliked.id, "U1", "down")
    await asked(inbox, "refused", refused(passage("near")))
    await asked(inbox, "made up", claiming(Verdict.UNSUPPORTED))
    both = await asked(inbox, "wrong", claiming(Verdict.CONTRADICTED))
    await feedback.rate(both.id, "U2", "down")
    found = await gaps.since(WEEK)
    assert [(each.text, each.lacks) for each in found] == [
        ("wrong", (Lack.DOWNVOTED, Lack.UNSUPPORTED)),
        ("made up", (Lack.UNSUPPORTED,)),
        ("refused", (Lack.REFUSED,)),
        ("disliked", (Lack.DOWNVOTED,)),
    ]
    assert found[2].nearest == (passage("near"),)
    assert found[0].place == ("slack", "T1", "C1")


async def test_what_people_expected_comes_with_their_thumbs_down(
    database: Postgres, inbox: Inbox, gaps: Gaps
) -> None:
    feedback = Feedback(database)
    wrong = await asked(inbox, "wrong", answered())
    await feedback.expect(wrong.id, "U1", "https://docs.example/a#b", "a.md")
    await feedback.rate(wrong.id, "U2", "down")
    await feedback.expect(wrong.id, "U3", "the tea one")
    await feedback.expect(wrong.id, "U4", "changed my mind")
    await feedback.rate(wrong.id, "U4", "up")
    [found] = await gaps.since(WEEK)
    assert found.expected == (
        Expected("https://docs.example/a#b", "a.md"),
        Expected("the tea one"),
    )


async def test_what_is_old_unanswered_or_withdrawn_is_none(
    database: Postgres, inbox: Inbox, gaps: Gaps
) -> None:
    old = await asked(inbox, "old", refused())
    await database.execute(
        "UPDATE turns SET accepted_at = now() - INTERVAL '8 days' WHERE id = $1", old.id
    )
    gone = await asked(inbox, "gone", refused())
    await inbox.amendments.withdraw(gone.question.session, gone.question.message_id)
    await inbox.accept(question("waits"))
    assert await gaps.since(WEEK) == []


async def test_what_may_be_known_elsewhere_alone_is_left_out(inbox: Inbox, gaps: Gaps) -> None:
    secret = replace(passage("hush"), source="secret")
    await asked(inbox, "public", refused(secret, passage("open")))
    await asked(inbox, "in the private channel", refused(secret), BOTH)
    await asked(inbox, "by the operator", refused(secret), Scope())
    (found,) = await gaps.since(WEEK, scope=PUBLIC)
    assert (found.text, found.nearest) == ("public", (passage("open"),))
    assert len(await gaps.since(WEEK, scope=BOTH)) == 2
    assert len(await gaps.since(WEEK)) == 3


def test_questions_with_much_the_same_words_are_one_group_and_the_largest_comes_first() -> None:
    groups = grouped(
        [
            gap("Who brews the tea?"),
            gap("How do I rotate the API key?", Lack.REFUSED),
            gap("how can API keys be rotated", Lack.DOWNVOTED, Lack.UNSUPPORTED),
            gap("Rotating an api key?", Lack.REFUSED),
        ]
    )
    assert [[each.text for each in group.gaps] for group in groups] == [
        ["How do I rotate the API key?", "how can API keys be rotated", "Rotating an api key?"],
        ["Who brews the tea?"],
    ]
    assert groups[0].counts == {Lack.REFUSED: 2, Lack.DOWNVOTED: 1, Lack.UNSUPPORTED: 1}


def test_questions_without_a_word_to_tell_by_are_alike_only_among_themselves() -> None:
    groups = grouped([gap("???"), gap("Who brews?"), gap("how is it?")])
    assert [len(group.gaps) for group in groups] == [2, 1]


def test_the_nearest_sections_of_a_group_are_those_that_most_of_it_found() -> None:
    one, two, three, four = (
        replace(passage(f"{n}"), url=f"https://docs.example/{n}") for n in range(4)
    )
    (group,) = grouped(
        [
            gap("rotate keys", near=(one, two, replace(two, text="below"))),
            gap("rotate keys", near=(two, three)),
            gap("rotate keys", near=(three, two, four)),
        ]
    )
    assert group.nearest == (two, three, one)
