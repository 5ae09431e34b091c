"""Markdown documents as the pages of a site, rendered by markdown-it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from markdown_it import MarkdownIt

from core.ingestion.addresses import SlugRule
from core.ingestion.parsing.anchors import anchors
from core.ingestion.parsing.dialects import to_plain_markdown
from core.ingestion.parsing.front_matter import split_front_matter
from core.ingestion.parsing.headings import read_heading

_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title} - Docs</title></head><body>
<header><a href="/">Docs</a></header><nav><ul>{menu}</ul></nav>
<main><article class="md-content">
{body}
</article></main>
<aside class="toc"><a href="#top">Top</a></aside><footer>Made with care.</footer>
</body></html>"""


def address(path: str) -> str:
    """Where MkDocs publishes a document: `a/b.md` at `/a/b/`, an index at its folder."""
    return ("/" + path.removesuffix(".md") + "/").replace("/index/", "/")


def render_site(documents: Mapping[str, str]) -> dict[str, str]:
    """The pages by their addresses; each has a menu of all."""
    menu = "".join(f'<li><a href="{address(path)}">{path}</a></li>' for path in documents)
    return {
        address(path): _PAGE.format(title=path, menu=menu, body=_html(text))
        for path, text in documents.items()
    }


def _html(text: str) -> str:
    """With an id at every heading, as MkDocs gives it."""
    parser = MarkdownIt("commonmark").enable("table")
    _, body = split_front_matter(text)
    tokens = parser.parse(to_plain_markdown(body))
    found = [
        (opening, inline, read_heading(inline.content))
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open"
    ]
    ids = anchors([heading for _, _, heading in found], SlugRule.PLAIN)
    for (opening, inline, heading), anchor in zip(found, ids, strict=True):
        opening.attrSet("id", anchor)
        words = inline.content.removesuffix(heading.attributes)
        inline.children = parser.parseInline(words)[0].children
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered
