"""How the page's files are served, and whose they are."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from adapters.web.page_routes import page_router

PAGE = Path(__file__).parents[4] / "adapters" / "web" / "page"
PACKAGES = Path(__file__).parents[3] / "node" / "node_modules"
NODE = PACKAGES / ".bin" / "node"
TSC = PACKAGES / "typescript" / "bin" / "tsc"

VENDORED = {
    "marked.js": (
        "marked/lib/marked.esm.js",
        "5371fea86fd0656b4fc7bea7c94c663109d82789b69433eeee78d42895aa44de",
    ),
    "purify.js": (
        "dompurify/dist/purify.es.mjs",
        "1a06b721ad8b46d6174b21f22ea70290aaf3e5a81d65af3b7178113953f7c9b1",
    ),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(page_router())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as opened:
        yield opened


async def named(client: httpx.AsyncClient) -> list[str]:
    """What the page loads."""
    text = (await client.get("/")).text
    return re.findall(r'(?:src|href)="(page/[^"]+)"', text)


async def test_nothing_may_run_or_load_but_the_pages_own_files(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/")).headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not [each for each in policy if "unsafe" in each or "*" in each or "http" in each]


async def test_there_is_no_script_or_style_within_the_page() -> None:
    text = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)


async def test_what_the_page_names_is_there_and_kept_for_ever(client: httpx.AsyncClient) -> None:
    assert len(await named(client)) >= 10
    for path in await named(client):
        reply = await client.get(f"/{path}")
        assert reply.status_code == 200, path
        assert "immutable" in reply.headers["cache-control"]


async def test_each_module_that_is_imported_is_named_by_the_page(
    client: httpx.AsyncClient,
) -> None:
    """Otherwise it is only found once the one that imports it has arrived."""
    imported = {
        name
        for file in PAGE.glob("*.js")
        for name in re.findall(r'from "\./([^"]+)"', file.read_text("utf-8"))
    }
    assert imported <= {path.split("/", 2)[2] for path in await named(client)}


async def test_the_page_itself_is_looked_after_each_time(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_another_versions_files_are_served_but_not_kept(client: httpx.AsyncClient) -> None:
    reply = await client.get("/page/0123456789abcdef/page.js")
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["nothing.js", "%2e%2e/%2e%2e/page_routes.py", "vendor/marked.LICENSE", ""]
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/page/x/{name}")).status_code == 404


async def test_files_come_compressed_to_those_who_accept_that(client: httpx.AsyncClient) -> None:
    plain = await client.get("/", headers={"Accept-Encoding": "identity"})
    zipped = await client.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text


async def test_the_head_of_the_page_can_be_asked_for(client: httpx.AsyncClient) -> None:
    reply = await client.head("/")
    assert (reply.status_code, reply.content) == (200, b"")


@pytest.mark.parametrize("name", VENDORED)
def test_libraries_are_what_their_makers_published(name: str) -> None:
    origin, digest = VENDORED[name]
    body = (PAGE / "vendor" / name).read_bytes()
    assert hashlib.sha256(body).hexdigest() == digest
    if (PACKAGES / origin).exists():
        assert body == (PACKAGES / origin).read_bytes()
    assert (PAGE / "vendor" / name).with_suffix(".LICENSE").exists()


@pytest.mark.skipif(not TSC.exists(), reason="needs `npm install` in tests/node")
def test_the_scripts_keep_to_their_types() -> None:
    options = "--allowJs --checkJs --noEmit --target es2023 --module esnext --skipLibCheck"
    libraries = "--moduleResolution bundler --lib es2023,dom,dom.iterable"
    command = [str(NODE), str(TSC), *options.split(), *libraries.split(), "page.js", "theme.js"]
    run = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, check=False)
    told = run.stdout.splitlines()
    # The libraries are minified or have types of their own, and are none of ours to mend.
    assert [line for line in told if not line.startswith(("vendor/", " "))] == []
    assert any(line.startswith("vendor/") for line in told)
