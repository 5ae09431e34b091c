from dataclasses import replace

import pytest

from core.backends.postgres import Postgres
from core.conversation.history import History, fitting
from core.conversation.inbox import Inbox
from core.model import Corpus, Message, Question, Scope
from core.ports import Row
from tests.support.conversations import OTHER_THREAD, THREAD, answered, question, taken


class Counting:
    """The database, with the statements that it was sent."""

    def __init__(self, database: Postgres) -> None:
        self._database = database
        self.statements: list[str] = []

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        self.statements.append(sql)
        return await self._database.fetch(sql, *args)


async def _talk(inbox: Inbox, asked: Question, answer: str) -> None:
    await inbox.accept(asked)
    await inbox.finish(await taken(inbox, asked.session), answered(answer))


@pytest.fixture
def inbox(database: Postgres) -> Inbox:
    return Inbox(database, worker="one")


async def _point_to(database: Postgres, collection: str, generation: int) -> None:
    await database.execute(
        "INSERT INTO corpus (collection, generation) VALUES ($1, $2)", collection, generation
    )


async def test_a_first_question_has_no_history_and_no_corpus_before_the_first_sync(
    database: Postgres,
) -> None:
    state = await History(database).load(question())
    assert state.messages == ()
    assert state.corpus is None


async def test_history_and_corpus_come_in_one_query(database: Postgres, inbox: Inbox) -> None:
    await _point_to(database, "docent-minilm-384", 12)
    await _talk(inbox, question("What is it?"), "A tool. [1]")
    await _talk(inbox, question("Who made it?"), "They did. [1]")
    counting = Counting(database)
    state = await History(counting).load(question())  # type: ignore[arg-type]
    assert len(counting.statements) == 1
    assert state.corpus == Corpus("docent-minilm-384", 12)
    assert state.messages == (
        Message("user", "What is it?"),
        Message("assistant", "A tool. [1]"),
        Message("user", "Who made it?"),
        Message("assistant", "They did. [1]"),
    )


async def test_only_turns_of_the_session_before_the_question_count(
    database: Postgres, inbox: Inbox
) -> None:
    await _talk(inbox, question("elsewhere", session=OTHER_THREAD), "other")
    await _talk(inbox, question("before"), "yes")
    this = question("this")
    await _talk(inbox, this, "again")
    await _talk(inbox, question("after"), "no")
    state = await History(database).load(this)
    assert [message.text for message in state.messages] == ["before", "yes"]


@pytest.mark.parametrize(
    ("sources", "remembered"), [({"docs"}, True), ({"docs", "more"}, True), ({"more"}, False)]
)
async def test_what_cites_a_source_that_the_place_has_no_more_is_not_remembered(
    database: Postgres, inbox: Inbox, sources: set[str], *, remembered: bool
) -> None:
    await _talk(inbox, question("What is it?"), "A tool. [1]")
    scope = Scope(frozenset(sources))
    state = await History(database).load(replace(question(), scope=scope))
    assert bool(state.messages) is remembered


@pytest.mark.parametrize(
    ("sources", "remembered"), [({"docs", "more"}, True), ({"docs"}, True), ({"more"}, False)]
)
async def test_a_refusal_is_remembered_where_all_that_it_might_name_still_is(
    database: Postgres, inbox: Inbox, sources: set[str], *, remembered: bool
) -> None:
    asked = replace(question("What is it?"), scope=Scope(frozenset({"docs"})))
    whole = answered("The docs do not say. Nearest: Install.")
    await inbox.accept(asked)
    refusal = replace(whole.answer, citations=())
    await inbox.finish(await taken(inbox, asked.session), replace(whole, answer=refusal))
    scope = Scope(frozenset(sources))
    state = await History(database).load(replace(question(), scope=scope))
    assert bool(state.messages) is remembered


async def test_turns_that_were_given_up_or_are_under_way_are_not_history(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question("given up"))
    await inbox.fail(await taken(inbox), "broken")
    await inbox.accept(question("under way"))
    assert (await History(database).load(question())).messages == ()


async def test_what_was_said_before_the_bot_came_in_stands_first(
    database: Postgres, inbox: Inbox
) -> None:
    await _talk(inbox, question("asked"), "answered")
    context = (Message("user", "a"), Message("user", "b"))
    state = await History(database).load(replace(question(), context=context))
    assert [message.text for message in state.messages] == ["a", "b", "asked", "answered"]


async def test_the_newest_turns_are_kept(database: Postgres, inbox: Inbox) -> None:
    for n in range(5):
        await _talk(inbox, question(f"q{n}"), f"a{n}")
    state = await History(database, turn_limit=2).load(question())
    assert [message.text for message in state.messages] == ["q3", "a3", "q4", "a4"]


async def test_a_conversation_begun_afresh_knows_nothing_of_what_was_asked_before(
    database: Postgres, inbox: Inbox
) -> None:
    history = History(database)
    await _talk(inbox, question("before"), "yes")
    await _talk(inbox, question("elsewhere", session=OTHER_THREAD), "other")
    assert await history.begin_afresh(THREAD)
    assert not await history.begin_afresh(THREAD)
    assert (await history.load(question())).messages == ()
    await _talk(inbox, question("after"), "no")
    assert [message.text for message in (await history.load(question())).messages] == [
        "after",
        "no",
    ]
    elsewhere = await history.load(question(session=OTHER_THREAD))
    assert [message.text for message in elsewhere.messages] == ["elsewhere", "other"]


async def test_a_conversation_in_which_nothing_was_asked_cannot_be_begun_afresh(
    database: Postgres,
) -> None:
    assert not await History(database).begin_afresh(THREAD)


async def test_an_answer_under_way_when_its_conversation_is_begun_afresh_is_not_remembered(
    database: Postgres, inbox: Inbox
) -> None:
    await inbox.accept(question("under way"))
    turn = await taken(inbox)
    await History(database).begin_afresh(THREAD)
    await inbox.finish(turn, answered("late"))
    assert (await History(database).load(question())).messages == ()


def _exchange(question: str, answer: str) -> tuple[Message, ...]:
    return Message("user", question), Message("assistant", answer)


@pytest.mark.parametrize(
    ("exchanges", "tokens", "kept"),
    [
        ([], 10, []),
        ([("aaaa", "bbbb"), ("cccc", "dddd")], 4, ["aaaa", "bbbb", "cccc", "dddd"]),
        ([("aaaa", "bbbb"), ("cccc", "dddd")], 3, ["cccc", "dddd"]),
        ([("a", "b"), ("x" * 40, "y"), ("c", "d")], 2, ["c", "d"]),
        ([("aaaa", "bbbbbbbb")], 2, ["aaaa", "bbbb"]),
        ([("é" * 4, "é")], 1, ["é", "é"]),
        ([("\ud800", "b")], 1, ["\ud800", "b"]),
    ],
    ids=[
        "nothing",
        "all fit",
        "oldest dropped",
        "no gap in the middle",
        "newest shortened",
        "no torn character",
        "half a surrogate pair",
    ],
)
def test_history_fits_its_budget(
    exchanges: list[tuple[str, str]], tokens: int, kept: list[str]
) -> None:
    messages = fitting([_exchange(*each) for each in exchanges], tokens)
    assert [message.text for message in messages] == kept
