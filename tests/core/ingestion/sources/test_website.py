"""What of a website becomes documents."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from core.errors import DocumentUnreadable, SourceUnavailable
from core.ingestion.sources.politeness import Manners
from core.ingestion.sources.web_addresses import Site
from core.ingestion.sources.website import WebsiteSource
from core.ports import Entry
from tests.support.closed_port import closed_port
from tests.support.http_server import Exchange
from tests.support.loop_watch import timed_loop
from tests.support.packing import packed
from tests.support.quick_clock import QuickClock
from tests.support.website import Answer, Website, open_website, page, redirect, robots, sitemap

QUICK = Manners(delay=0, silence=10)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "pages"


def source(site: Website, cache: Path, start: str = "/", **settings: object) -> WebsiteSource:
    make = partial(WebsiteSource, "docs", site.url + start, cache, allow_private=True)
    return make(**{"manners": QUICK, **settings})  # type: ignore[arg-type]


def copies(cache: Path) -> list[Path]:
    return list(cache.iterdir())


def paths(entries: Sequence[Entry]) -> list[str]:
    return [entry.path for entry in entries]


CRAWLED = {
    "/": page("<h1>Docs</h1><a href='guide/'>Guide</a> <a href=/about>About</a>"),
    "/guide/": page("<h1>Guide</h1><a href='first-steps'>First</a> <a href='/'>Home</a>"),
    "/guide/first-steps": page("<h1>First</h1><a href='https://other.example/'>Other</a>"),
    "/about": page("<h1>About</h1>"),
}


async def test_without_a_list_pages_are_found_along_links_from_the_start(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        found = await source(site, cache).entries()
        assert paths(found) == ["/", "about", "guide/", "guide/first-steps"]
        assert [entry.url for entry in found][-1] == f"{site.url}/guide/first-steps"
        assert {entry.format for entry in found} == {".html"}


async def test_the_pages_are_counted_while_they_are_fetched(cache: Path) -> None:
    told: list[tuple[int, int]] = []
    async with open_website(CRAWLED) as site:
        await source(site, cache).entries(lambda done, known: told.append((done, known)))
    assert told == [(1, 1), (2, 3), (3, 3), (4, 4)]


async def test_a_start_below_the_host_is_where_the_site_ends(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        assert paths(await source(site, cache, "/guide/").entries()) == [
            "guide/",
            "guide/first-steps",
        ]
        assert "/about" not in site.asked


async def test_the_pages_of_a_sitemap_are_the_documents(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        listed = ["/guide/", "/about", "https://other.example/x"]
        site.pages["/sitemap.xml"] = sitemap(
            site.url + each if each[0] == "/" else each for each in listed
        )
        assert paths(await source(site, cache).entries()) == ["about", "guide/"]
        assert "/llms.txt" not in site.asked


@pytest.mark.parametrize("packed", [False, True])
async def test_an_index_of_sitemaps_that_robots_txt_names_is_followed(
    cache: Path, *, packed: bool
) -> None:
    async with open_website(CRAWLED) as site:
        url = site.url
        site.pages["/robots.txt"] = robots(f"Sitemap: {url}/maps/index.xml")
        site.pages["/maps/index.xml"] = sitemap(
            [f"{url}/maps/1.xml.gz", f"{url}/maps/index.xml", "https://other.example/s.xml"],
            index=True,
        )
        site.pages["/maps/1.xml.gz"] = sitemap([f"{url}/about", f"{url}/guide/"], packed=packed)
        assert paths(await source(site, cache).entries()) == ["about", "guide/"]


async def test_the_pages_that_llms_txt_links_are_the_documents(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        text = f"# Docs\n\n- [About]({site.url}/about): what\n- [Notes](notes.md)\n"
        site.pages["/llms.txt"] = Answer(text.encode(), "text/plain")
        site.pages["/notes.md"] = Answer("# Notes\n\nGröße".encode(), "text/plain; charset=utf-8")
        docs = source(site, cache)
        about, notes = await docs.entries()
        assert (about.path, notes.path, notes.format) == ("about", "notes.md", ".md")
        assert (await docs.read(notes)).data.decode("utf-8-sig") == "# Notes\n\nGröße"


@pytest.mark.parametrize("charset", ["windows-1251", "nosuch"])
async def test_the_encoding_that_the_server_declares_is_used(cache: Path, charset: str) -> None:
    text = "# Привет" if charset == "windows-1251" else "# Hello"
    declared = f"text/markdown; charset={charset}"
    async with open_website({"/": page("<a href=/a.md>A</a>")}) as site:
        site.pages["/a.md"] = Answer(text.encode("windows-1251"), declared)
        docs = source(site, cache)
        assert (await docs.read((await docs.entries())[1])).data.decode("utf-8-sig") == text


def test_a_long_sitemap_holds_up_nothing_else(cache: Path) -> None:
    turns: list[float] = []
    pages = [f"https://docs.example/guide/{n // 100}/page-{n}.html" for n in range(20_000)]
    docs = Site("https://docs.example/")
    began = time.thread_time()
    for each in pages:
        docs.address(each)
    spent = time.thread_time() - began

    async def listing() -> None:
        async with open_website({}) as site:
            named = (each.replace("https://docs.example", site.url) for each in pages)
            site.pages["/sitemap.xml"] = sitemap(named)
            turns.clear()
            with pytest.raises(SourceUnavailable, match="more than 10 pages"):
                await source(site, cache, max_pages=10).entries()

    with asyncio.Runner(loop_factory=lambda: timed_loop(turns.append)) as runner:
        runner.run(listing())
    assert max(turns) < spent / 2


async def test_a_sitemap_of_the_start_alone_is_no_list(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/sitemap.xml"] = sitemap([f"{site.url}/"])
        assert len(await source(site, cache).entries()) == 4


async def test_what_did_not_change_is_not_transferred_again(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        before = await source(site, cache).entries()
        asked = len(site.asked)
        site.sent.clear()
        again = source(site, cache)
        assert await again.entries() == before
        assert len(site.asked) == 2 * asked
        assert [path for path in site.sent if path in CRAWLED] == []
        assert b"First" in (await again.read(before[-1])).data


async def test_a_page_that_changed_has_another_fingerprint(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        before = {each.path: each.fingerprint for each in await source(site, cache).entries()}
        site.pages["/about"] = page("<h1>About us</h1>")
        docs = source(site, cache)
        after = {each.path: each.fingerprint for each in await docs.entries()}
        assert {path for path in after if after[path] != before[path]} == {"about"}
        assert b"About us" in (await docs.read(Entry("about"))).data


async def test_what_is_not_content_changes_no_fingerprint(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.validates = False
        before = await source(site, cache).entries()
        site.pages["/about"] = page("<h1>About</h1><form><input value=token></form>")
        assert await source(site, cache).entries() == before


async def test_the_day_of_a_page_is_that_of_its_last_change(cache: Path) -> None:
    day = {"last_modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
    never = {"last_modified": "Wed, 99 Oct 2015 07:28:00 GMT"}
    async with open_website({"/": Answer(b"<main>Text</main>", headers=day)}) as site:
        site.validates = False
        (entry,) = await source(site, cache).entries()
        assert entry.date == "2015-10-21"
        await source(site, cache).entries()
        assert site.exchanges[-1].headers["if-modified-since"] == day["last_modified"]
        site.pages["/"] = Answer(b"<main>Text</main>", headers=never)
        (entry,) = await source(site, cache).entries()
        assert entry.date is None


async def test_robots_txt_is_honoured(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/robots.txt"] = robots("User-agent: docent\nDisallow: /guide/\n")
        assert paths(await source(site, cache).entries()) == ["/", "about"]
        assert "/guide/" not in site.asked


async def test_a_crawl_delay_is_kept_between_any_two_requests(cache: Path) -> None:
    clock = QuickClock()
    async with open_website(CRAWLED) as site:
        site.pages["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 4\n")
        await source(site, cache, clock=clock).entries()
        assert len(site.asked) > 4
        assert len([s for s in clock.slept if s > 3.5]) >= len(site.asked) - 2


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/llms.txt", "/"])
async def test_a_site_that_fails_is_unavailable_and_not_empty(cache: Path, path: str) -> None:
    async with open_website(CRAWLED) as site:
        site.pages[path] = Answer(status=503)
        with pytest.raises(SourceUnavailable, match="it answered with status 503"):
            await source(site, cache, clock=QuickClock()).entries()


async def test_a_site_without_a_page_is_unavailable(cache: Path) -> None:
    async with open_website({}) as site:
        with pytest.raises(SourceUnavailable, match="no page was found"):
            await source(site, cache).entries()


async def test_a_site_that_cannot_be_reached_is_unavailable(cache: Path) -> None:
    with closed_port() as port:
        docs = source(Website(f"http://127.0.0.1:{port}"), cache, clock=QuickClock())
        with pytest.raises(SourceUnavailable, match="could not be reached"):
            await docs.entries()


async def test_a_page_that_fails_stays_listed_and_is_unreadable(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        await source(site, cache).entries()
        site.pages["/guide/"] = Answer(status=500)
        docs = source(site, cache, clock=QuickClock())
        found = await docs.entries()
        assert paths(found) == ["/", "about", "guide/", "guide/first-steps"]
        assert [entry.path for entry in found if entry.fingerprint is None] == ["guide/"]
        with pytest.raises(DocumentUnreadable, match="status 500"):
            await docs.read(found[2])


async def test_a_site_of_which_most_fails_is_unavailable(cache: Path) -> None:
    async with open_website({}) as site:
        pages = [f"/p{n}" for n in range(10)]
        site.pages["/sitemap.xml"] = sitemap(site.url + path for path in pages)
        site.pages |= {path: page("Text") for path in pages[4:]}
        site.pages |= dict.fromkeys(pages[:4], Answer(status=403))
        with pytest.raises(SourceUnavailable, match="4 of 10 pages failed"):
            await source(site, cache).entries()
        site.pages[pages[0]] = page("Text")
        assert len(await source(site, cache).entries()) == 10


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_gone_is_not_listed_and_its_copy_is_dropped(
    cache: Path, status: int
) -> None:
    async with open_website(CRAWLED) as site:
        await source(site, cache).entries()
        kept = len(copies(cache))
        site.pages["/about"] = Answer(status=status)
        assert "about" not in paths(await source(site, cache).entries())
        assert len(copies(cache)) == kept - 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(b"PK", "application/zip"), "it is of the type application/zip"),
        (Answer(b"x" * (10 * 2**20 + 1)), "larger than 10 MB"),
        (
            Answer(packed(b"x" * (20 * 2**20)), headers={"content_encoding": "gzip"}),
            "larger than 10 MB",
        ),
        (Answer(b"no gzip", headers={"content_encoding": "gzip"}), "arrived damaged"),
        (
            Answer(packed(b"x" * 99)[:-12], headers={"content_encoding": "gzip"}),
            "arrived damaged",
        ),
        (Answer(b"x", headers={"content_encoding": "br"}), "packed with br"),
        (Answer(b"<div>" * 5_000, "text/html"), "nested too deep"),
        (Answer(b"<p>x" * 300_001, "text/html"), "more than 300,000 tags"),
        (Answer(status=304), "nothing changed without being asked"),
        (Answer(status=403), "status 403"),
        (redirect("https://login.example/", 302), "leads to https://login.example/ for now"),
        (redirect("/about", 307), "redirected without end, at last to http"),
    ],
)
async def test_a_page_that_is_not_one_is_named_with_the_reason(
    cache: Path, answer: Answer, reason: str
) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = answer
        docs = source(site, cache)
        assert paths(await docs.entries()) == ["/", "about", "guide/", "guide/first-steps"]
        with pytest.raises(DocumentUnreadable, match=reason):
            await docs.read(Entry("about"))


async def test_a_server_that_falls_silent_is_left(cache: Path) -> None:
    async def silence(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async with open_website(CRAWLED) as site:
        site.pages["/about"] = silence
        docs = source(site, cache, manners=Manners(delay=0, silence=1.5, attempts=1))
        await docs.entries()
        with pytest.raises(DocumentUnreadable, match="did not answer in time"):
            await docs.read(Entry("about"))


async def test_a_connection_that_breaks_is_told(cache: Path) -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.head(content_type="text/html", content_length="100")
        await exchange.send("<h1>")

    async with open_website(CRAWLED) as site:
        site.pages["/about"] = breaks
        docs = source(site, cache, clock=QuickClock())
        await docs.entries()
        with pytest.raises(DocumentUnreadable, match=r"the connection broke \(RemoteProtocolError"):
            await docs.read(Entry("about"))


async def test_a_page_without_end_is_left_at_the_deadline(cache: Path) -> None:
    async def trickle(exchange: Exchange) -> None:
        await exchange.head(content_type="text/html")
        while not exchange.gone.is_set():
            await exchange.send("x")
            await asyncio.sleep(0.01)

    async with open_website(CRAWLED) as site:
        site.pages["/about"] = trickle
        docs = source(site, cache, manners=Manners(delay=0, deadline=2, attempts=1))
        await docs.entries()
        with pytest.raises(DocumentUnreadable, match="did not answer in time"):
            await docs.read(Entry("about"))


async def test_a_site_that_is_asked_too_much_is_asked_again_when_it_says(cache: Path) -> None:
    replies: list[str | Answer] = [
        Answer(status=429, headers={"retry_after": "7"}),
        page("<h1>About</h1>"),
    ]

    async def busy(exchange: Exchange) -> None:
        site.pages["/about"] = replies.pop(0)
        await site.handle(exchange)
        site.pages["/about"] = busy

    clock = QuickClock()
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = busy
        docs = source(site, cache, clock=clock)
        await docs.entries()
        assert b"About" in (await docs.read(Entry("about"))).data
        assert max(clock.slept) == pytest.approx(7, abs=0.5)


async def test_a_page_that_comes_back_much_later_is_not_waited_for(cache: Path) -> None:
    clock = QuickClock()
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = Answer(status=503, headers={"retry_after": "3600"})
        docs = source(site, cache, clock=clock)
        assert len(await docs.entries()) == 4
        assert site.asked.count("/about") == 1
        assert clock.slept == []


async def test_a_site_that_wants_to_be_left_alone_for_long_is(cache: Path) -> None:
    async with open_website({}) as site:
        site.pages["/sitemap.xml"] = sitemap(f"{site.url}/p{n}" for n in range(9))
        site.pages |= {f"/p{n}": page(f"Page {n}") for n in range(9)}
        site.pages["/p2"] = Answer(status=429, headers={"retry_after": "3600"})
        with pytest.raises(SourceUnavailable, match="7 of 9 pages failed"):
            await source(site, cache, manners=Manners(at_once=1, delay=0)).entries()
        assert site.asked[-1] == "/p2"


async def test_a_site_that_dies_is_not_asked_for_every_page(cache: Path) -> None:
    async with open_website({}) as site:
        site.pages["/sitemap.xml"] = sitemap(f"{site.url}/p{n}" for n in range(100))
        site.pages |= {f"/p{n}": Answer(status=500) for n in range(100)}
        with pytest.raises(SourceUnavailable, match="100 of 100 pages failed"):
            await source(site, cache, clock=QuickClock()).entries()
        assert len(site.asked) < 50


async def test_a_page_that_moved_is_listed_where_it_is_now(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = redirect("/guide/about")
        site.pages["/guide/about"] = page("<h1>About</h1>")
        found = {entry.path: entry.url for entry in await source(site, cache).entries()}
        assert found["guide/about"] == f"{site.url}/guide/about"
        assert "about" not in found
        site.pages["/guide/about"] = Answer(status=500)
        again = await source(site, cache, clock=QuickClock()).entries()
        assert "guide/about" in paths(again)
        assert "about" not in paths(again)


@pytest.mark.parametrize(
    "to", ["https://other.example/", "http://169.254.169.254/latest/meta-data", "/blog/post"]
)
async def test_a_page_that_moved_out_of_the_site_is_gone(cache: Path, to: str) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/guide/first-steps"] = redirect(to)
        assert paths(await source(site, cache, "/guide/").entries()) == ["guide/"]
        assert "/blog/post" not in site.asked


@pytest.mark.parametrize(
    "unwanted",
    [
        page("<h1>About</h1>", "<meta name=robots content='noindex'>"),
        Answer(b"<h1>About</h1>", headers={"x_robots_tag": "nofollow, noindex"}),
    ],
)
async def test_a_page_that_does_not_want_to_be_indexed_is_not(
    cache: Path, unwanted: str | Answer
) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = unwanted
        for _ in range(2):
            assert "about" not in paths(await source(site, cache).entries())
        site.pages["/about"], site.validates = Answer(b"<h1>About</h1>"), False
        assert "about" in paths(await source(site, cache).entries())


async def test_of_a_page_and_the_one_that_stands_for_it_only_the_latter_is_listed(
    cache: Path,
) -> None:
    canonical = "<link rel=canonical href=/about>"
    async with open_website(CRAWLED) as site:
        site.pages["/guide/first-steps"] = page("<h1>About</h1>", canonical)
        site.pages["/about"] = page("<h1>About</h1>", canonical)
        assert paths(await source(site, cache).entries()) == ["/", "about", "guide/"]


@pytest.mark.parametrize("elsewhere", ["/nowhere", "https://published.example/guide/"])
async def test_a_page_for_which_nothing_that_was_read_stands_is_listed(
    cache: Path, elsewhere: str
) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = page("<h1>About</h1>", f"<link rel=canonical href='{elsewhere}'>")
        assert "about" in paths(await source(site, cache).entries())


async def test_a_page_that_is_not_indexed_stands_for_no_other(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = page("About", "<link rel=canonical href=/guide/first-steps>")
        site.pages["/guide/first-steps"] = page("About", "<meta name=robots content=noindex>")
        assert paths(await source(site, cache).entries()) == ["/", "about", "guide/"]


async def test_of_two_pages_that_each_say_to_stand_for_the_other_one_is_listed(
    cache: Path,
) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/about"] = page("A", "<link rel=canonical href=/guide/first-steps>")
        site.pages["/guide/first-steps"] = page("A", "<link rel=canonical href=/about>")
        assert len(await source(site, cache).entries()) == 3


@pytest.mark.parametrize("twin", ["/guide/index.html", "/guide"])
async def test_one_page_with_two_addresses_is_listed_once(cache: Path, twin: str) -> None:
    async with open_website(CRAWLED) as site:
        site.pages[twin] = CRAWLED["/guide/"].replace("first-steps", "/guide/first-steps")
        site.pages["/about"] = page(f"<h1>About</h1><a href='{twin}'>Guide</a>")
        site.pages["/guide/"] = site.pages[twin]
        assert paths(await source(site, cache).entries()) == [
            "/",
            "about",
            "guide/",
            "guide/first-steps",
        ]


async def test_a_start_that_moved_is_told_with_its_new_address(cache: Path) -> None:
    async with open_website({"/": redirect("https://www.docs.example/en/")}) as site:
        with pytest.raises(SourceUnavailable, match="moved to https://www") as caught:
            await source(site, cache).entries()
        assert "`website`" in caught.value.hint


async def test_a_site_that_wants_another_scheme_says_which(cache: Path) -> None:
    async with open_website({}) as site:
        site.pages["/robots.txt"] = redirect(site.url.replace("http:", "https:") + "/robots.txt")
        with pytest.raises(SourceUnavailable, match=r"at last to https://127\.0\.0\.1") as caught:
            await source(site, cache).entries()
        assert "`website`" in caught.value.hint


async def test_robots_txt_may_forbid_the_start(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/robots.txt"] = robots("User-agent: *\nDisallow: /")
        with pytest.raises(SourceUnavailable, match=r"its robots\.txt does not allow it"):
            await source(site, cache).entries()


async def test_an_etag_that_no_header_can_hold_is_not_sent_back(cache: Path) -> None:
    async with open_website({"/": Answer(b"<main>Text</main>", headers={"etag": '"ü"'})}) as site:
        site.validates = False
        before = await source(site, cache).entries()
        assert await source(site, cache).entries() == before


async def test_a_sitemap_that_is_damaged_is_an_error(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        site.pages["/sitemap.xml"] = Answer(b"<urlset><url><loc>/about</loc>", "application/xml")
        with pytest.raises(SourceUnavailable, match=r"its sitemap .* is damaged: it is not well"):
            await source(site, cache).entries()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=403), "answered with status 403"),
        (Answer(b"<html>Are you human?</html>", "text/html"), "is something else"),
        (redirect("https://login.example/", 302), "answered with status 302"),
    ],
)
async def test_a_sitemap_that_another_names_and_nobody_shows_is_an_error(
    cache: Path, answer: Answer, reason: str
) -> None:
    async with open_website(CRAWLED) as site:
        maps = [f"{site.url}/maps/{n}.xml" for n in range(3)]
        site.pages["/sitemap.xml"] = sitemap(maps, index=True)
        site.pages["/maps/0.xml"] = sitemap([f"{site.url}/about"])
        site.pages["/maps/1.xml"] = sitemap([f"{site.url}/guide/"])
        # That one is not there any more is no reason to doubt the others.
        before = await source(site, cache).entries()
        assert paths(before) == ["about", "guide/"]
        site.pages["/maps/1.xml"] = answer
        with pytest.raises(SourceUnavailable, match=rf"its sitemap \S+/maps/1.xml {reason}"):
            await source(site, cache).entries()


async def test_sitemaps_without_end_are_an_error(cache: Path) -> None:
    async def endless(exchange: Exchange) -> None:
        number = int(exchange.path.strip("/s.xml") or 0) + 1
        site.pages[f"/s{number}.xml"] = endless
        data = sitemap([f"{site.url}/s{number}.xml"], index=True).body
        await exchange.head(content_type="application/xml")
        await exchange.send(data.decode())

    async with open_website({}) as site:
        site.pages["/robots.txt"] = robots(f"Sitemap: {site.url}/s0.xml")
        site.pages["/s0.xml"] = endless
        with pytest.raises(SourceUnavailable, match="more than 500 sitemaps"):
            await source(site, cache).entries()


async def test_patterns_choose_among_the_pages(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        docs = source(site, cache, include=["guide/**"], exclude=["**/first-*"])
        assert paths(await docs.entries()) == ["guide/"]
        assert "/guide/first-steps" not in site.asked
        assert "first" in docs.selection


async def test_a_site_with_too_many_pages_is_not_listed_in_part(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        assert len(await source(site, cache, max_pages=4).entries()) == 4
        with pytest.raises(SourceUnavailable, match="more than 3 pages") as caught:
            await source(site, cache, max_pages=3).entries()
        assert "max_pages" in caught.value.hint


async def test_links_to_pictures_archives_and_searches_are_not_followed(cache: Path) -> None:
    links = "".join(
        f"<a href='{x}'>x</a>" for x in ("a.png", "b.zip", "c.tar.gz", "/?q=1", "d.pdf")
    )
    async with open_website({"/": page(links)}) as site:
        site.pages["/d.pdf"] = Answer(b"%PDF-", "application/pdf")
        assert paths(await source(site, cache).entries()) == ["/", "d.pdf"]
        assert not {"/a.png", "/b.zip", "/c.tar.gz", "/?q=1"} & set(site.asked)


async def test_a_name_at_a_private_address_is_refused_with_the_way_to_allow_it(
    cache: Path,
) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with open_website(CRAWLED) as site:
        start = site.url.replace("127.0.0.1", "docs.example")
        docs = WebsiteSource("docs", start, cache, resolver=resolver, manners=QUICK)
        with pytest.raises(SourceUnavailable, match=r"docs\.example is at 127\.0\.0\.1") as caught:
            await docs.entries()
        assert "allow_private" in caught.value.hint
        assert site.asked == []


async def test_a_proxy_of_the_environment_is_not_asked(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_website(CRAWLED) as site, open_website({}) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert await source(site, cache).entries()
        assert proxy.sent == []


async def test_a_copy_that_was_damaged_is_fetched_again(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        docs = source(site, cache)
        before = await docs.entries()
        for file in copies(cache):
            file.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(DocumentUnreadable, match="damaged"):
            await docs.read(before[0])
        assert await docs.entries() == before
        assert b"Docs" in (await docs.read(before[0])).data


async def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("a file where the folder should be")
    async with open_website(CRAWLED) as site:
        with pytest.raises(SourceUnavailable, match="cannot be kept in the data folder"):
            await source(site, tmp_path / "pages").entries()


async def test_docent_says_who_asks(cache: Path) -> None:
    async with open_website(CRAWLED) as site:
        await source(site, cache).entries()
        assert {each.headers["user-agent"].split("/")[0] for each in site.exchanges} == {"Docent"}
        assert {each.headers["host"] for each in site.exchanges} == {site.url[7:]}
