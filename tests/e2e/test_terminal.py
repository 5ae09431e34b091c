"""The command on a bare machine: no key, no server, a folder of docs."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.support.command import PATIENCE, Shell
from tests.support.http_server import Exchange, serving
from tests.support.terminal import CTRL_C, CTRL_D, ENTER, seated

GUIDE = """\
# Query parameters

## Defaults

A query parameter has a default value when you write one after the equals sign.
Then it is optional.

## Lists

Declare a query parameter of type list to accept it several times in the address.
"""
KITCHEN = """\
# The kitchen

## Coffee

The coffee machine is cleaned every Friday by whoever drank the last cup.
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("clone")
    (folder / "guide").mkdir()
    (folder / "guide" / "query.md").write_text(GUIDE, "utf-8")
    (folder / "guide" / "kitchen.md").write_text(KITCHEN, "utf-8")
    variables = {
        "DOCS_FOLDER": "guide",
        "DOCS_BASE_URL": "https://docs.example.com/",
        "DOCS_SLUGS": "mkdocs",
    }
    return Shell(folder, variables)


def test_each_line_is_a_question_and_the_end_of_the_file_is_the_end(shell: Shell) -> None:
    questions = "Does a query parameter have a default value?\nWho cleans the coffee machine?\n"
    result = shell.run("run", typed=questions)
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.split("› Who cleans")
    assert "has a default value when you write one" in first
    assert "https://docs.example.com/query/#defaults" in first
    assert "whoever drank the last cup" in second
    assert "https://docs.example.com/kitchen/#coffee" in second


@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_leaves_early_ends_the_command_without_a_word(
    shell: Shell, lines: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=shell.folder,
        env=shell.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as docent:
        assert docent.stdin
        assert docent.stdout
        assert docent.stderr
        docent.stdin.write("Does a query parameter have a default value?\n" * 2)
        docent.stdin.close()
        for _ in range(lines):
            docent.stdout.readline()
        docent.stdout.close()
        try:
            assert docent.wait(PATIENCE) == 141
            assert "Traceback" not in docent.stderr.read()
        finally:
            docent.kill()


def test_what_a_file_asks_cannot_steer_the_terminal(shell: Shell) -> None:
    result = shell.run("run", typed="Who \x1b[2Jcleans the coffee machine?\x07\n")
    assert "› Who [2Jcleans the coffee machine?\n" in result.stdout
    assert not {"\x1b", "\x07"} & set(result.stdout)


def test_what_the_docs_do_not_cover_is_refused_with_the_nearest_sections(shell: Shell) -> None:
    result = shell.run("ask", "--json", "What is the capital of Mongolia?")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["status"] == "refused"
    assert answer["citations"] == []
    assert answer["model"] is None
    assert "https://docs.example.com/" in answer["text"]


def test_a_program_gets_one_object(shell: Shell) -> None:
    result = shell.run("ask", "--json", "How do I accept a list in the address?")
    answer = json.loads(result.stdout)
    assert answer["status"] == "quoted"
    assert answer["citations"][0]["heading_path"][-1] == "Lists"
    assert answer["citations"][0]["url"] == "https://docs.example.com/query/#lists"
    assert re.search(r"\[1\]", answer["text"])
    steps = {"history", "embed", "search", "rerank", "first_token", "total"}
    assert steps <= answer["timings_ms"].keys()


def test_a_sync_of_unchanged_docs_embeds_nothing(shell: Shell) -> None:
    shell.run("sync")
    report = json.loads(shell.run("sync", "--json").stdout)
    assert (report["embedded"], report["written"], report["added"]) == (0, 0, [])


def test_a_changed_section_is_answered_from_after_a_sync(shell: Shell) -> None:
    page = shell.folder / "guide" / "tea.md"
    page.write_text("# Tea\n\nTea is brewed by the trainees at four o'clock.\n", "utf-8")
    dry = shell.run("sync", "--dry-run")
    assert "added: docs/tea.md" in dry.stdout
    assert shell.run("sync").returncode == 0
    assert "trainees at four" in shell.run("ask", "Who brews the tea?").stdout


def test_a_sync_that_finds_no_document_says_so(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    elsewhere = {"DOCS_FOLDER": "empty", "DOCENT_DATA_DIR": "unused"}
    result = Shell(shell.folder, {**shell.variables, **elsewhere}).run("sync")
    assert result.returncode == 0
    assert "! docs has nothing to answer from" in result.stderr


def test_the_doctor_finds_a_bare_machine_well(shell: Shell) -> None:
    result = shell.run("doctor")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("✓") == 7
    assert "all-MiniLM-L6-v2" in result.stdout


def test_the_doctor_names_what_is_wrong_and_what_to_do(shell: Shell) -> None:
    refused = {
        "DATABASE_URL": "postgres://me:hunter2@127.0.0.1:9/x",
        "QDRANT_URL": "http://127.0.0.1:9",
        "DOCS_FOLDER": "nowhere",
    }
    result = Shell(shell.folder, {**shell.variables, **refused}).run("doctor")
    assert result.returncode == 1
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert {"✗ Database", "✗ Vector index", "✗ Source docs", "✓ Embedding"} <= lines.keys()
    assert all("→" in lines[part] for part in ("✗ Database", "✗ Vector index", "✗ Source docs"))
    assert "hunter2" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"DOCS_FOLDER": "nowhere", "DOCENT_DATA_DIR": "fresh"}, "nowhere"),
        ({"DATABASE_URL": "postgres://me:hunter2@127.0.0.1:9/x"}, "PostgreSQL"),
        ({"QDRANT_URL": "http://127.0.0.1:9"}, "Qdrant"),
        ({"OPENROUTER_API_KEY": "kéy"}, "OpenRouter"),
        ({"COHERE_DIMENSIONS": "many"}, "COHERE_DIMENSIONS"),
        ({"DOCENT_DATA_DIR": "/dev/null/data"}, "/dev/null"),
        ({"EMBEDDER_FOLDER": "nowhere"}, "nowhere"),
    ],
)
def test_a_fault_is_one_sentence_and_a_code(
    shell: Shell, variables: dict[str, str], said: str
) -> None:
    result = Shell(shell.folder, {**shell.variables, **variables}).run("ask", "Anything?")
    assert result.returncode in {1, 2}
    assert result.stdout == ""
    assert said in result.stderr
    assert "✗" in result.stderr
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.stderr


def test_a_mistyped_setting_is_warned_of_and_stops_nothing(shell: Shell) -> None:
    mistyped = {"SLACK_ALLOWED_USER": "U0ALICE"}
    result = Shell(shell.folder, {**shell.variables, **mistyped}).run("slack-manifest")
    assert "SLACK_ALLOWED_USER is no setting" in result.stderr
    assert "Did you mean SLACK_ALLOWED_USERS?" in result.stderr
    assert "U0ALICE" not in result.stderr
    assert json.loads(result.stdout)


def test_debug_shows_the_traceback(shell: Shell) -> None:
    variables = {**shell.variables, "QDRANT_URL": "http://127.0.0.1:9"}
    result = Shell(shell.folder, variables).run("ask", "Anything?", "--debug")
    assert "Traceback" in result.stderr


def test_a_second_process_is_told_who_holds_the_data_folder(shell: Shell) -> None:
    with shell.running("run", "--no-chat") as bot:
        assert bot.stderr is not None
        assert any("is up" in line for line in bot.stderr)
        refused = shell.run("ask", "Anything?")
        checked = shell.run("doctor")
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(timeout=PATIENCE) == 0
    assert refused.returncode == 1
    assert str(bot.pid) in refused.stderr
    assert checked.returncode == 0


def test_a_killed_bot_starts_again(shell: Shell) -> None:
    with shell.running("run", "--no-chat") as bot:
        assert bot.stderr is not None
        assert any("is up" in line for line in bot.stderr)
        bot.kill()
    assert "whoever drank" in shell.run("ask", "Who cleans the coffee machine?").stdout


def test_help_is_instant_because_it_loads_no_engine() -> None:
    probe = "import sys, bot.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"asyncpg", "cohere", "numpy", "onnxruntime", "pydantic", "qdrant_client"}
    assert heavy.isdisjoint(loaded)


def test_an_unknown_source_is_answered_with_those_there_are(shell: Shell) -> None:
    result = shell.run("sync", "handbook")
    assert result.returncode == 2
    assert "There is: docs." in result.stderr


def test_a_question_needs_no_quotation_marks(shell: Shell) -> None:
    result = shell.run("ask", "Who", "cleans", "the", "coffee", "machine?")
    assert "whoever drank the last cup" in result.stdout


@pytest.mark.parametrize("words", [[""], ["  "], ["", ""]])
def test_no_question_is_answered_with_how_to_ask_one(shell: Shell, words: list[str]) -> None:
    result = shell.run("ask", *words)
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "✗ There is no question to answer.",
        '  Ask one: docent ask "How do I …?"',
    ]


def test_a_person_at_a_terminal_is_told_what_is_answered_from(shell: Shell) -> None:
    with seated(shell, "chat") as terminal:
        terminal.expect("Answering from docs (")
        terminal.expect(" documents). Ctrl-D ends the chat; ? shows help.")
        terminal.press(f"?{ENTER}")
        terminal.expect("begins a new conversation")
        terminal.press(f"half a question{CTRL_C}Who cleans the coffee machine?{ENTER}")
        answer = terminal.expect("peer-reviewed.")
        assert "whoever drank the last cup" in answer
        assert "https://docs.example.com/kitchen/#coffee" in answer
        terminal.press(f"What is the capital of Mongolia?{ENTER}")
        assert "The nearest sections are:" in terminal.expect("https://docs.example.com/")
        terminal.press(f"exit{ENTER}")
        assert terminal.process.wait(timeout=PATIENCE) == 0


def test_an_answer_at_a_terminal_is_laid_out_for_it(shell: Shell) -> None:
    with seated(shell, "ask", "Who", "cleans", "the", "coffee", "machine?") as terminal:
        answer = terminal.expect("    https://docs.example.com/kitchen/#coffee")
        assert "▌ The coffee machine is cleaned" in answer


async def test_ctrl_c_ends_an_answer_that_is_being_written_and_not_the_chat(shell: Shell) -> None:
    async def write_on(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        claim = "A query parameter has a default value when you write one. [1] And"
        await exchange.event({"model": "a/one", "choices": [{"delta": {"content": claim}}]})
        await exchange.gone.wait()

    async with serving(write_on) as server:
        configured = {"OPENROUTER_API_KEY": "sk-or-test", "OPENROUTER_BASE_URL": server.url}
        slow = Shell(shell.folder, {**shell.variables, **configured})
        await asyncio.to_thread(interrupt, slow)
        async with asyncio.timeout(PATIENCE):
            await server.exchanges[0].gone.wait()


def interrupt(slow: Shell) -> None:
    with seated(slow, "chat") as terminal:
        terminal.expect("shows help.")
        terminal.press(f"Does a query parameter have a default value?{ENTER}")
        terminal.expect("when you write one. [1]")
        terminal.press(CTRL_C)
        terminal.expect("Stopped on request.")
        terminal.expect("https://docs.example.com/query/#defaults")
        terminal.press(f"?{ENTER}")
        terminal.expect("begins a new conversation")
        # What is typed before the prompt is up is lost with the line mode that ends there.
        for _ in range(int(PATIENCE)):
            terminal.press(CTRL_D)
            with suppress(subprocess.TimeoutExpired):
                assert terminal.process.wait(timeout=1) == 0
                return
        pytest.fail("the chat goes on")
