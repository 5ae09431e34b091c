from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.markdown import (
    DISCORD_MESSAGE,
    Table,
    as_text,
    block_count,
    plain_text,
    rewrite,
    spans,
    split,
    with_tables,
    without_mentions,
)
from tests.support.markdown_texts import DOCUMENTS, MARKDOWN

READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
SLOWLY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def words(*texts: str) -> list[str]:
    return [c for text in texts for c in text if c.isalnum()]


def in_order(some: Iterable[str], every: Iterable[str]) -> bool:
    rest = iter(every)
    return all(each in rest for each in some)


def leaves_nothing_open(text: str) -> bool:
    tokens = READER.parse(f"{text}\n\nthe end")
    return [token.content for token in tokens[-2:]] == ["the end", ""] and tokens[-1].level == 0


def html(text: str) -> str:
    return str(READER.render(text))


@given(MARKDOWN, st.sampled_from([300, 900, DISCORD_MESSAGE.characters]))
@SLOWLY
def test_any_markdown_is_split_within_the_limit_with_its_fences_balanced_and_nothing_lost(
    text: str, limit: int
) -> None:
    assume("]:" not in text)  # the definition of a link is no text
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert all(leaves_nothing_open(piece) for piece in pieces)
    assert in_order(words(text), words(*pieces))
    assert [again for piece in pieces for again in split(piece, limit)] == pieces


@given(DOCUMENTS)
@SLOWLY
def test_no_piece_has_more_blocks_than_a_message_may(text: str) -> None:
    assert all(block_count(piece) <= 12 for piece in split(text, 5_000, blocks=12))


@given(MARKDOWN)
@SLOWLY
def test_what_fits_and_is_whole_is_left_as_it_is(text: str) -> None:
    assume("\r" not in text and "\0" not in text and text.strip())
    assume("fence" not in {token.type for token in READER.parse(text)})
    assert split(text, 100_000) == [text]


def test_a_code_block_goes_on_in_the_next_piece_in_its_language() -> None:
    code = "\n".join(f"print({n})" for n in range(60))
    first, *others = split(f"Run this:\n\n```python\n{code}\n```\n\nDone.", 300)
    assert first == "Run this:"
    assert all(piece.startswith("```python\nprint(") for piece in others)
    assert [p.count("```") for p in others] == [2] * len(others)
    assert others[-1].endswith("```\n\nDone.")


def test_a_code_block_that_was_broken_off_is_closed() -> None:
    assert split("Like so:\n\n```sh\nmake", 2_000) == ["Like so:\n\n```sh\nmake\n```"]


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    code = "\n".join(["```", "text", "```"] * 30)
    assert all(p.startswith("````md\n") for p in split(f"````md\n{code}\n````", 250))


@pytest.mark.parametrize(
    ("opening", "closed"),
    [
        ("> ```\n> code\n\nafter", "> ```\n> code\n> ```\n\nafter"),
        ("- ```\n  code\n\nafter", "- ```\n  code\n  ```\n\nafter"),
        ("```", "```\n```"),
    ],
)
def test_a_fence_is_closed_inside_its_quote_or_item(opening: str, closed: str) -> None:
    assert split(opening, 2_000) == [closed]


def test_a_tables_header_stands_over_each_part_of_it() -> None:
    rows = "\n".join(f"| option_{n} | what it does, number {n} |" for n in range(20))
    pieces = split(f"| Option | Meaning |\n| --- | --- |\n{rows}", 250)
    assert len(pieces) > 3
    assert all(p.startswith("| Option | Meaning |\n| --- | --- |\n| option_") for p in pieces)
    assert all(html(piece).count("<table>") == 1 for piece in pieces)


def test_a_list_is_cut_between_its_items() -> None:
    items = [f"- item {n} with a few words\n  - and one below it" for n in range(12)]
    pieces = split("\n".join(items), 200)
    assert "\n".join(pieces) == "\n".join(items)
    assert all(piece.startswith("- item") for piece in pieces)


def test_an_item_that_is_too_long_is_cut_and_what_follows_stays_an_item() -> None:
    long = "The first step needs some words. " * 12
    pieces = split(f"10. {long}\n\n    ```sh\n    make\n    ```\n11. next", 250)
    assert pieces[0].startswith("10. The first")
    assert pieces[-1].startswith(("The", "```sh\nmake\n```", "words"))
    assert pieces[-1].endswith("11. next")
    assert all("    ```" not in piece for piece in pieces)


def test_a_quote_is_a_quote_in_each_piece() -> None:
    text = "> " + "\n> ".join(f"Line {n} of what the docs say." for n in range(20))
    assert all(line.startswith("> ") for p in split(text, 200) for line in p.split("\n"))


@pytest.mark.parametrize(
    "whole",
    [
        "[the settings of a server](https://docs.example.com/settings?a=1#server)",
        "`docker compose up --detach --wait`",
        "<https://docs.example.com/a/long/address/of/a/page>",
    ],
)
@pytest.mark.parametrize("filler", [150, 170, 185, 195])
def test_a_link_and_code_are_never_torn(whole: str, filler: int) -> None:
    words = "word " * (filler // 5)
    assert sum(whole in piece for piece in split(f"{words}{whole} and more of it.", 200)) == 1


def test_a_citation_stays_with_its_sentence() -> None:
    text = "The port is set in the file.[1][2] " * 30
    assert all(piece.endswith("file.[1][2]") for piece in split(text, 200))


def test_emphasis_is_closed_and_opened_again() -> None:
    pieces = split("**" + "Never do *this or that* at all, " * 20 + "please.**", 200)
    assert len(pieces) > 2
    assert all(html(p).startswith("<p><strong>Never") or "<strong>" in html(p) for p in pieces)
    assert not any("*" in html(piece) for piece in pieces)


def test_a_text_without_spaces_is_cut_after_its_sentences() -> None:
    pieces = split("部署完成后请检查日志。" * 40, 200)
    assert all(piece.endswith("。") for piece in pieces)


def test_a_cut_never_makes_a_list_or_a_heading_of_prose() -> None:
    pieces = split("the sum of 12 - 3 + 4 # 5 1. is more than " * 12, 200)
    assert all(html(piece).startswith("<p>") for piece in pieces)


def test_a_heading_goes_with_what_it_leads() -> None:
    text = f"{'Some words. ' * 14}\n\n## Next\n\n{'More words. ' * 8}"
    assert [piece.split("\n")[0][:7] for piece in split(text, 200)] == ["Some wo", "## Next"]


def test_reference_links_work_in_every_piece() -> None:
    text = (
        f"See [the guide][g].\n\n{'Words. ' * 40}\n\nAgain [g].\n\n[g]: https://docs.example.com/g"
    )
    pieces = split(text, 250)
    assert pieces[0].startswith("See [the guide](<https://docs.example.com/g>).")
    assert "[g](<https://docs.example.com/g>)" in pieces[-1]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_nothing_is_split_into_nothing(text: str) -> None:
    assert split(text, 200) == []


def test_a_limit_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="below 200"):
        split("text", 100)


def test_a_link_that_is_longer_than_a_message_is_cut_all_the_same() -> None:
    pieces = split(f"[x](https://docs.example.com/{'a' * 500})", 200)
    assert max(map(len, pieces)) <= 200
    assert "".join(pieces).count("a") >= 500


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> <!here|x>", "<\u200b!channel> <\u200b!here|x>"),
        ("<@U123> <@!1> <@&2> <#C1|x>", "<\u200b@U123> <\u200b@!1> <\u200b@&2> <\u200b#C1|x>"),
        ("`<!subteam^S1>`", "`<\u200b!subteam^S1>`"),
        ("@everyone and @HERE", "@\u200beveryone and @\u200bHERE"),
        ("[@here](https://a.example/@here)", "[@\u200bhere](https://a.example/@here)"),
        ("`npm i @here/maps`", "`npm i @here/maps`"),
        ("<!-- a comment --> <!DOCTYPE html>", "<!-- a comment --> <!DOCTYPE html>"),
        ("```\n<!everyone> @here\n```", "```\n<\u200b!everyone> @here\n```"),
        ("#include <vector>", "#include <vector>"),
    ],
)
def test_a_mention_is_shown_and_notifies_nobody(text: str, shown: str) -> None:
    assert without_mentions(text) == shown


@given(MARKDOWN)
@SLOWLY
def test_rewriting_nothing_changes_nothing(text: str) -> None:
    assume("]:" not in text)
    same = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert rewrite(text, lambda span: span.source) == same


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("# a `a` a", "# B `a` B"),
        ("a\n===\n\n- a\n  > a\n  a `a`", "B\n===\n\n- B\n  > B\n  B `a`"),
        ("```a\na\n```\n\n    a", "```a\na\n```\n\n    a"),
        ("| a | `a` |\n|---|---|\n| a | a |", "| B | `a` |\n|---|---|\n| B | B |"),
        ("-\ta\n\n\ta", "-\tB\n\n\tB"),
        ("a [a](a) <https://a.b>", "B [a](a) <https://a.b>"),
    ],
)
def test_only_prose_is_rewritten(text: str, rewritten: str) -> None:
    assert rewrite(
        text, lambda s: s.source.replace("a", "B") if s.kind == "text" else s.source
    ) == (rewritten)


def test_spans_know_links_images_and_addresses() -> None:
    found = [
        (s.kind, s.label, s.url) for s in spans("a [b *c*](https://d) ![e](f) <https://g> `h`")
    ]
    assert [f for f in found if f[0] != "text"] == [
        ("link", "b *c*", "https://d"),
        ("link", "e", "f"),
        ("link", "https://g", "https://g"),
        ("code", "", ""),
    ]


def test_tables_are_taken_out_with_their_formatting() -> None:
    before, table, after = with_tables(
        "Before\n\n| A | B |\n|:-:|--:|\n| `x \\| y` | [z] |\n\nAfter\n\n[z]: https://docs.example.com"
    )
    assert (before, after) == ("Before\n", "\nAfter\n\n")
    assert table == Table(
        rows=(("A", "B"), ("`x | y`", "[z](<https://docs.example.com>)")),
        alignments=("center", "right"),
    )


def test_a_table_is_readable_without_tables() -> None:
    small = Table((("Option", "Default"), ("**port**", "`8080`")), ("left", "left"))
    assert as_text(small) == "```\nOption  Default\n------  -------\nport    8080\n```"
    wide = Table((("Option", "Meaning"), ("`port`", "words " * 20)), ("left", "left"))
    assert as_text(wide) == f"- Option: `port`; Meaning: {'words ' * 20}"


def test_plain_text_has_no_markup() -> None:
    text = "# Title\n\nSome **bold** [text](https://x.example).\n\n- `a`\n- b\n\n```sh\nmake\n```"
    assert plain_text(text) == "Title\nSome bold text.\na\nb\nmake"
