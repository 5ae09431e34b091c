from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from slack_sdk.models.blocks import Block

from adapters.chat.links import NOT_YET_KNOWN, Links
from adapters.slack.prose import safe_markdown
from adapters.slack.rendering import (
    FEEDBACK_DOWN,
    FEEDBACK_UP,
    SHARE,
    SHOW_EVIDENCE,
    STOP,
    Message,
    answer_messages,
    notice,
    partial_messages,
)
from core.model import (
    Answer,
    AnswerStatus,
    Citation,
    Usage,
)
from tests.support.markdown_texts import MARKDOWN

TURN = UUID("018f0000-0000-7000-8000-000000000001")
DOCS = "https://docs.example.com"
LINKS = Links(frozenset({"docs.example.com"}), {1: f"{DOCS}/a_(b)#x", 2: f"{DOCS}/c"})
MENTION = re.compile(r"<[@#!](?!-|DOCTYPE)\w", re.IGNORECASE)
READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
NOISE = "\u200b"
SLOWLY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def citation(n: int = 1, **changes: Any) -> Citation:
    fields: dict[str, Any] = {
        "n": n,
        "title": "Server",
        "heading_path": ("Configuration", "Ports"),
        "url": f"{DOCS}/server#ports",
        "quote": "The port is 8080.",
        "source": "docs",
        "peer_reviewed": False,
    }
    return Citation(**{**fields, **changes})


def answer(text: str, *citations: Citation, status: AnswerStatus = AnswerStatus.ANSWERED) -> Answer:
    return Answer(status, text, citations, "model", 1, Usage(), {})


def markdown(message: Message) -> str:
    return "\n\n".join(b["text"] for b in message.blocks if b["type"] == "markdown")


def buttons(message: Message) -> list[str]:
    rows = [b["elements"] for b in message.blocks if b["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]


def sources(message: Message) -> list[dict[str, Any]]:
    rich = [b for b in message.blocks if b["type"] == "rich_text"]
    return [e for block in rich for section in block["elements"] for e in section["elements"]]


def assert_slack_takes(message: Message) -> None:
    kinds = [block["type"] for block in message.blocks]
    assert 1 <= len(kinds) <= 50
    assert kinds.count("table") <= 1
    assert len(markdown(message)) <= 12_000
    assert 0 < len(message.text) <= 4_000
    for block in message.blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        for button in block["elements"] if block["type"] == "actions" else []:
            assert len(button["value"]) <= 2_000
            assert len(button["text"]["text"]) <= 75


def assert_harmless(message: Message) -> None:
    everything = json.dumps([message.text, message.blocks], ensure_ascii=False)
    assert not MENTION.search(everything)
    assert not re.search(r"\]\([^)]*evil", everything)
    for block in READER.parse(markdown(message)):
        for token in block.children or []:
            assert token.type == "code_inline" or "://evil" not in token.content
            assert "evil" not in str(token.attrs.get("href", ""))


@given(MARKDOWN, st.booleans(), st.booleans())
@SLOWLY
def test_any_answer_is_what_slack_takes_and_does_no_harm(
    text: str, writing: bool, private: bool
) -> None:
    whole = answer(text, citation(1), citation(2, url=f"{DOCS}/other"))
    messages = answer_messages(whole, TURN, writing=writing, private=private)
    for message in messages:
        assert_slack_takes(message)
        assert_harmless(message)
    assert [bool(buttons(m)) for m in messages] == [False] * (len(messages) - 1) + [True]


@given(MARKDOWN)
@SLOWLY
def test_any_part_of_an_answer_is_what_slack_takes_and_does_no_harm(text: str) -> None:
    for message in [*partial_messages(text, TURN), notice(text)]:
        assert_slack_takes(message)
        assert_harmless(message)
        assert f"]({DOCS}" not in markdown(message)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("So it is [1][2].", f"So it is [(1)]({DOCS}/a_%28b%29#x)[(2)]({DOCS}/c)."),
        ("Not ours: [3], `[1]`", "Not ours: [3], `[1]`"),
        ("a < b && c > d", "a &lt; b && c > d"),
        ("`Vec<T>` and Vec<T>", "`Vec<T>` and Vec&lt;T>"),
        ("<!channel> `<!here>`", f"&lt;{NOISE}!channel> `<{NOISE}!here>`"),
        (
            "\\<!channel> &lt;b&gt; &#60;b",
            "&lt;!channel> &lt;b&gt; &lt;b".replace("!", f"{NOISE}!"),
        ),
        ("[**b** `c`](https://docs.example.com/?a=1&b=2)", f"[**b** c]({DOCS}/?a=1&b=2)"),
        ("[a [b]](https://docs.example.com/x)", f"[a (b)]({DOCS}/x)"),
        ("![logo](https://docs.example.com/l.png)", f"[logo]({DOCS}/l.png)"),
        ("[![logo](l.png)](https://docs.example.com/l)", f"[logo]({DOCS}/l)"),
        ("<https://docs.example.com/x>", f"[docs.example.com/x]({DOCS}/x)"),
        ("At https://docs.example.com/a\\_b.", "At https://docs.example.com/a\\_b."),
        ("[r][x]\n\n[x]: https://docs.example.com/r", f"[r]({DOCS}/r)\n\n"),
        ("\\*literally\\* 1\\. \\[1]", "\\*literally\\* 1\\. \\[1]"),
        ("# Title [1]\n> - [x] done", f"# Title [(1)]({DOCS}/a_%28b%29#x)\n> - [x] done"),
    ],
)
def test_markdown_comes_out_right(text: str, shown: str) -> None:
    assert safe_markdown(text, LINKS) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [docs](https://evil.example/x).", "See docs (`evil.example/x`)."),
        ("See https://evil.example/?q=1, ok", "See `evil.example/?q=1`, ok"),
        ("**https://evil.example**", "**`evil.example`**"),
        ("www.evil.example", "`evil.example`"),
        ("<https://evil.example>", "`evil.example`"),
        ("<https://evil.example/x|docs>", "evil.example/x|docs (`evil.example/x%7Cdocs`)"),
        ("![x](https://evil.example/p.png)", "x (`evil.example/p.png`)"),
        ("[x](javascript:alert)", "[x] (javascript:alert)"),
        ("[x](https://[bad)", "x (`%5Bbad`)"),
        ("[x](ftp://docs.example.com)", "x (`docs.example.com`)"),
        ("[x](/relative)", "x (`/relative`)"),
        ("<me@mail.example>", "me@mail.example"),
        ("https\\://evil.example https&#58;//evil.example", "`evil.example` `evil.example`"),
        ("https://docs.example.com@evil.example", "`docs.example.com@evil.example`"),
        ("https://docs.example.com\\_.evil.example", "`docs.example.com\\_.evil.example`"),
        ("https://[bad https://[::1]/x", f"https:{NOISE}//[bad `[::1]/x`"),
        ("[https://evil.example](https://docs.example.com/x)", f"[evil.example]({DOCS}/x)"),
        ("`<https://evil.example|x>`", f"`<{NOISE}https://evil.example|x>`"),
        (
            "`[x](https://evil.example) [y](https://docs.example.com)`",
            f"`[x] (https://evil.example) [y]({DOCS})`",
        ),
        (
            "[[x](https://docs.example.com/x)](https://evil.example)",
            f"[[x]({DOCS}/x)] (`evil.example`)",
        ),
        ("~~~~ not\n[x](https://evil.example)", "``` not\n[x] (https://evil.example)\n```"),
        ("```\n<https://evil.example|x>\n```", f"```\n<{NOISE}https://evil.example|x>\n```"),
    ],
)
def test_a_link_to_where_no_citation_leads_is_text(text: str, shown: str) -> None:
    assert safe_markdown(text, LINKS) == shown


def test_links_wait_for_the_citations() -> None:
    shown = safe_markdown(f"[a]({DOCS}/a) and [b](https://evil.example) [1]", NOT_YET_KNOWN)
    assert shown == "a and b [1]"


def test_an_answer_has_its_text_its_sources_and_its_buttons() -> None:
    whole = answer("Set `port`. [1]", citation(peer_reviewed=True))
    [message] = answer_messages(whole, TURN)
    assert markdown(message) == f"Set `port`. [(1)]({DOCS}/server#ports)"
    assert [e["text"] for e in sources(message)] == [
        "Sources",
        "\n(1) ",
        "Server › Configuration › Ports",
        "\nThis source is peer-reviewed.",
    ]
    assert sources(message)[2]["url"] == f"{DOCS}/server#ports"
    assert buttons(message) == [FEEDBACK_UP, FEEDBACK_DOWN, SHOW_EVIDENCE]
    assert message.blocks[-1]["elements"][0]["value"] == str(TURN)
    assert message.text == "Set port. (1)"


def test_sources_are_marked_one_by_one_only_where_they_differ() -> None:
    first, second = citation(), citation(n=2, heading_path=("Ports",), peer_reviewed=True)
    [mixed] = answer_messages(answer("Yes. [1] [2]", first, second), TURN)
    marks = [e["text"] for e in sources(mixed) if "peer-reviewed" in e["text"]]
    assert marks == [" · not peer-reviewed", " · ✓ peer-reviewed"]
    [alike] = answer_messages(answer("Yes. [1] [2]", first, first), TURN)
    marks = [e["text"] for e in sources(alike) if "peer-reviewed" in e["text"]]
    assert marks == ["\nNone of these sources is peer-reviewed."]


def test_a_refusal_has_links_to_the_nearest_sections_and_no_sources() -> None:
    text = f"I could not find it. The nearest sections are:\n\n- [Ports]({DOCS}/server#ports)"
    [message] = answer_messages(answer(text, status=AnswerStatus.REFUSED), TURN)
    assert markdown(message) == text
    assert sources(message) == []
    assert buttons(message) == [FEEDBACK_UP, FEEDBACK_DOWN]


def test_a_private_answer_can_be_shared_and_one_in_the_making_stopped() -> None:
    whole = answer("Yes. [1]", citation())
    [private] = answer_messages(whole, TURN, private=True)
    assert buttons(private) == [FEEDBACK_UP, FEEDBACK_DOWN, SHOW_EVIDENCE, SHARE]
    [writing] = answer_messages(whole, TURN, writing=True)
    assert buttons(writing) == [STOP]


@pytest.mark.parametrize("url", ["", "file:///x", "https://[bad", "javascript:alert(1)"])
def test_a_source_that_is_not_on_the_web_is_named_without_a_link(url: str) -> None:
    odd = citation(url=url, title="", heading_path=())
    [message] = answer_messages(answer("Yes. [1]", odd), TURN)
    assert sources(message)[2] == {"type": "text", "text": "docs"}
    assert markdown(message) == "Yes. [1]"


def test_a_long_title_and_a_hostile_one_are_shown_as_they_are() -> None:
    titles = citation(1, title="<!channel> `*_", heading_path=()), citation(2, title="x" * 500)
    [message] = answer_messages(answer("Yes. [1][2]", *titles), TURN)
    texts = [e["text"] for e in sources(message) if e["type"] == "link"]
    assert texts == [f"<{NOISE}!channel> `*_", "x" * 149 + "…"]


def test_a_long_answer_goes_on_in_further_messages() -> None:
    paragraphs = [f"Paragraph {n}. " + "It goes on for a while. " * 20 for n in range(60)]
    messages = answer_messages(answer("\n\n".join(paragraphs), citation()), TURN)
    assert len(messages) == 3
    assert [bool(sources(m)) for m in messages] == [False, False, True]
    shown = "\n\n".join(map(markdown, messages))
    assert all(f"Paragraph {n}." in shown for n in range(60))


def test_an_answer_of_many_small_blocks_keeps_below_fifty() -> None:
    text = "\n\n".join(f"## Step {n}\n\n`run {n}`" for n in range(60))
    messages = answer_messages(answer(text), TURN)
    assert len(messages) > 2
    assert all(markdown(m).count("\n\n") < 40 for m in messages)


def test_sources_that_do_not_fit_under_the_text_come_in_a_message_of_their_own() -> None:
    text = "\n\n".join(["word " * 590] * 4)
    *_, last = answer_messages(answer(text, *(citation(n) for n in range(1, 9))), TURN)
    assert [block["type"] for block in last.blocks] == ["rich_text", "actions"]
    assert last.text == "More of the answer"


TABLE = f"| Option | Default |\n|---|--:|\n| **`port`** [1] | [8080]({DOCS}/d) |\n| | <!here> |"


def test_a_table_is_slacks_own_with_its_formatting_and_links() -> None:
    [message] = answer_messages(answer(f"Options:\n\n{TABLE}\n\nDone.", citation()), TURN)
    assert_slack_takes(message)
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["markdown", "table", "markdown", "rich_text", "actions"]
    table = message.blocks[1]
    port = {"type": "text", "text": "port", "style": {"bold": True, "code": True}}
    mark = {"type": "link", "text": "[1]", "url": f"{DOCS}/server#ports"}
    default = {"type": "link", "text": "8080", "url": f"{DOCS}/d"}
    assert cell(table, 1, 0) == [port, {"type": "text", "text": " "}, mark]
    assert cell(table, 1, 1) == [default]
    assert table["rows"][2][0] == {"type": "raw_text", "text": " "}
    assert cell(table, 2, 1) == [{"type": "text", "text": f"<{NOISE}!here>"}]
    assert [column["align"] for column in table["column_settings"]] == ["left", "right"]


def cell(table: dict[str, Any], row: int, column: int) -> list[dict[str, Any]]:
    [section] = table["rows"][row][column]["elements"]
    elements: list[dict[str, Any]] = section["elements"]
    return elements


def test_a_foreign_link_in_a_table_is_text() -> None:
    text = "| A |\n|---|\n| [x](https://evil.example/x) *https://evil.example* |"
    [message] = answer_messages(answer(text, citation()), TURN)
    assert cell(message.blocks[0], 1, 0) == [
        {"type": "text", "text": "x"},
        {"type": "text", "text": " "},
        {"type": "text", "text": "evil.example", "style": {"italic": True}},
    ]


def test_a_second_table_is_readable_text_as_slack_takes_one() -> None:
    [message] = answer_messages(answer(f"{TABLE}\n\nand\n\n{TABLE}", citation()), TURN)
    assert [block["type"] for block in message.blocks][:3] == ["table", "markdown", "markdown"]
    assert "Option    Default\n--------" in message.blocks[2]["text"]


@pytest.mark.parametrize(
    "table",
    [
        "| A |\n|---|\n" + "| a |\n" * 100,
        "|" + " A |" * 21 + "\n|" + "---|" * 21,
        "| A |\n|---|\n" + f"| {'long ' * 50} |\n" * 60,
    ],
)
def test_a_table_that_is_too_large_for_slack_is_readable_text(table: str) -> None:
    messages = answer_messages(answer(table), TURN)
    assert all(block["type"] != "table" for m in messages for block in m.blocks)
    for message in messages:
        assert_slack_takes(message)


def test_what_is_being_written_can_be_stopped_and_begins_with_a_status() -> None:
    [message] = partial_messages("", TURN)
    assert markdown(message) == "Searching the docs…"
    assert buttons(message) == [STOP]


def test_what_is_being_written_only_grows() -> None:
    claims = ["Set `port` in **docent.toml**. [1]", "\n\n- one\n", "- two\n", f"\n\n{TABLE}\n"]
    shown = [
        markdown(partial_messages("".join(claims[:n]), TURN)[0]) for n in range(1, len(claims) + 1)
    ]
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))


def test_a_notice_is_one_message() -> None:
    assert notice("Run `docent sync`.").blocks == [
        {"type": "markdown", "text": "Run `docent sync`."}
    ]
    assert notice("").text == "…"
    assert len(notice("a & <b>").text) == len("a &amp; &lt;b&gt;")
    assert len(notice("word " * 5_000).blocks) == 1
