"""`docent run` with the HTTP API: a process of its own, on a bare machine, stopped by SIGTERM."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.command import Shell
from tests.support.kitchen import ANSWER, DOCS, QUESTION, kitchen_folder, running

UP = b"The HTTP API is served at"


@pytest.fixture
def shell() -> Iterator[Shell]:
    with kitchen_folder() as folder:
        yield Shell(folder, {**DOCS, "WEB_ENABLED": "true", "SERVER_PORT": "0"})


def client(said: str) -> httpx.AsyncClient:
    found = re.search(r"http://127\.0\.0\.1:\d+/api/v1", said)
    assert found, said
    return httpx.AsyncClient(base_url=found[0], timeout=60)


async def test_a_port_that_is_taken_is_told_before_the_docs_come_in(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = Shell(shell.folder, {**shell.variables, "SERVER_PORT": port}).run("run")
    assert ended.returncode == 2
    assert f"Docent cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Indexing" not in ended.stderr


async def test_it_answers_with_nothing_configured_and_keeps_what_was_said(shell: Shell) -> None:
    tea = b"# Tea\n\nTea is brewed by the trainees at four o'clock.\n"
    async with running(shell, UP) as said, client(said) as http:
        assert (await http.get(str(http.base_url.copy_with(path="/ready")))).json()["ready"]
        answer = (await http.post("/chat", json={"question": QUESTION})).json()
        assert ANSWER in answer["text"]
        added = await http.post("/documents", files={"file": ("tea.md", tea)})
        assert added.status_code == 201, added.text
        brewed = (await http.post("/chat", json={"question": "Who brews the tea?"})).json()
        assert "trainees" in brewed["text"]
    kept = Path(shell.folder, ".docent", "uploads", "tea.md")
    assert kept.read_bytes() == tea  # noqa: ASYNC240 - nothing else runs on the loop
    async with running(shell, UP) as said, client(said) as http:
        turns = (await http.get(f"/sessions/{answer['session_id']}")).json()["turns"]
        assert turns[0]["answer"] == answer
        assert (await http.get("/status")).json()["documents"] == 2
        key = shell.run("keys", "create", "CI", "--scope", "ask").stdout.strip()
        headers = {"Authorization": f"Bearer {key}"}
        assert (await http.get("/me", headers=headers)).json()["permissions"] == ["ask"]
    async with running(shell, UP) as said, client(said) as http:
        assert "with an API key" in said
        assert (await http.get("/me")).status_code == 401
        assert (await http.get("/me", headers=headers)).status_code == 200
        listed = shell.run("keys", "list").stdout
        assert key not in listed
        shell.run("keys", "revoke", listed.split()[0])
