import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.ingestion.addresses import SlugRule, document_url
from core.model import Document
from core.text.links import is_web_url

BASE = "https://docs.example.com/en"


def a_document(path: str, *, slug: str | None = None, url: str | None = None) -> Document:
    return Document(path=path, title="T", sections=(), slug=slug, url=url)


@pytest.mark.parametrize(
    ("rule", "path", "below_base"),
    [
        ("plain", "guides/first-steps.md", "guides/first-steps"),
        ("plain", "guides/index.md", "guides/"),
        ("plain", "README.md", ""),
        ("plain", "01-intro.rst", "01-intro"),
        ("mkdocs", "tutorial/first-steps.md", "tutorial/first-steps/"),
        ("mkdocs", "tutorial/index.md", "tutorial/"),
        ("mkdocs", "tutorial/README.md", "tutorial/"),
        ("mkdocs", "index.md", ""),
        ("mkdocs", "release.notes.md", "release.notes/"),
        ("mkdocs", "docs/index.md", ""),
        ("mkdocs", "docs/tutorial/first-steps.md", "tutorial/first-steps/"),
        ("mkdocs", "tutorial/docs/first-steps.md", "tutorial/docs/first-steps/"),
        ("mkdocs", "docs.md", "docs/"),
        ("plain", "docs/tutorial/first-steps.md", "docs/tutorial/first-steps"),
        ("docusaurus", "01-guides/02_install.mdx", "guides/install"),
        ("docusaurus", "guides/3. upgrade.md", "guides/upgrade"),
        ("docusaurus", "guides/index.md", "guides/"),
        ("docusaurus", "guides/guides.md", "guides/"),
        ("docusaurus", "blog/2021-11-news.md", "blog/2021-11-news"),
        ("docusaurus", "releases/7.0-new.md", "releases/7.0-new"),
        ("github", "docs/01-intro.md", "docs/01-intro.md"),
        ("github", "docs/README.md", "docs/README.md"),
        ("github", "a b/ü (1)#.md", "a%20b/%C3%BC%20%281%29%23.md"),
        ("mkdocs", "a b/100%.md", "a%20b/100%25/"),
        ("plain", "reports/The year (2025).pdf", "reports/The%20year%20%282025%29.pdf"),
        ("mkdocs", "docs/reports/year.PDF", "reports/year.PDF"),
        ("docusaurus", "01-guides/02-form.docx", "guides/02-form.docx"),
        ("plain", "guide/first.html", "guide/first.html"),
        ("plain", "guide/index.html", "guide/"),
        ("mkdocs", "README.txt", "README.txt"),
        ("plain", "notebooks/fit.ipynb", "notebooks/fit"),
    ],
)
def test_a_page_is_addressed_as_its_site_does(rule: str, path: str, below_base: str) -> None:
    assert document_url(a_document(path), BASE, SlugRule(rule)) == f"{BASE}/{below_base}"


@pytest.mark.parametrize("base", ["https://x.org/docs", "https://x.org/docs/"])
def test_a_base_url_may_end_with_a_slash(base: str) -> None:
    assert document_url(a_document("a.md"), base, SlugRule.PLAIN) == "https://x.org/docs/a"


@pytest.mark.parametrize(
    ("rule", "slug", "url"),
    [
        ("docusaurus", "/start", f"{BASE}/start"),
        ("docusaurus", "/", f"{BASE}/"),
        ("docusaurus", "start", f"{BASE}/guides/start"),
        ("plain", "/about us/", f"{BASE}/about%20us/"),
        ("plain", "../../../etc", f"{BASE}/etc"),
        ("plain", "//evil.example/x", f"{BASE}/evil.example/x"),
        ("plain", "javascript:alert(1)", f"{BASE}/01-guides/javascript%3Aalert%281%29"),
        ("github", "/start", f"{BASE}/01-guides/02-install.md"),
    ],
)
def test_a_slug_replaces_the_path_but_on_github(rule: str, slug: str, url: str) -> None:
    document = a_document("01-guides/02-install.md", slug=slug)
    assert document_url(document, BASE, SlugRule(rule)) == url


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://other.example/p?q=1#part", "https://other.example/p?q=1"),
        ("http://other.example/a%20b c", "http://other.example/a%20b%20c"),
        ("/about/", "https://docs.example.com/about/"),
        ("about/", f"{BASE}/about/"),
        ("javascript:alert(1)", f"{BASE}/guide"),
        ("JavaScript:alert(1)", f"{BASE}/guide"),
        ("data:text/html,x", f"{BASE}/guide"),
        ("//evil.example/x", f"{BASE}/guide"),
        ("https://user:secret@evil.example/", f"{BASE}/guide"),
        ("https://[broken", f"{BASE}/guide"),
        ("https:///nowhere", f"{BASE}/guide"),
    ],
)
def test_an_address_in_front_matter_wins_if_it_is_a_web_address(said: str, url: str) -> None:
    assert document_url(a_document("guide.md", url=said), BASE, SlugRule.PLAIN) == url


def test_without_a_base_url_the_path_is_the_address() -> None:
    document = a_document("a b/c.md", slug="/other")
    assert document_url(document, "", SlugRule.MKDOCS) == "a%20b/c.md"


@pytest.mark.parametrize("base", ["ftp://x.org/", "x.org/docs", "javascript:x"])
def test_a_base_url_that_is_no_web_address_is_a_mistake_in_the_settings(base: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a web address"):
        document_url(a_document("a.md"), base, SlugRule.PLAIN)


@given(
    path=st.text(min_size=1),
    slug=st.none() | st.text(),
    url=st.none() | st.text(),
    rule=st.sampled_from(SlugRule),
    base=st.sampled_from(["", BASE]),
)
@example(path="javascript:alert(1).md", slug=None, url=None, rule=SlugRule.PLAIN, base="")
@example(path="a.md", slug=None, url="//[", rule=SlugRule.PLAIN, base=BASE)
def test_no_document_can_make_a_link_that_is_not_a_web_address(
    path: str, slug: str | None, url: str | None, rule: SlugRule, base: str
) -> None:
    link = document_url(a_document(path, slug=slug, url=url), base, rule)
    assert is_web_url(link) if base else ":" not in link or is_web_url(link)
    assert link.isascii()
    assert not set(link) & set(" ()<>|\"'")
