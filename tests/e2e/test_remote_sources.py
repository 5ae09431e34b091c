"""The command with docs that come from a website and a repository."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.command import Shell
from tests.support.git_server import Repository
from tests.support.website import open_website, page

TEA = page(
    "<h1>Tea</h1><h2 id=brewing>Brewing</h2><p>Tea is brewed by the trainees at four o'clock.</p>"
)
COFFEE = "# Coffee\n\nCoffee is brewed by the engineers at nine o'clock.\n"


async def test_answers_cite_the_page_of_a_website_and_the_file_of_a_repository(
    tmp_path: Path,
) -> None:
    repository = Repository(tmp_path / "coffee.git")
    commit = repository.commit({"docs/coffee.md": COFFEE})
    pages = {"/": page("<h1>Help</h1><p>Welcome.</p><a href=/tea>Tea</a>"), "/tea": TEA}
    async with open_website(pages) as site:
        settings = f"""
            [[sources]]
            name = "help"
            website = "{site.url}"
            allow_private = true
            delay = 0

            [[sources]]
            name = "coffee"
            git = "coffee.git"
            subfolder = "docs"
            base_url = "https://git.example/coffee/{{commit}}/"
            slugs = "github"
        """
        (tmp_path / "docent.toml").write_text(settings, "utf-8")
        shell = Shell(tmp_path, {})
        tea = await asyncio.to_thread(shell.run, "ask", "--json", "Who brews tea?")
        coffee = await asyncio.to_thread(shell.run, "ask", "--json", "Who brews coffee?")
    assert json.loads(tea.stdout)["citations"][0]["url"] == f"{site.url}/tea#brewing"
    assert json.loads(coffee.stdout)["citations"][0]["url"] == (
        f"https://git.example/coffee/{commit}/coffee.md#coffee"
    )
