"""What an answer rests on, as Slack shows it. Pure."""

from __future__ import annotations

from adapters.chat.account import asked, checked, facts_of, made, others
from adapters.chat.evidence import NO_EVIDENCE, cited
from adapters.chat.links import address_in_link, links_to
from adapters.markdown import SMALLEST_LIMIT, split
from adapters.slack.composing import compose
from adapters.slack.rendering import Message, message_of
from core.conversation.traces import Trace
from core.model import Passage

_LONGEST_PASSAGE = 2_500
_ALL_PASSAGES = 8_000
_ALL_CLAIMS = 2_000
_SIGNS = "\\[]`*_<>~"


def evidence(trace: Trace) -> Message:
    """The passages that the answer cites, quoted, and how it came about.

    Where not all of it fits into one message, the last passages are left out.
    """
    turn = trace.turn
    found = cited(turn.answer, turn.passages) if turn.answer else []
    share = _ALL_PASSAGES // max(len(found), 1)
    longest = max(SMALLEST_LIMIT, min(_LONGEST_PASSAGE, share))
    entries = [_entry(n, passage, longest) for n, passage in found]
    links = links_to([passage for _, passage in found])
    around = asked(trace, _escaped), _rest(trace)
    pages = compose(_joined(entries or [NO_EVIDENCE], *around), links)
    while len(pages) > 1 and entries:
        entries.pop()
        pages = compose(_joined(entries, *around), links)
    return message_of(pages[0])


def _joined(entries: list[str], above: str, below: str) -> str:
    return "\n\n".join([above, *entries, below])


def _rest(trace: Trace) -> str:
    parts = checked(trace, _escaped, _ALL_CLAIMS), others(trace, _escaped), made(trace, _escaped)
    return "\n\n".join(filter(None, parts))


def _entry(n: int, passage: Passage, longest: int) -> str:
    label = _escaped(passage.place) or _escaped(passage.path)
    heading = f"[{label}]({address_in_link(passage.url)})" if passage.url else label
    text, *more = split(passage.text, longest) or [""]
    quote = "\n".join(
        f"> {line}".rstrip() for line in [*text.split("\n"), *(["…"] if more else [])]
    )
    return f"({n}) **{heading}** · {_escaped(facts_of(passage))}\n\n{quote}"


def _escaped(text: str) -> str:
    """The text in one line, its signs shown as they are, with nothing that looks like a link."""
    line = " ".join(text.split()).replace("](", "] (")
    return "".join(f"\\{c}" if c in _SIGNS else c for c in line)
