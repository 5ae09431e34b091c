"""Hypothesis strategies for Markdown: well-formed documents, and strings of its signs."""

from __future__ import annotations

from hypothesis import strategies as st

TEXT = (
    "install the settings file and run it again with a database url, then: read (or skip) §3. "
    "Fine! Why? naïve 部署完成。 x_y a*b 5 - 3 <div> a<b @everyone @here v1.2 #1 | ~"
)
WORDS = st.sampled_from(TEXT.split(" "))
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


def _inline(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        inner.map(lambda t: f"**{t}**"),
        inner.map(lambda t: f"*{t}*"),
        inner.map(lambda t: f"~~{t}~~"),
        inner.map(lambda t: f"[{t}](https://docs.example.com/a_(b)?x=1&y=2#z)"),
        st.lists(inner, min_size=2, max_size=4).map(" ".join),
    )


HOSTILE = st.sampled_from(
    [
        "<!channel>", "<!here|here>", "<!everyone>", "<@U123ABC>", "<@!42>", "<@&42>", "<#C42|x>",
        "<!subteam^S1|team>", "@everyone", "@here", "&lt;!channel&gt;", "\\<!channel>",
        "<https://evil.example/x|docs>", "https://evil.example/?q=secret", "<https://evil.example>",
        "[docs](https://evil.example/x)", "![i](https://evil.example/x.png)", "www.evil.example",
        "https://docs.example.com\\_.evil.example/", "[x](javascript:alert(1))",
    ]
)  # fmt: skip
MARKS = st.integers(1, 12).map(lambda n: f"[{n}]")
CODE_SPANS = st.lists(WORDS, min_size=1, max_size=4).map(lambda words: f"`` {' '.join(words)} ``")
INLINE = st.recursive(SENTENCES | MARKS | CODE_SPANS | HOSTILE, _inline, max_leaves=8)
PARAGRAPHS = st.lists(INLINE, min_size=1, max_size=12).flatmap(
    lambda parts: st.sampled_from([" ", "\n"]).map(lambda gap: gap.join(parts))
)
CODE_LINES = st.lists(
    SENTENCES | st.sampled_from(["", "    indented", "``", "#!/bin/sh", "x" * 700]), max_size=40
)


@st.composite
def fences(draw: st.DrawFn) -> str:
    ticks = draw(st.sampled_from(["```", "````", "~~~"]))
    info = draw(st.sampled_from(["", "python", " sh title=x"]))
    closing = draw(st.sampled_from([ticks, ticks, ""]))
    return "\n".join([ticks + info, *draw(CODE_LINES), closing]).rstrip("\n")


@st.composite
def tables(draw: st.DrawFn) -> str:
    columns = draw(st.integers(1, 4))
    cell = INLINE.map(lambda t: t.replace("\n", " ").replace("|", "\\|"))
    row = st.lists(cell, min_size=columns, max_size=columns).map(lambda c: f"| {' | '.join(c)} |")
    rows = draw(st.lists(row, max_size=30))
    return "\n".join([draw(row), "|" + " --- |" * columns, *rows])


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def items(marker: str) -> st.SearchStrategy[str]:
        pad = " " * len(marker)
        return st.lists(inner, min_size=1, max_size=5).map(
            lambda parts: "\n".join(marker + part.replace("\n", "\n" + pad) for part in parts)
        )

    return st.one_of(
        items("- "),
        items("10. "),
        inner.map(lambda t: "> " + t.replace("\n", "\n> ")),
        st.lists(inner, min_size=2, max_size=5).map("\n\n".join),
    )


HEADINGS = st.tuples(st.integers(1, 6), SENTENCES).map(lambda h: f"{'#' * h[0]} {h[1]}")
BLOCKS = st.recursive(
    PARAGRAPHS | HEADINGS | fences() | tables() | st.just("---"), _blocks, max_leaves=6
)
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=6).map("\n\n".join)
SIGNS = st.text(
    st.sampled_from("ab1 \n\n\t`~*_[]()<>!#|-:>.\\&@+=/\"'x{}^\u00a0\u2028é部"), max_size=900
)
MARKDOWN = DOCUMENTS | SIGNS | st.text(max_size=900)
