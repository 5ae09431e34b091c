import re
from math import ceil

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.ingestion.chunking import ChunkSettings, chunk
from core.ingestion.token_estimate import estimate_tokens
from core.model import Chunk, Document, Section

WORD = "lorem "  # one token


def a_document(*sections: Section, title: str = "T") -> Document:
    return Document(path="a.md", title=title, sections=sections)


def chunks_of(text: str, limit: int = 20) -> list[str]:
    """The texts of the chunks of one section; the title leaves it `limit` tokens."""
    document = a_document(Section("", "", 0, text), title="T")
    return [c.text for c in chunk(document, "docs", ChunkSettings(max_tokens=limit + 1))]


def words(count: int, end: str = ".") -> str:
    return (WORD * count).strip() + end


def test_a_chunk_knows_where_it_stands() -> None:
    document = a_document(
        Section("", "", 0, "preface"),
        Section("T", "t", 1, "intro", (Section("A", "a", 2, "", (Section("B", "b", 3, "x"),)),)),
        Section("C", "c", 1, "y"),
    )
    assert chunk(document, "docs") == (
        Chunk("docs", "a.md", "T", (), "", 0, "preface"),
        Chunk("docs", "a.md", "T", (), "t", 0, "intro"),
        Chunk("docs", "a.md", "T", ("A", "B"), "b", 0, "x"),
        Chunk("docs", "a.md", "T", ("C",), "c", 0, "y"),
    )


def test_a_section_that_repeats_the_title_below_the_top_keeps_it_in_its_path() -> None:
    document = a_document(Section("A", "a", 1, "", (Section("T", "t", 2, "x"),)))
    assert chunk(document, "docs")[0].heading_path == ("A", "T")


def test_the_chunks_of_a_section_are_counted_from_0() -> None:
    document = a_document(
        Section("A", "a", 1, f"{words(90)}\n\n{words(90)}\n\n{words(90)}"),
        Section("B", "b", 1, "x"),
    )
    assert [(c.anchor, c.ordinal) for c in chunk(document, "docs", ChunkSettings(100))] == [
        ("a", 0),
        ("a", 1),
        ("a", 2),
        ("b", 0),
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (words(10), [words(10)]),
        ("\n\n".join([words(5)] * 3), ["\n\n".join([words(5)] * 3)]),
        ("\n\n".join([words(8)] * 3), ["\n\n".join([words(8)] * 2), words(8)]),
        ("\n\n".join([words(8)] * 4), ["\n\n".join([words(8)] * 2)] * 2),
        (f"{words(15)} {words(15)}", [words(15)] * 2),
        (words(30, end=""), [words(15, end="")] * 2),
        ("- " + words(9) + "\n- " + words(9), ["- " + words(9), "- " + words(9)]),
        (f"1. {words(8)}\n\n2. {words(4)}", [f"1. {words(8)}\n\n2. {words(4)}"]),
        ("漢字。" * 10, ["漢字。" * 5] * 2),
    ],
)
def test_text_is_cut_where_it_hurts_least_into_pieces_of_one_size(
    text: str, pieces: list[str]
) -> None:
    assert chunks_of(text) == pieces


def test_a_word_too_long_for_a_piece_is_cut_between_characters() -> None:
    pieces = chunks_of("x" * 1_000)
    assert "".join(pieces) == "x" * 1_000
    assert len(pieces) == 9


def test_a_fence_or_table_that_fits_is_whole() -> None:
    fence = "```py\n" + "a = 1\n\n\n" * 3 + "```"
    table = "| a | b |\n|---|---|\n| c | d |"
    pieces = chunks_of(f"{words(15)}\n\n{fence}\n\n{words(15)}\n\n{table}", 25)
    assert pieces == [words(15), fence, words(15), table]


def test_a_long_fence_is_cut_between_lines_and_each_piece_is_a_fence() -> None:
    fence = "~~~ py\n" + "".join(f"line {n}\n" for n in range(12)) + "~~~"
    assert chunks_of(fence) == [
        "~~~ py\n" + "".join(f"line {n}\n" for n in lines) + "~~~"
        for lines in (range(6), range(6, 12))
    ]


def test_a_long_fence_begins_in_the_chunk_of_the_text_before_it() -> None:
    first, second = chunks_of("See:\n\n```\n" + "a b c\n" * 8 + "```", 22)
    assert first == "See:\n\n```\n" + "a b c\n" * 4 + "```"
    assert second == "```\n" + "a b c\n" * 4 + "```"


def test_a_long_table_is_cut_between_rows_and_each_piece_has_the_header() -> None:
    header = "| a | b |\n| - | - |\n"
    table = header + "\n".join(f"| {n} | x |" for n in range(6))
    assert chunks_of(table, 30) == [
        header + "\n".join(f"| {n} | x |" for n in rows) for rows in (range(3), range(3, 6))
    ]


def test_a_row_or_header_too_long_for_a_table_is_cut_as_prose() -> None:
    header = "| a | b |\n| - | - |\n"
    row = f"| {WORD * 22}|"
    assert chunks_of(f"{header}{row}\n| c | d |", 30) == [row, header + "| c | d |"]
    assert chunks_of(f"| {WORD * 12}|\n| - |\n| {WORD * 12}|") == [
        f"| {WORD * 12}|\n| - |",
        f"| {WORD * 12}|",
    ]


def test_a_line_too_long_for_a_piece_is_cut_between_words() -> None:
    code = chunks_of(f"```\n{WORD * 20}\n```")
    assert code == ["```\n" + (WORD * 10) + "\n```"] * 2
    assert all(estimate_tokens(piece) <= 20 for piece in code)


def test_a_cut_line_cannot_close_its_fence() -> None:
    pieces = chunks_of("```\n" + WORD * 12 + "``` x\n```", 20)
    assert all(piece.startswith("````\n") and piece.endswith("\n````") for piece in pieces)


def test_the_end_of_an_open_fence_is_added() -> None:
    assert chunks_of("a\n\n~~~~ py\nx\n~~~") == ["a\n\n~~~~ py\nx\n~~~\n~~~~"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "1. " + words(9) + "\n\n   ```py\n   code\n   ```\n\n   " + words(9) + "\n2. next",
            ["1. " + words(9) + "\n\n```py\ncode\n```", words(9) + "\n\n2. next"],
        ),
        (
            "-\t" + words(6) + "\n\t- " + words(6) + "\n\t- " + words(6),
            ["-   " + words(6), "- " + words(6) + "\n- " + words(6)],
        ),
        ("> " + words(15) + "\n>\n> " + words(15), [words(15)] * 2),
        ("    a b c\n" * 8, ["```\n" + "a b c\n" * 4 + "```"] * 2),
        ("-\n  " + words(9) + "\n\n  " + words(9), ["- " + words(9), words(9)]),
        (
            "- ```\n" + "  a b c\n" * 8 + "  ```",
            ["```\n" + "a b c\n" * 4 + "```"] * 2,
        ),
    ],
)
def test_what_is_nested_is_cut_by_its_own_blocks(text: str, pieces: list[str]) -> None:
    assert chunks_of(text) == pieces


def test_an_introduction_goes_with_what_it_introduces() -> None:
    code = "```\n" + "a b c d e\n" * 2 + "```"
    assert chunks_of(f"{words(9)}\n\nFor example:\n\n{code}", 22) == [
        words(9),
        f"For example:\n\n{code}",
    ]


def test_headings_count_as_part_of_a_chunk_but_leave_half_of_it_to_the_text() -> None:
    heading = words(50, end="")
    document = a_document(Section(heading, "a", 1, f"{words(8)} {words(8)}"))
    texts = [c.text for c in chunk(document, "docs", ChunkSettings(max_tokens=20))]
    assert texts == [words(8), words(8)]


def test_a_section_without_text_gives_no_chunk() -> None:
    assert chunk(a_document(Section("A", "a", 1, " \n")), "docs") == ()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a word", 2),
        ("tokenisation", 2),
        ("a, b", 3),
        ("snake_case", 3),
        ("漢字かな", 4),
        ("한국어", 3),
        (" " * 64, 2),
        ("\n\n", 0),
    ],
)
def test_tokens_are_estimated(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


PARTS = st.sampled_from(
    [
        *("word ", "longer-word ", "Sentence. ", "For example:\n", "漢字。", "x" * 60, "`c` "),
        *("\n", "\n\n", "- ", "  - ", "1. ", "> ", "    ", "\t", "# ", "---\n", "[a]: b\n"),
        *("```\n", "```py\n", "~~~\n", "````\n", "  ```\n", "``` x ", "code()\n" * 9),
        *("| a | b |\n", "| - | - |\n", "|c|d|\n" * 9, "<div>\n", "</div>\n", "<pre>\n", "\\"),
    ]
)
TEXTS = st.lists(
    PARTS | st.text(st.characters(exclude_characters="\r"), max_size=3), max_size=60
).map("".join)
LIMITS = st.integers(min_value=12, max_value=60)


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


def open_fences(text: str) -> list[str]:
    """The fences of the outermost level that do not end with their marker."""
    lines = text.split("\n")
    return [
        token.markup
        for token in MarkdownIt("commonmark").parse(text)
        if token.type == "fence" and token.level == 0 and token.map
        if not re.fullmatch(rf" {{0,3}}{token.markup}[`~]*\s*", lines[token.map[1] - 1])
        or token.map[1] - token.map[0] == 1
    ]


def is_in_order(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in part)


@given(TEXTS, LIMITS)
@example("```\n" + "```py x\n" * 30, 12)
@example("- ```\n  " + "code " * 40 + "\n  ```", 12)
@example("> ```\n> " + "code " * 40, 12)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_chunks_hold_all_the_text_are_valid_and_within_the_limit(text: str, limit: int) -> None:
    document = a_document(Section("", "", 0, text), title="T")
    chunks = chunk(document, "docs", ChunkSettings(max_tokens=limit + 1))
    joined = "\n".join(c.text for c in chunks)
    assert is_in_order(letters(text), letters(joined))
    assert all(c.text.strip() for c in chunks)
    assert [c.text for c in chunks if open_fences(c.text)] == []
    assert [c.text for c in chunks if estimate_tokens(c.text) > limit] == []
    assert len({c.key for c in chunks}) == len(chunks)
    assert chunks == chunk(document, "docs", ChunkSettings(max_tokens=limit + 1))


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5))
def test_chunks_of_equal_text_have_keys_of_their_own(anchors: list[str]) -> None:
    sections = [Section("Same", f"{a}-{n}", 1, words(50)) for n, a in enumerate(anchors)]
    chunks = chunk(a_document(*sections), "docs", ChunkSettings(max_tokens=20))
    assert len({c.key for c in chunks}) == len(chunks) > len(anchors)


@given(st.lists(st.text(alphabet="aß漢_.- \t\n`", max_size=40), max_size=6))
def test_a_text_is_never_estimated_above_its_parts(parts: list[str]) -> None:
    assert estimate_tokens("".join(parts)) <= sum(map(estimate_tokens, parts))


@given(st.lists(st.text(alphabet="ab1_- \t部ü"), min_size=1))
def test_the_lines_of_a_text_count_one_by_one(lines: list[str]) -> None:
    assert estimate_tokens("\n".join(lines)) == sum(map(estimate_tokens, lines))


@given(st.text("aZ9_ß漢한ü.- \t\n\r\x1c\x85\u2003✨½") | st.text(st.characters()))
@example("letters" * 3)
@example(" " * 31 + "\n" + "\t" * 33)
def test_a_word_counts_by_sevens_white_space_by_32_and_all_else_one_by_one(text: str) -> None:
    words = re.findall(r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+", text)
    gaps = sum(len(gap) // 32 for gap in re.findall(r"[ \t]+", text))
    others = len(re.findall(r"\S", text)) - sum(map(len, words))
    assert estimate_tokens(text) == sum(ceil(len(w) / 7) for w in words) + gaps + others


def test_a_long_line_counts_like_others() -> None:
    assert estimate_tokens(WORD * 1_000) == 1_000
