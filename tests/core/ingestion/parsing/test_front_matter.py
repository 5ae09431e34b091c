import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ingestion.parsing.front_matter import FrontMatter, split_front_matter


def read(source: str) -> FrontMatter:
    front_matter, body = split_front_matter(f"---\n{source}\n---\nText")
    assert body == "Text"
    return front_matter


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("title: First steps", FrontMatter(title="First steps")),
        ("title: 'a: b'", FrontMatter(title="a: b")),
        ("title: 404", FrontMatter(title="404")),
        ("title: >\n  two\n  lines", FrontMatter(title="two lines")),
        ("title: [a, b]", FrontMatter()),
        ("title:", FrontMatter()),
        ("title: true", FrontMatter()),
        ("slug: /start", FrontMatter(slug="/start")),
        ("permalink: /start/", FrontMatter(slug="/start/")),
        ("slug: a\npermalink: b", FrontMatter(slug="a")),
        ("url: https://x.org/a", FrontMatter(url="https://x.org/a")),
        ("date: 2024-05-06", FrontMatter(date="2024-05-06")),
        ("date: 2024-05-06 07:08:09", FrontMatter(date="2024-05-06T07:08:09")),
        ("date: last week", FrontMatter(date="last week")),
        ("author: Ada", FrontMatter(authors=("Ada",))),
        ("authors: [Ada, Bob]", FrontMatter(authors=("Ada", "Bob"))),
        ("authors: Ada L.; Bob", FrontMatter(authors=("Ada L.", "Bob"))),
        (
            "authors:\n- name: Ada\n  title: Dr\n- Bob\n- 7\n- [x]",
            FrontMatter(authors=("Ada", "Bob", "7")),
        ),
        ("peer_reviewed: true", FrontMatter(peer_reviewed=True)),
        ("peer_reviewed: no", FrontMatter(peer_reviewed=False)),
        ("peer-reviewed: 'Yes'", FrontMatter(peer_reviewed=True)),
        ("peer_reviewed: perhaps", FrontMatter()),
        ("sidebar_position: 3", FrontMatter()),
        ("", FrontMatter()),
    ],
)
def test_the_fields_that_docent_knows_are_read(source: str, expected: FrontMatter) -> None:
    assert read(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "title: Docent: a guide\nslug: /guide",
        "title: Docent: a guide\nslug: /guide\ntags: [",
        'title: "Docent: a guide"\nslug: /guide\nother: "unclosed',
        "slug: '/guide'\ntitle: Docent: a guide\n\t- x",
        "title: Docent: a guide\n\nslug: /guide\ntags:\n- a\n# more\n",
        "base: &b {x: 1}\n<<: *b\ntitle: 'Docent: a guide'\nslug: /guide",
    ],
)
def test_a_slip_in_front_matter_costs_no_more_than_the_field(source: str) -> None:
    assert read(source) == FrontMatter(title="Docent: a guide", slug="/guide")


def test_front_matter_may_be_toml() -> None:
    text = '+++\ntitle = "Hi"\ndate = 2024-05-06\nauthors = ["Ada"]\n+++\n\nText'
    expected = FrontMatter(title="Hi", date="2024-05-06", authors=("Ada",))
    assert split_front_matter(text) == (expected, "\nText")


def test_a_slip_in_toml_costs_no_more_than_the_field() -> None:
    front_matter, body = split_front_matter("+++\ntitle = Hi\n+++\nText")
    assert (front_matter, body) == (FrontMatter(title="Hi"), "Text")


@pytest.mark.parametrize(
    "text",
    [
        "Text\n---\ntitle: x\n---\n",
        "---\n\nJust prose between rules.\n\n---\nText",
        "---\n- a\n- b\n---\nText",
        "---\ntitle: never closed\n",
        "---\ntitle: never closed\n\n# Heading\n\nText.\n\n---\nMore text.",
        "---\ntitle: never closed\n\nNote: this.\nAnd that.\n\n---\nMore text.",
        "---\ntitle: never closed\n \n- this\n- that\n\n---\nMore text.",
        "--- \ntitle: x\n----\nText",
        "---\n*\n---\nText",
        "---\n" + "# x\n" * 20_000 + "---\n",
    ],
)
def test_what_only_looks_like_front_matter_is_text(text: str) -> None:
    assert split_front_matter(text) == (FrontMatter(), text)


@pytest.mark.parametrize(
    "source",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ntitle: [*c,*c]",
        "x: " + "[" * 5_000,
        "- " * 5_000,
        "title: " + "9" * 5_000,
        "title: 0x" + "f" * 5_000,
        "date: 2024-99-99",
        "title: !!python/object/apply:os.system ['true']",
    ],
)
def test_hostile_front_matter_does_no_harm(source: str) -> None:
    front_matter, _ = split_front_matter(f"---\n{source}\n---\n")
    assert len(front_matter.title or "") <= 1_000


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#\n \t0") | st.text())
def test_any_block_is_front_matter_or_text(source: str) -> None:
    text = f"---\n{source}\n---\n"
    front_matter, body = split_front_matter(text)
    assert text.endswith(body)
    assert front_matter == FrontMatter() or body != text


def test_text_that_cannot_be_stored_is_taken_out_of_fields() -> None:
    assert read(r'title: "a\ud800b\0c"') == FrontMatter(title="abc")
