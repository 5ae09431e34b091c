import pytest

from core.ingestion.parsing.headings import read_heading
from core.ingestion.parsing.markdown import markdown_sections
from core.ingestion.parsing.markup import strip_markup
from core.model import Section


def outline(sections: tuple[Section, ...]) -> list[object]:
    return [
        (s.heading, outline(s.children)) if s.children else s.heading or s.text for s in sections
    ]


def flat(sections: tuple[Section, ...]) -> list[Section]:
    return [s for section in sections for s in (section, *flat(section.children))]


def text_of(markdown: str) -> str:
    (section,) = markdown_sections(markdown)
    return section.text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# A\n## B\n### C\n## D\n# E", [("A", [("B", ["C"]), "D"]), "E"]),
        ("A\n=\n\nB\n-\ntext", [("A", ["B"])]),
        ("Two\nlines\n===\nx", ["Two lines"]),
        ("preface\n\n# A", ["preface", "A"]),
        ("### C\n# A\n### B\n## D", ["C", ("A", ["B", "D"])]),
        ("```\n# no\n```\n# A", ["```\n# no\n```", "A"]),
        ("~~~~\n~~~\n# no\n~~~~", ["~~~~\n~~~\n# no\n~~~~"]),
        ("    # no\n\n# A", ["```\n# no\n```", "A"]),
        ("<div>\n# no\n</div>\n\n# A", ["# no", "A"]),
        ("<!--\n# no\n\n# no\n-->\n# A", ["A"]),
        ("> # no\n\n- # no\n\n# A", ["> # no\n\n- # no", "A"]),
        ("#no\n\\# no\n####### no", ["#no\n\\# no\n####### no"]),
        ("# A #\n#\n", ["A", ""]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_a_document_is_cut_at_its_headings(markdown: str, expected: list[object]) -> None:
    assert outline(markdown_sections(markdown)) == expected


@pytest.mark.parametrize(
    ("source", "text", "slug_source", "anchor"),
    [
        ("Plain", "Plain", "Plain", None),
        ("The `code` *and* **more** ~~x~~", "The code and more x", "The code and more x", None),
        ("A [link](http://x.org) here", "A link here", "A link here", None),
        ("Tags <b>in</b> here", "Tags in here", "Tags in here", None),
        ("&amp; \\*escaped\\*", "& *escaped*", "& *escaped*", None),
        ("![alt](x.png) Title", "Title", " Title", None),
        ("![Docent](logo.png)", "Docent", "", None),
        ("Title [¶](#title)", "Title", "Title", None),
        ('[#](#title "Link") Title', "Title", "Title", None),
        ("Title [](#title)", "Title", "Title", None),
        ("See [#](http://x.org)", "See #", "See #", None),
        ("Title { #my-id }", "Title", "Title", "my-id"),
        ("Title {#my.id}", "Title", "Title", "my.id"),
        ("Title {: #my-id .big data-x=1 }", "Title", "Title", "my-id"),
        ("Title {.big}", "Title", "Title", None),
        ("Title {/* #my-id */}", "Title", "Title", "my-id"),
        ("Use {name}", "Use {name}", "Use {name}", None),
        ("Use {#a b}", "Use {#a b}", "Use {#a b}", None),
        ("Code `{#x}`", "Code {#x}", "Code {#x}", None),
    ],
)
def test_a_heading_is_read_for_its_words_and_its_anchor(
    source: str, text: str, slug_source: str, anchor: str | None
) -> None:
    heading = read_heading(source)
    assert (heading.text, heading.slug_source, heading.explicit_anchor) == (
        text,
        slug_source,
        anchor,
    )


def test_anchors_are_unique_and_an_explicit_one_wins() -> None:
    sections = flat(markdown_sections("# Use\n# Use\n# Set up { #use }\n# Café 🚀 `x()`"))
    assert [(s.heading, s.anchor) for s in sections] == [
        ("Use", "use-1"),
        ("Use", "use-2"),
        ("Set up", "use"),
        ("Café 🚀 x()", "café--x"),
    ]


def test_a_heading_in_a_quote_takes_an_anchor_though_it_cuts_nothing() -> None:
    sections = flat(markdown_sections("> # Note\n\n# Note"))
    assert [s.anchor for s in sections] == ["", "note-1"]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a <!-- hidden --> b", "a  b"),
        ("<!-- hidden -->\n\ntext", "text"),
        ("<!--\nhidden\n\nhidden\n-->\ntext", "text"),
        ("a `<!-- shown -->` b", "a `<!-- shown -->` b"),
        ("```html\n<!-- shown -->\n<b>x</b>\n```", "```html\n<!-- shown -->\n<b>x</b>\n```"),
        ("    <b>code</b>", "```\n<b>code</b>\n```"),
        ('an <abbr title="x">API</abbr> and <T>', "an API and <T>"),
        ('<a href="x"\n  title="y">two</a> lines', "two lines"),
        ('<div class="x">\n\ninner\n\n</div>', "inner"),
        ("<details>\n    <summary>More</summary>\n</details>\ntext", "More\ntext"),
        ("<script>\nlet x;\n\nlet y;\n</script>\n\ntext", "text"),
        ("<style>a {}</style>", ""),
        ("<pre>\n<b>x</b>\n</pre>", "<pre>\n<b>x</b>\n</pre>"),
        ("| a | b |\n| - | - |\n| <b>1</b> | x<br>y |", "| a | b |\n| - | - |\n| 1 | x y |"),
        ("a\n\n---\n\nb", "a\n\n\nb"),
        ("- <b>x</b>\n  y\n- z", "- x\n  y\n- z"),
        ("see <https://x.org> and <me@x.org>", "see <https://x.org> and <me@x.org>"),
        ("```\na\n\n\n\nb\n```", "```\na\n\n\n\nb\n```"),
        ("So:\n\n    if a:\n\n\tb\n\n\nThen.", "So:\n\n```\nif a:\n\nb\n```\n\n\nThen."),
        ("    a ``` b ```` c", "`````\na ``` b ```` c\n`````"),
        (
            "    The tea is brewed at four, daily. Ask.",
            "    The tea is brewed at four, daily. Ask.",
        ),
        (
            "    The tea is brewed by\n    Ann (at four). More.",
            "    The tea is brewed by\n    Ann (at four). More.",
        ),
        ("    See the [guide](x.md), `b` and c.", "    See the [guide](x.md), `b` and c."),
        ("    FROM python AS base of all.", "```\nFROM python AS base of all.\n```"),
        ("a\n\n    \u00a0\n\nb", "a\n\n\nb"),
        ("    # The tea is brewed here.\n    a", "```\n# The tea is brewed here.\na\n```"),
        ("- so\n\n      if a:\n", "- so\n\n      if a:"),
        ("> so\n>\n>     if a:", "> so\n>\n>     if a:"),
    ],
)
def test_a_reader_sees_what_the_page_shows(markdown: str, text: str) -> None:
    assert text_of(f"# A\n\n{markdown}") == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<td>a</td><td>b</td>", "a b "),
        ("<b>a</b>b", "ab"),
        ("a<br/>b", "a b"),
        ("x < y > z", "x < y > z"),
        ("<!-- a --> b <!-- never closed", " b <!-- never closed"),
        ("`` ` <b> `` <b>", "`` ` <b> `` "),
        ("<b title='a > b'>x</b>", "x"),
        ("<unknown>x</unknown>", "<unknown>x</unknown>"),
        ("no markup", "no markup"),
    ],
)
def test_tags_go_and_words_stay_apart(html: str, text: str) -> None:
    assert strip_markup(html) == text
