"""robots.txt, sitemaps and llms.txt, in the shapes that sites give them."""

from __future__ import annotations

import pytest

from core.ingestion.sources.llms_txt import read_llms_txt
from core.ingestion.sources.robots import Robots
from core.ingestion.sources.sitemap import Sitemap, SitemapDamaged, read_sitemap
from tests.support.packing import packed

SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
LAUGHS = "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "ha">' for n in range(10)
)


def xml(body: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<urlset xmlns="{SPACE}">{body}</urlset>'.encode()


def loc(address: str) -> str:
    return f"<url><loc> {address} </loc><lastmod>2026-01-01</lastmod></url>"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (xml(loc("https://d.example/a")), Sitemap(pages=("https://d.example/a",))),
        (b"\xef\xbb\xbf\n" + xml(loc("https://d.example/a")), Sitemap(("https://d.example/a",))),
        (xml("<!-- none -->"), Sitemap()),
        (xml("<url><loc/></url><url/>"), Sitemap()),
        (
            b"<urlset><url><loc>https://d.example/a</loc></url></urlset>",
            Sitemap(("https://d.example/a",)),
        ),
        (
            b"<sitemapindex><sitemap><loc>s.xml</loc></sitemap></sitemapindex>",
            Sitemap(sitemaps=("s.xml",)),
        ),
        (packed(xml(loc("https://d.example/a"))), Sitemap(("https://d.example/a",))),
        (
            b"https://d.example/a\nhttps://d.example/b\n",
            Sitemap(("https://d.example/a", "https://d.example/b")),
        ),
        (
            xml(
                "<url xmlns:i='urn:i'><loc>https://d.example/a</loc><i:image><i:loc>x.png</i:loc></i:image></url>"
            ),
            Sitemap(("https://d.example/a",)),
        ),
    ],
)
def test_a_sitemap_names_pages_or_other_sitemaps(data: bytes, found: Sitemap) -> None:
    assert read_sitemap(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Not found",
        b"\xff\xfe\x00",
        b"<!doctype html><html><body>Not found<br></body></html>",
        b"<html/>",
        b"<rss version='2.0'><channel/></rss>",
    ],
)
def test_what_is_shown_in_place_of_a_sitemap_is_none(data: bytes) -> None:
    assert read_sitemap(data) is None


@pytest.mark.parametrize(
    "data",
    [
        xml(loc("https://d.example/a"))[:-5],
        packed(xml(loc("https://d.example/a")))[:-9],
        b"\x1f\x8bnot gzip",
        packed(xml(loc("https://d.example/" + "a" * 2_000))),
    ],
)
def test_a_sitemap_that_cannot_be_read_whole_is_damaged(data: bytes) -> None:
    with pytest.raises(SitemapDamaged):
        read_sitemap(data, max_bytes=1_000)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/evil.dtd" [<!ENTITY x "https://e.example/">]>',
    ],
)
def test_entities_in_a_sitemap_mean_nothing(doctype: str) -> None:
    found = read_sitemap(xml("<url><loc>&x;</loc></url>" + loc("https://d.example/a"), doctype))
    assert found == Sitemap(("https://d.example/a",))


def test_entities_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(SitemapDamaged, match="not well-formed"):
        read_sitemap(xml("<url><loc>&a9;</loc></url>", f"<!DOCTYPE urlset [{LAUGHS}]>"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "# Docs\n\n> Words\n\n- [A](https://d.example/a): x\n* [B](b.md#c)\n",
            ["https://d.example/a", "b.md#c"],
        ),
        ("# Docs\n[A](a) [A again](a) ![Logo](logo.png) []()", ["a"]),
        ("\ufeff# Docs\n[All](/llms-full.txt) [This](llms.txt)", []),
        ("<!doctype html><a href=x>[A](a)</a>", []),
        ("Nothing is here.", []),
        ("", []),
    ],
)
def test_llms_txt_links_pages(text: str, found: list[str]) -> None:
    assert read_llms_txt(text) == found


@pytest.mark.parametrize(
    ("text", "allowed", "delay"),
    [
        ("", True, 0.0),
        ("User-agent: *\nDisallow: /a", False, 0.0),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Docent\nAllow: /", True, 0.0),
        ("User-agent: docent\nDisallow: /*.html$\nCrawl-delay: 2.5", False, 2.5),
        ("User-agent: *\nRequest-rate: 1/5\nDisallow: /b", True, 5.0),
        ("User-agent: other\nDisallow: /\nCrawl-delay: 9", True, 0.0),
        ("\0\ufffd<html>Not found</html>", True, 0.0),
        ("#" * 600_000 + "\nUser-agent: *\nDisallow: /", True, 0.0),
    ],
)
def test_robots_txt_says_what_may_be_read_and_how_fast(
    text: str, delay: float, *, allowed: bool
) -> None:
    robots = Robots(text)
    assert robots.allows("https://d.example/a/b.html") == allowed
    assert robots.delay == delay


def test_robots_txt_names_sitemaps() -> None:
    robots = Robots("Sitemap: https://d.example/s.xml\nUser-agent: *\nDisallow:\nSitemap: /t.xml")
    assert robots.sitemaps == ("https://d.example/s.xml", "/t.xml")
