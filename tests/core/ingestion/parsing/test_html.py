import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DocumentUnreadable
from core.ingestion.parsing import parse
from core.ingestion.parsing.html import decode_page, read_page

NAVIGATION = "<nav><a href='/all'>All pages</a></nav>"
FOOTER = "<footer>Imprint</footer>"


def _markdown(body: str) -> str:
    return read_page(f"<html><body>{body}</body></html>").markdown


@pytest.mark.parametrize(
    "page",
    [
        "<main><article><p>Text.</p></article></main>",
        "<main><p>Text.</p></main>",
        "<div role=main><p>Text.</p></div>",
        "<article><p>Text.</p></article>",
        "<main><aside>Ad</aside><div itemprop=articleBody><p>Text.</p></div></main>",
        "<main><p>Text.</p><form><input></form><button>Copy</button></main>",
        "<main><script>track()</script><p>Text.</p><div hidden>Hidden</div></main>",
    ],
)
def test_the_main_content_of_a_page_is_what_it_marks_as_such(page: str) -> None:
    assert _markdown(f"<header>Site</header>{NAVIGATION}{page}{FOOTER}") == "Text."


def test_what_a_tab_shows_once_it_is_chosen_is_content() -> None:
    tabs = "<div role=tabpanel>pip</div><div role=tabpanel hidden>uv</div><div hidden>no</div>"
    assert _markdown(f"<main>{tabs}</main>").split() == ["pip", "uv"]


def test_a_page_that_marks_nothing_is_searched_for_its_content() -> None:
    prose = "<p>" + "A sentence of the text, with some words, and commas. " * 12 + "</p>"
    body = f"<div class=menu>{NAVIGATION}</div><div class=body><h2>How</h2>{prose}</div>{FOOTER}"
    text = _markdown(body)
    assert "A sentence of the text" in text
    assert "All pages" not in text


@pytest.mark.parametrize(
    ("html", "heading"),
    [
        ("<h2 id=how>How</h2>", "## How {#how}"),
        ("<h2>How<a id=how></a></h2>", "## How {#how}"),
        ("<h2><a name=how></a>How</h2>", "## How {#how}"),
        ("<section id=how><h2>How</h2></section>", "## How {#how}"),
        ("<section id=how><p>x</p><h2>How</h2></section>", "x\n\n## How"),
        ("<h2 id=how>How<a class=headerlink href='#how'>¶</a></h2>", "## How {#how}"),
        ("<h2 id='a b}'>How</h2>", "## How"),
        ("<h2 id=how></h2><p>x</p>", "x"),
    ],
)
def test_headings_keep_the_anchors_they_have_on_the_page(html: str, heading: str) -> None:
    assert heading in _markdown(f"<main>{html}</main>")


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<pre><code class=language-py>x = 1\n</code></pre>", "```py\nx = 1\n```"),
        (
            "<div class=highlight-python><div class=highlight><pre>x</pre></div></div>",
            "```python\nx\n```",
        ),
        ("<pre>a\n```\nb</pre>", "````\na\n```\nb\n````"),
        ("<pre> </pre>", ""),
        (
            (
                "<table class=highlighttable><tr><td class=linenos><pre>1</pre></td>"
                "<td class=code><pre>x</pre></td></tr></table>"
            ),
            "```\nx\n```",
        ),
        (
            "<table><tr><th>A|B</th></tr><tr><td>1|2</td></tr></table>",
            "| A\\|B |\n| --- |\n| 1\\|2 |",
        ),
        ("<p><code>a_b</code> c_d *e*</p>", "`a_b` c_d \\*e\\*"),
        ("<dl><dt>Term</dt><dd>Means.</dd></dl>", "**Term**\n\nMeans."),
        ("<dl><dt><code>-v</code></dt><dd>Loud.</dd></dl>", "`-v`\n\nLoud."),
        ("<p>a <img src=x.png alt=Plot> b</p>", "a ![Plot](x.png) b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
    ],
)
def test_markup_becomes_markdown(html: str, markdown: str) -> None:
    assert _markdown(f"<main>{html}</main>") == markdown


def test_links_are_followed_from_the_page_they_are_on() -> None:
    page = read_page(
        "<nav><a href=/all>All</a></nav><main><a href='../b/#x'>B</a> <a href='http://['>C</a>"
        "<img src=i.png alt=i></main>",
        "https://docs.example/v1/a/",
    )
    assert page.links == ("https://docs.example/all", "https://docs.example/v1/b/")
    assert "[B](https://docs.example/v1/b/#x)" in page.markdown
    assert "(https://docs.example/v1/a/i.png)" in page.markdown


@pytest.mark.parametrize(
    ("base", "link"),
    [("/v2/", "https://docs.example/v2/b"), ("http://[", "https://docs.example/v1/b")],
)
def test_links_are_followed_from_where_the_page_says(base: str, link: str) -> None:
    html = f"<base href='{base}'><main><a href=b>B</a></main>"
    assert read_page(html, "https://docs.example/v1/a").links == (link,)


@pytest.mark.parametrize(
    ("head", "canonical", "indexed"),
    [
        ("", None, True),
        ("<link rel=canonical href=/c>", "https://docs.example/c", True),
        ("<meta name=robots content='NOINDEX, nofollow'>", None, False),
        ("<meta name=ROBOTS content=none>", None, False),
        ("<meta name=robots content=all><meta name=robots content=noindex>", None, False),
        ("<meta name=robots content='all, max-snippet:-1'>", None, True),
    ],
)
def test_a_page_says_where_it_belongs_and_whether_it_wants_to_be_found(
    head: str, canonical: str | None, *, indexed: bool
) -> None:
    page = read_page(f"<head>{head}</head><main>x</main>", "https://docs.example/a")
    assert (page.canonical, page.indexed) == (canonical, indexed)


def test_a_page_is_called_by_its_first_heading_or_else_by_its_title() -> None:
    title = b"<title> On\n docs </title>"
    assert parse("a.html", title + b"<main><h1>Docs</h1></main>").title == "Docs"
    assert parse("a.html", title + b"<main><h2>Part</h2></main>").title == "On docs"
    assert parse("my-page.htm", b"<main>x</main>").title == "My page"


@pytest.mark.parametrize(
    "data",
    [
        "<main>Größe</main>".encode(),
        "<main>Größe</main>".encode("utf-16"),
        b"<meta charset=latin-1><main>Gr\xf6\xdfe</main>",
        b"<meta charset=nosuch><main>Gr\xf6\xdfe</main>",
        b"<main>Gr\xf6\xdfe</main>",
    ],
    ids=["UTF-8", "byte order mark", "declared", "unknown", "Windows"],
)
def test_a_page_is_read_in_its_encoding(data: bytes) -> None:
    assert parse("a.html", data).sections[0].text == "Größe"


@pytest.mark.parametrize("charset", ["undefined", "punycode", "utf-7", "base64", "nosuch", "\0"])
def test_an_encoding_that_no_browser_knows_is_none(charset: str) -> None:
    data = f"<meta charset='{charset}'><main>Größe +AGE-</main>".encode()
    assert parse("a.html", data).sections[0].text == "Größe +AGE-"
    assert decode_page(data, charset) == data.decode()


HOSTILE = st.sampled_from(
    [
        *("<main>", "<div>", "</div>", "<p>", "\0", "\x01", "&#0;", "&#x1f;", "&#xD800;", "<!--"),
        *("<base href='http://['>", "<a href='http://['>x</a>", "<img src='http://[::' alt=x>"),
        *("<h1 id='a b'>T</h1>", "<h2 id=x>", "<pre>", "<code class='language-'>", "```", "<dl>"),
        *("<table>", "<td class=code>", "<tr>", "</table>", "<td colspan=x>", "<th colspan=-1>"),
        *("<ol start=x><li>", "<ol start=99999999999999999999><li>", "<dt>", "<dd>", "<![CDATA["),
        *(
            "<link rel=canonical href='http://['>",
            "<meta name=robots>",
            "<template>",
            "<svg><title>",
        ),
        "A sentence of the text, with some words, and commas. " * 20,
    ]
)


@given(st.lists(HOSTILE, max_size=30).map("".join))
@settings(deadline=None)
def test_whatever_a_page_holds_it_is_read_and_its_links_are_addresses(html: str) -> None:
    page = read_page(html, "https://docs.example/a")
    assert set(page.links) <= {"https://docs.example/b"}


def test_a_few_bytes_do_not_make_a_table_of_many_thousand_cells() -> None:
    table = "<table><tr>" + "<td colspan=1000>x</td>" * 100 + "<td colspan=2>y</td></tr></table>"
    text = _markdown(f"<main>{table}</main>")
    assert text.count("|") < 1_000
    assert "y" in text


def test_a_page_that_is_nested_without_end_is_unreadable() -> None:
    with pytest.raises(DocumentUnreadable, match="nested too deep"):
        parse("a.html", b"<main>" + b"<div>" * 2_000 + b"x")
