"""The documents that answers come from, those that are uploaded among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapters.web.library import document_id
from bot.settings.source import SourceSettings
from core.backends.postgres import Postgres
from tests.support.office import docx
from tests.support.web_server import PAGES, Event, WebServer, open_web, web_settings

TEA = b"# Tea\n\nThe tea is brewed by the trainees at four o'clock.\n"
TEA_ASKED = "When is the tea brewed by the trainees?"


@pytest.fixture
async def server(database: Postgres, tmp_path: Path) -> AsyncIterator[WebServer]:
    settings = web_settings(tmp_path, upload_megabytes=1)
    async with open_web(database, tmp_path, settings=settings) as opened:
        yield opened


async def upload(server: WebServer, name: str, data: bytes) -> httpx.Response:
    return await server.client.post("/documents", files={"file": (name, data)})


async def paths(server: WebServer, **query: str | int) -> list[str]:
    reply = await server.client.get("/documents", params=query)
    assert reply.status_code == 200, reply.text
    return [f"{each['source']}/{each['path']}" for each in reply.json()["documents"]]


async def test_documents_are_listed_page_by_page(server: WebServer) -> None:
    every = [f"docs/{name}" for name in sorted(PAGES)]
    assert await paths(server) == every
    assert await paths(server, source="docs") == every
    assert await paths(server, source="other") == []
    first = (await server.client.get("/documents", params={"limit": 2})).json()
    assert await paths(server, after=first["next"]) == every[2:]


async def test_a_document_is_read_with_its_sections(server: WebServer) -> None:
    listed = (await server.client.get("/documents")).json()["documents"][0]
    found = (await server.client.get(f"/documents/{listed['id']}")).json()
    sections = found.pop("sections")
    assert found == listed
    assert [(s["heading_path"], s["anchor"]) for s in sections] == [
        (["Machine"], "machine"),
        (["Beans"], "beans"),
    ]
    assert sections[0]["text"].startswith("Whoever drank the last cup")


async def test_what_is_not_served_is_not_found(server: WebServer) -> None:
    for wrong in ("ZG9jcy9ub25lLm1k", "x", "AAAA", "Zg"):
        assert (await server.client.get(f"/documents/{wrong}")).status_code == 404
        assert (await server.client.delete(f"/documents/{wrong}")).status_code == 404


async def test_what_is_private_is_neither_listed_nor_found_nor_told_of_by_a_sync(
    database: Postgres, tmp_path: Path
) -> None:
    (tmp_path / "minutes").mkdir()
    (tmp_path / "minutes" / "salaries.md").write_text("# Salaries\n\nThey rise.\n", "utf-8")
    settings = web_settings(tmp_path)
    private = SourceSettings(name="minutes", folder=tmp_path / "minutes", channels=("slack:C1",))
    settings = settings.model_copy(update={"sources": (*settings.sources, private)})
    async with open_web(database, tmp_path, settings=settings) as server:
        assert {"docs", "minutes"} <= await server.app.served_sources()
        assert await paths(server) == [f"docs/{name}" for name in sorted(PAGES)]
        assert await paths(server, source="minutes") == []
        found = await server.client.get(f"/documents/{document_id('minutes', 'salaries.md')}")
        assert found.status_code == 404
        (tmp_path / "minutes" / "salaries.md").write_text("# Salaries\n\nThey fall.\n", "utf-8")
        (tmp_path / "docs" / "tea.md").write_bytes(TEA)
        *_, end = [event async for event in server.events("POST", "/sync", json={})]
    assert (end.name, end.data["added"], end.data["changed"]) == ("report", ["docs/tea.md"], [])
    assert end.data["hidden"] == {"changed": 1}
    assert "salaries" not in str(end)


async def test_an_upload_is_answered_from_right_after_until_it_is_deleted(
    server: WebServer,
) -> None:
    added = await upload(server, "tea.md", TEA)
    assert added.status_code == 201, added.text
    body = added.json()
    assert (body["source"], body["title"]) == ("uploads", "Tea")
    assert added.headers["location"] == f"/api/v1/documents/{body['id']}"
    answer = (await server.ask(TEA_ASKED)).json()
    assert answer["citations"][0]["source"] == "uploads"
    gone = await server.client.delete(f"/documents/{body['id']}")
    assert gone.status_code == 204
    assert (await server.client.get(f"/documents/{body['id']}")).status_code == 404
    assert "trainees" not in (await server.ask(TEA_ASKED)).json()["text"]


async def test_an_upload_of_the_same_name_takes_the_place_of_the_first(server: WebServer) -> None:
    await upload(server, "tea.md", TEA)
    await upload(server, "tea.md", TEA.replace(b"four", b"five"))
    assert await paths(server, source="uploads") == ["uploads/tea.md"]
    assert "five" in (await server.ask(TEA_ASKED)).json()["text"]


async def test_word_and_html_are_read_too(server: WebServer) -> None:
    page = b"<html><body><main><h1>Gym</h1><p>The gym opens at six.</p></main></body></html>"
    assert (await upload(server, "gym.HTML", page)).status_code == 201
    assert (await upload(server, "rules.docx", docx("Dogs stay outside."))).status_code == 201
    assert await paths(server, source="uploads") == ["uploads/gym.html", "uploads/rules.docx"]


async def test_what_cannot_be_read_leaves_what_was_there(server: WebServer) -> None:
    broken = await upload(server, "rules.pdf", b"%PDF-1.7 and no more")
    assert broken.status_code == 422
    assert "rules.pdf" in broken.json()["detail"]
    assert await paths(server, source="uploads") == []
    good = docx("Dogs stay outside.")
    await upload(server, "rules.docx", good)
    again = await upload(server, "rules.docx", b"PK no more")
    assert again.status_code == 422
    assert await paths(server, source="uploads") == ["uploads/rules.docx"]
    assert (server.app.settings.docent.data_dir / "uploads" / "rules.docx").read_bytes() == good


async def test_what_has_no_text_leaves_what_was_there(server: WebServer) -> None:
    await upload(server, "tea.md", TEA)
    empty = await upload(server, "tea.md", b"   \n")
    assert (empty.status_code, empty.json()["detail"]) == (422, "tea.md has no text.")
    assert await paths(server, source="uploads") == ["uploads/tea.md"]
    assert (server.app.settings.docent.data_dir / "uploads" / "tea.md").read_bytes() == TEA
    assert "trainees" in (await server.ask(TEA_ASKED)).json()["text"]


async def test_a_name_leads_nowhere_else(server: WebServer) -> None:
    for name, kept in {
        "../../etc/passwd.md": "passwd.md",
        "C:\\docs\\Tea time.MD": "Tea-time.md",
        "a/b/.hidden.md": "hidden.md",
        "x" * 300 + ".md": "x" * 200 + ".md",
        "文" * 100 + ".md": "文" * 66 + ".md",
        "Ä\u202etxt.md": "Ä-txt.md",
    }.items():
        added = await upload(server, name, TEA)
        assert added.status_code == 201, added.text
        assert added.json()["path"] == kept


async def test_an_upload_that_there_is_no_room_for_says_so(server: WebServer) -> None:
    folder = server.app.settings.docent.data_dir / "uploads"
    folder.rename(folder.with_name("away"))
    refused = await upload(server, "tea.md", TEA)
    assert refused.status_code == 507
    assert refused.json()["detail"] == "tea.md cannot be written: No such file or directory."


async def test_what_is_no_upload_is_refused_with_the_reason(server: WebServer) -> None:
    assert (await upload(server, "tea.exe", TEA)).status_code == 415
    assert (await upload(server, "tea", TEA)).status_code == 415
    assert (await upload(server, ".md", TEA)).status_code == 415
    assert (await upload(server, "empty.md", b"")).status_code == 422
    large = await upload(server, "large.md", b"x" * 1_100_000)
    assert large.status_code == 413
    client = server.client
    assert (await client.post("/documents", json={})).status_code == 415
    assert (await client.post("/documents", files={"other": ("a.md", TEA)})).status_code == 422
    assert (await client.post("/documents", files={"file": TEA})).status_code in (415, 422)
    two = [("file", ("a.md", TEA)), ("file", ("b.md", TEA))]
    assert (await client.post("/documents", files=two)).status_code == 400
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await client.post("/documents", content=b"--y", headers=form)).status_code in (400, 422)
    unread = {"Content-Type": "multipart/form-data; boundary=x; charset=undefined"}
    part = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\nTea.\r\n--x--'
    )
    assert (await client.post("/documents", content=part, headers=unread)).status_code == 400
    bare = {"Content-Type": "multipart/form-data"}
    assert (await client.post("/documents", content=b"--y", headers=bare)).status_code == 400
    listed = (await client.get("/documents")).json()["documents"][0]
    assert (await client.delete(f"/documents/{listed['id']}")).status_code == 409


async def test_a_sync_is_followed_to_its_report(server: WebServer) -> None:
    folder = server.app.settings.sources[0].folder
    assert folder is not None
    (folder / "tea.md").write_bytes(TEA)
    events = [event async for event in server.events("POST", "/sync", json={"source": "docs"})]
    assert events[-1].name == "report"
    assert events[-1].data["added"] == ["docs/tea.md"]
    assert {event.name for event in events[:-1]} == {"progress"}
    last = (await server.client.get("/sync")).json()
    assert (last["running"], last["report"]["documents"]) == (False, 4)
    follower: list[Event] = [event async for event in server.events("GET", "/sync")]
    assert [event.name for event in follower] == ["report"]


async def test_a_sync_that_fails_says_why(server: WebServer) -> None:
    unknown = await server.client.post("/sync", json={"source": "other"})
    assert unknown.status_code == 404
    folder = server.app.settings.sources[0].folder
    assert folder is not None
    folder.rename(folder.with_name("away"))
    events = [event async for event in server.events("POST", "/sync", json={})]
    assert events[-1].name == "error"
    assert "does not exist" in events[-1].data["detail"]


async def test_admins_are_told_what_is_served_spent_and_missing(server: WebServer) -> None:
    await server.ask("How tall is the mountain Kilimanjaro?")
    status = (await server.client.get("/status")).json()
    assert {each["name"]: each["documents"] for each in status["sources"]} == {
        "docs": 3,
        "uploads": 0,
    }
    assert (await server.client.get("/quota")).json() == {"budgets": [], "used_this_month": []}
    gaps = (await server.client.get("/gaps", params={"days": 1})).json()
    assert gaps["questions"] in (0, 1)
