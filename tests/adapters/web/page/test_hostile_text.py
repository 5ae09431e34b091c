"""Whatever a model or a document writes, the page runs none of it and asks nobody else for it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from core.answering.stopping import Stop
from core.backends.postgres import Postgres
from core.model import AnswerEvent, PassagesFound, Question
from tests.support.answers import CITATION, answer, answered, events_of
from tests.support.browser import Visit, visiting
from tests.support.conversations import passage
from tests.support.web_server import WebServer, open_web

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "https://evil.example"

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    f"<img src='{EVIL}/pixel.gif'>",
    f"![a picture]({EVIL}/pixel.gif)",
    f"![a picture](//evil.example/pixel.gif '{EVIL}')",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&colon;alert(1))",
    "[click](\x01javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[click](vbscript:msgbox(1))",
    "[click][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<a href='javascript:alert(1)'>click</a>",
    f"<style>@import '{EVIL}/a.css'; body {{ display: none }}</style>",
    f"<p style=\"background: url('{EVIL}/b.gif')\">styled</p>",
    f"<link rel=stylesheet href='{EVIL}/c.css'>",
    f"<iframe src='{EVIL}/'></iframe><object data='{EVIL}/'></object><embed src='{EVIL}/'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    f"<form action='{EVIL}/'><input name=q><button>Go</button></form>",
    f"<meta http-equiv=refresh content='0;url={EVIL}/'>",
    f"<base href='{EVIL}/'>",
    "<svg><script>alert(1)</script><animate onbegin=alert(1) attributeName=x /></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<details open ontoggle=alert(1)>more</details>",
    "<button data-close>Close</button><sup data-cite='1'>forged</sup>",
    "<dialog open id=key><input id=key-value></dialog>",
    "<!--><img src=x onerror=alert(1)>-->",
    "`</code><img src=x onerror=alert(1)>`",
    '```"><img src=x onerror=alert(1)>\n</code></pre><script>alert(1)</script>\n```',
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |",
    f"<video autoplay src='{EVIL}/v.mp4' onerror=alert(1)></video>",
    "[1](javascript:alert(1)) and [1]",
    "<a id=question><a id=question name=focus>",
]

NOTHING_BUT = frozenset(
    {"a", "blockquote", "br", "button", "code", "del", "div", "em", "h3", "hr", "li", "ol", "p"}
    | {"pre", "strong", "sup", "svg", "table", "tbody", "td", "th", "thead", "tr", "ul", "use"}
)


@dataclass
class Hostile:
    """Says that, in the answer, in the passage that it cites and in what names it."""

    text: str = ""

    async def answer(self, question: Question, stop: Stop) -> AsyncGenerator[AnswerEvent, None]:
        found = replace(passage(self.text), title="<b>Title</b>", heading_path=(self.text[:40],))
        cited = replace(
            CITATION,
            title="<b>Title</b>",
            heading_path=(self.text[:40],),
            quote=self.text,
            url="javascript:alert(1)",
        )
        given = answer(f"{self.text}\n\nThe end. [1]", cited)
        yield PassagesFound((found,))
        for event in events_of(given)[1:-1]:
            yield event
        yield answered(given)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> Hostile:
    return Hostile()


@pytest_asyncio.fixture(loop_scope="session")
async def server(database: Postgres, tmp_path: Path, model: Hostile) -> AsyncIterator[WebServer]:
    async with open_web(database, tmp_path, answerer=model) as opened:
        yield opened


async def test_markup_is_shown_as_text_or_left_out(
    visitor: Visit, server: WebServer, model: Hostile
) -> None:
    """A dialog, a window, or a request to elsewhere fails any test."""
    for attack in ATTACKS if "DOCENT_FULL" in os.environ else together(ATTACKS):
        model.text = attack
        turn = await visitor.answered(f"What of this? {attack}")
        assert await tags(visitor, ".turn:last-child .prose") <= NOTHING_BUT, attack
        await check_links(visitor)
        await check_source(visitor, attack)
        assert await turn.locator("button.mark").count() >= 1
        await visitor.page.get_by_role("button", name="New conversation").click()
    assert visitor.page.url.startswith(server.url)


def together(attacks: Sequence[str]) -> Iterator[str]:
    """Several at once: faster, and each could hide in what the one before left open."""
    for begin in range(0, len(attacks), 7):
        yield "\n\n".join(attacks[begin : begin + 7])


async def tags(visitor: Visit, part: str) -> set[str]:
    """The names of the elements in a part of the page."""
    found: list[str] = await visitor.page.eval_on_selector_all(
        f"{part} *", "all => all.map((each) => each.localName)"
    )
    return set(found)


async def check_links(visitor: Visit) -> None:
    """Links lead to websites only, and tell those nothing."""
    links = await visitor.page.eval_on_selector_all(
        ".prose a", "all => all.map((each) => [each.href, each.rel, each.target])"
    )
    for address, relation, target in links:
        assert address.startswith(("http://", "https://")), address
        assert relation == "noopener noreferrer nofollow"
        assert target == "_blank"


async def check_source(visitor: Visit, attack: str) -> None:
    """What the citation opens is as harmless."""
    await visitor.page.locator(".turn:last-child .source").click()
    passage_shown = visitor.page.get_by_role("dialog", name="<b>Title</b>")
    await expect(passage_shown).to_be_visible()
    await expect(passage_shown.locator("#passage-link")).to_be_hidden()
    await passage_shown.get_by_text("The whole passage").click()
    await expect(passage_shown.locator("#passage-text")).not_to_have_text("Looking…")
    for part in ("#passage-quote", "#passage-text"):
        assert await tags(visitor, part) <= NOTHING_BUT, attack
    await visitor.page.keyboard.press("Escape")


SLIPPED_THROUGH = """async () => {
  const refused = new Set();
  document.addEventListener("securitypolicyviolation", (event) =>
    refused.add(event.effectiveDirective));
  try {
    document.body.innerHTML = "<p>markup</p>";
  } catch (error) {
    refused.add(error.name);
  }
  const image = new Image();
  image.src = "https://evil.example/pixel.gif";
  const script = document.createElement("style");
  script.textContent = "body { display: none }";
  document.body.append(image, script);
  await fetch("https://evil.example/").catch(() => {});
  for (let left = 500; left && refused.size < 4; left--) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [...refused];
}"""


async def test_a_text_that_slipped_through_would_meet_the_policy(
    browser: Browser, server: WebServer
) -> None:
    """The second wall: even markup that got into the page runs nothing and fetches nothing."""
    # In a window that need not be left without sins, of which the browser may tell later.
    async with visiting(browser) as visitor:
        await visitor.arrive(server.url)
        refused = await visitor.page.evaluate(SLIPPED_THROUGH)
    assert {"TypeError", "img-src", "connect-src", "style-src-elem"} <= set(refused)
