import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.ingestion.sources.web_addresses import Site, may_be_a_page, suffix

SITE = Site("https://docs.example/guide/")


@pytest.mark.parametrize(
    ("start", "folder", "inside", "outside"),
    [
        ("https://docs.example", "https://docs.example/", "/a", None),
        ("https://docs.example/guide", "https://docs.example/guide/", "/guide", "/guides"),
        ("https://docs.example/guide/", "https://docs.example/guide/", "/guide/a", "/"),
        ("https://docs.example/v1.2", "https://docs.example/v1.2/", "/v1.2/a", "/v1.3/a"),
        ("https://docs.example/v1/index.html", "https://docs.example/v1/", "/v1/a", "/v2/a"),
        ("https://docs.example/index.html", "https://docs.example/", "/a", None),
    ],
)
def test_a_site_is_its_start_and_what_lies_below(
    start: str, folder: str, inside: str, outside: str | None
) -> None:
    site = Site(start)
    assert site.folder == folder
    assert site.holds("https://docs.example" + inside)
    assert outside is None or not site.holds("https://docs.example" + outside)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://docs.example/a", "https://docs.example/a"),
        ("http://docs.example/a", "https://docs.example/a"),
        ("https://DOCS.example:443/a", "https://docs.example/a"),
        ("https://docs.example./a", "https://docs.example/a"),
        ("https://docs.example", "https://docs.example/"),
        ("https://docs.example/a#b", "https://docs.example/a"),
        ("https://docs.example/a/../b/./c", "https://docs.example/b/c"),
        ("https://docs.example//a", "https://docs.example/a"),
        ("https://docs.example/größe (1)", "https://docs.example/gr%C3%B6%C3%9Fe%20%281%29"),
        ("https://docs.example/a%20b?q=c d", "https://docs.example/a%20b?q=c%20d"),
        ("../b", "https://docs.example/b"),
        (" /a ", "https://docs.example/a"),
        ("https://docs.example:8443/a", None),
        ("https://www.docs.example/a", None),
        ("https://ann@docs.example/a", None),
        ("https://docs.example@evil.example/a", None),
        ("//evil.example/a", None),
        ("mailto:ann@docs.example", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("https://docs.example:x/", None),
    ],
)
def test_an_address_of_the_host_has_one_spelling(url: str, address: str | None) -> None:
    assert SITE.address(url, "https://docs.example/guide/a") == address


@given(st.text(max_size=40))
def test_whatever_a_page_links_is_an_address_of_its_host_or_none(link: str) -> None:
    found = SITE.address(link)
    assert found is None or found.startswith("https://docs.example/")
    assert found is None or SITE.address(found) == found


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://docs.example/", "/"),
        ("https://docs.example/a/b/", "a/b/"),
        ("https://docs.example/gr%C3%B6%C3%9Fe", "größe"),
        ("https://docs.example/a?page=2", "a?page=2"),
    ],
)
def test_a_page_is_called_by_its_path(address: str, path: str) -> None:
    assert SITE.path(address) == path


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://docs.example/a", True),
        ("https://docs.example/v1.2", True),
        ("https://docs.example/a.html", True),
        ("https://docs.example/a.php", True),
        ("https://docs.example/a.md", True),
        ("https://docs.example/a.pdf", True),
        ("https://docs.example/a.PNG", False),
        ("https://docs.example/a.js", False),
        ("https://docs.example/a.tar.gz", False),
        ("https://docs.example/sitemap.xml", False),
    ],
)
def test_a_suffix_may_tell_that_something_is_no_page(address: str, *, may: bool) -> None:
    assert may_be_a_page(address) == may


def test_the_suffix_of_an_address_is_that_of_its_path() -> None:
    assert suffix("https://docs.example/a.MD?x=b.pdf") == ".md"


@pytest.mark.parametrize("start", ["docs.example", "ftp://docs.example/", "https://a@b.example/"])
def test_a_start_that_is_no_web_address_is_refused(start: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a web address"):
        Site(start)


def test_an_address_in_brackets_stays_in_them() -> None:
    assert Site("http://[::1]:8000/a").start == "http://[::1]:8000/a"
