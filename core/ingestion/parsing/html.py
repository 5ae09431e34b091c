"""Web pages: their main content, as Markdown whose headings keep their anchors."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from readability import Document as Readable
from readability.readability import Unparseable

from core.errors import DocumentUnreadable
from core.ingestion.parsing.decoding import check_size, clean, decode_as
from core.ingestion.parsing.front_matter import FrontMatter
from core.ingestion.parsing.html_markdown import to_markdown
from core.ingestion.parsing.markdown import markdown_sections
from core.model import Section

_NO_CONTENT = (
    "script, style, noscript, template, svg, canvas, iframe, object, form, button, input, select,"
    " nav, aside, footer, dialog, [hidden]:not([role=tabpanel]), [aria-hidden=true],"
    " [role=navigation], [role=search], [role=contentinfo], [role=banner],"
    " .headerlink, .hash-link, .edit-this-page, .toc"
)
_MAIN = ("[itemprop=articleBody]", "main article", "[role=main]", "main", "article")
_HEADINGS = re.compile(r"h[1-6]\Z")
_SECTIONS = ("section", "div")
_MAX_CHARACTERS_IN_ANCHOR = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A web page. `links` are the absolute addresses that it leads to, in order, each once."""

    title: str
    markdown: str
    links: tuple[str, ...] = ()
    canonical: str | None = None
    indexed: bool = True


def read_page(html: str, url: str = "") -> Page:
    """The page at `url`, to which relative links are resolved; "" leaves them as they are.

    The main content is what the page marks as such (`main`, `article`), else what readability
    finds. Raises RecursionError for one that is nested some hundred deep.
    """
    soup = BeautifulSoup(html, "lxml")
    url = _base(soup, url)
    links = tuple(dict.fromkeys(_links(soup, url)))
    title = _title(soup)
    canonical, indexed = _canonical(soup, url), _indexed(soup)
    for element in soup.select(_NO_CONTENT):
        element.decompose()
    main = _main(soup)
    _mark_anchors(main)
    if url:
        _resolve(main, url)
    return Page(title, to_markdown(main), links, canonical, indexed)


def decode_page(data: bytes, declared: str | None = None) -> str:
    """The text in the encoding that a byte order mark, the server or the page declares.

    `declared` is the server's. Without any it is UTF-8, or else Windows-1252, as in browsers.
    """
    marked, sniffed = EncodingDetector.strip_byte_order_mark(data)
    found = sniffed or declared or EncodingDetector.find_declared_encoding(marked, is_html=True)
    texts = (decode_as(marked, encoding) for encoding in (found or "utf-8", "utf-8"))
    readable = next((text for text in texts if text is not None), None)
    return marked.decode("windows-1252", "replace") if readable is None else readable


def html_sections(path: str, data: bytes) -> tuple[FrontMatter, tuple[Section, ...]]:
    """The title and the sections of a page. Raises DocumentUnreadable."""
    check_size(path, data)
    try:
        page = read_page(decode_page(data))
    except RecursionError as exc:
        raise DocumentUnreadable(path, "its elements are nested too deep") from exc
    sections = markdown_sections(clean(page.markdown))
    headed = any(section.level == 1 for section in sections)
    return FrontMatter(title=None if headed else page.title or None), sections


def _title(soup: BeautifulSoup) -> str:
    told = soup.select_one("meta[property='og:title']")
    said = str(told.get("content") or "") if told else ""
    title = said or (soup.title.get_text() if soup.title else "")
    return " ".join(title.split())


def _links(soup: BeautifulSoup, url: str) -> Iterator[str]:
    for link in soup.select("a[href]"):
        address = _joined(url, str(link["href"]))
        if address is not None:
            yield address.partition("#")[0]


def _base(soup: BeautifulSoup, url: str) -> str:
    """What the page says that its links are relative to, or else its own address."""
    base = soup.select_one("base[href]")
    return url if base is None else _joined(url, str(base["href"])) or url


def _canonical(soup: BeautifulSoup, url: str) -> str | None:
    link = soup.select_one("link[rel~=canonical i][href]")
    return None if link is None else _joined(url, str(link["href"]))


def _indexed(soup: BeautifulSoup) -> bool:
    tags = soup.select("meta[name=robots i]")
    words = (word for tag in tags for word in str(tag.get("content")).lower().split(","))
    return not {"noindex", "none"} & {word.strip() for word in words}


def _main(soup: BeautifulSoup) -> Tag:
    for selector in _MAIN:
        found = soup.select(selector)
        # Of several articles none is the page: they are a list of posts.
        if len(found) == 1 and found[0].get_text(strip=True):
            return found[0]
    body = soup.body or soup
    # What it cannot read it would tell the log, with the whole way it took.
    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        summary = Readable(str(soup)).summary(html_partial=True)
    except Unparseable:
        return body
    readable = BeautifulSoup(summary, "lxml")
    return readable if readable.get_text(strip=True) else body


def _mark_anchors(main: Tag) -> None:
    """Puts the anchor of each heading behind its words, as Markdown has it."""
    for heading in main.find_all(_HEADINGS):
        anchor = _anchor(heading)
        words = heading.get_text(strip=True)
        if anchor and words and re.fullmatch(r"[^\s{}#\"'<>]+", anchor):
            heading.append(f" {{#{anchor[:_MAX_CHARACTERS_IN_ANCHOR]}}}")


def _anchor(heading: Tag) -> str:
    """The heading's own id, or that of an anchor in it, or of the section that it begins."""
    own = heading.get("id")
    if own:
        return str(own)
    inner = heading.select_one("a[id], a[name], span[id]")
    if inner is not None:
        return str(inner.get("id") or inner.get("name"))
    parent = heading.parent
    if parent is None or parent.name not in _SECTIONS:
        return ""
    return str(parent.get("id") or "") if heading.find_previous_sibling(name=True) is None else ""


def _resolve(main: Tag, url: str) -> None:
    for attribute, selector in (("href", "a[href]"), ("src", "img[src]")):
        for element in main.select(selector):
            address = _joined(url, str(element[attribute]))
            if address is not None:
                element[attribute] = address


def _joined(url: str, link: str) -> str | None:
    try:
        return urljoin(url, link.strip())
    except ValueError:
        return None
