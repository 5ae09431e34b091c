"""The embedded data goes into a file, and comes back whole from it."""

from __future__ import annotations

import asyncio
import io
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import keeping
from bot.app import open_database, open_index
from bot.backup import back_up, restore
from bot.settings import Settings
from bot.settings.groups import DatabaseSettings, DocentSettings, QdrantSettings
from core.errors import ConfigurationError, ServiceUnavailable
from core.migrations.runner import migrate
from tests.support.command import Shell
from tests.support.postgres import server_folder

PAGE = "# The kitchen\n\nThe coffee machine is cleaned every Friday by the last one.\n"
QUESTION = "Who cleans the coffee machine?"


@pytest.fixture
def place() -> Iterator[Path]:
    with server_folder() as made:
        (made / "docs").mkdir()
        (made / "docs" / "kitchen.md").write_text(PAGE, "utf-8")
        yield made


def settings(place: Path, name: str = "data") -> Settings:
    return Settings(docent=DocentSettings(data_dir=place / name))


async def with_a_question(place: Path) -> Settings:
    """A database with a question that is under way, and a cursor."""
    made = settings(place)
    async with open_database(made) as database:
        await migrate(database)
        await database.execute(
            """
            INSERT INTO sessions (platform, workspace, channel, thread) VALUES ('a', 'b', 'c', 'd');
            INSERT INTO turns
                (session_id, platform, workspace, channel, message_id, author, text, context)
            SELECT id, 'a', 'b', 'c', 'm', 'me', 'How?', '{}' FROM sessions;
            INSERT INTO cursors VALUES ('a', 'b', 'c', '1')
            """
        )
    return made


async def told(made: Settings) -> tuple[list[str], int]:
    """The statuses of the questions, and the number of cursors."""
    async with open_database(made) as database:
        turns = await database.fetch("SELECT status FROM turns WHERE text = 'How?'")
        cursors = await database.fetch("SELECT FROM cursors")
    return [row["status"] for row in turns], len(cursors)


def named(place: Path, beginning: str) -> list[str]:
    """What there is of that name, at any depth."""
    return [path.name for path in place.rglob(f"{beginning}*")]


async def test_everything_is_there_after_a_restore(place: Path) -> None:
    docs = {"DOCS_FOLDER": "docs"}
    there = Shell(place, docs | {"DOCENT_DATA_DIR": "there"})
    here = Shell(place, docs | {"DOCENT_DATA_DIR": "here"})

    def run(shell: Shell, *arguments: str) -> str:
        done = shell.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    await asyncio.to_thread(run, there, "ask", QUESTION)
    said = await asyncio.to_thread(run, there, "backup", "saved")
    assert said == "saved has the database and the vector index.\n"
    assert "Restored what was there at" in await asyncio.to_thread(run, here, "restore", "saved")
    assert QUESTION in await asyncio.to_thread(run, here, "trace")
    answer = await asyncio.to_thread(run, here, "ask", QUESTION)
    assert "every Friday" in answer
    assert "Indexing" not in answer


async def test_beside_a_running_bot_the_index_is_left_out(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await with_a_question(place)
    (place / "data" / "uploads").mkdir()
    (place / "data" / "uploads" / "guide.md").write_text("# A guide", "utf-8")
    async with open_index(made), open_database(made):
        await keeping.backup(made, place / "saved")
    assert "A bot has the vector index open" in capsys.readouterr().out
    await keeping.restore(settings(place, "new"), place / "saved", answered_since=False)
    assert "the next start writes it anew" in capsys.readouterr().out
    assert await told(settings(place, "new")) == (["accepted"], 1)
    assert not (place / "new" / "qdrant").exists()
    assert (place / "new" / "uploads" / "guide.md").read_text("utf-8") == "# A guide"


async def test_an_index_on_a_server_is_of_another_time(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qdrant = QdrantSettings.model_validate({"url": "http://127.0.0.1:9"})
    made = (await with_a_question(place)).model_copy(update={"qdrant": qdrant})
    await keeping.backup(made, place / "saved")
    assert capsys.readouterr().out == f"{place}/saved has the database.\n"
    new = settings(place, "new").model_copy(update={"qdrant": qdrant})
    await keeping.restore(new, place / "saved", answered_since=False)
    assert "Run `docent rebuild` next" in capsys.readouterr().out


async def test_what_was_answered_since_is_not_answered_again(place: Path) -> None:
    await back_up(await with_a_question(place), place / "saved")
    await restore(settings(place, "new"), place / "saved", answered_since=True)
    assert await told(settings(place, "new")) == (["failed"], 0)


async def test_only_its_owner_may_read_a_backup_and_none_is_overwritten(place: Path) -> None:
    made = await with_a_question(place)
    await back_up(made, place / "saved")
    assert stat.S_IMODE((place / "saved").stat().st_mode) == 0o600
    with pytest.raises(ConfigurationError, match="there already"):
        await back_up(made, place / "saved")
    assert named(place, "saved") == ["saved"]


async def test_a_folder_that_holds_data_is_left_alone(place: Path) -> None:
    made = await with_a_question(place)
    await back_up(made, place / "saved")
    with pytest.raises(ConfigurationError, match="holds data already: postgres"):
        await restore(made, place / "saved", answered_since=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda whole: whole[: len(whole) // 2], "no backup"),
        (lambda whole: b"What is this?" + whole, "no backup"),
        (lambda whole: whole.replace(b'"format": 1', b'"format": 2'), "newer version"),
        (lambda whole: whole.replace(b"PGDMP", b"PGDMQ"), "pg_restore failed"),
    ],
)
async def test_a_file_that_is_no_whole_backup_leaves_the_folder_empty(
    place: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    await back_up(await with_a_question(place), place / "saved")
    (place / "saved").write_bytes(change((place / "saved").read_bytes()))
    with pytest.raises((ConfigurationError, ServiceUnavailable), match=said):
        await restore(settings(place, "new"), place / "saved", answered_since=False)
    assert list((place / "new").iterdir()) == []


async def test_a_backup_that_is_not_there_is_named(place: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no file .*/nope"):
        await restore(settings(place, "new"), place / "nope", answered_since=False)


@pytest.mark.parametrize("name", ["../out", "/out", "qdrant/../../out", "other", "qdrant/link"])
async def test_an_archive_reaches_nothing_but_the_data_folder(place: Path, name: str) -> None:
    with tarfile.open(place / "hostile", "w") as archive:
        member = tarfile.TarInfo(name)
        if name.endswith("link"):
            member.type, member.linkname = tarfile.SYMTYPE, "/etc"
            archive.addfile(member)
        else:
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(ConfigurationError, match="no backup"):
        await restore(settings(place, "new"), place / "hostile", answered_since=False)
    assert named(place, "out") == []


async def test_a_server_of_its_own_is_backed_up_by_its_own_means(place: Path) -> None:
    url = SecretStr("postgresql://user@localhost/name")
    remote = Settings(database=DatabaseSettings(url=url))
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        await back_up(remote, place / "saved")
    assert "pg_dump" in caught.value.hint


async def test_a_folder_without_data_has_nothing_to_back_up(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to back up"):
        await back_up(settings(place, "typo"), place / "saved")


async def test_a_place_that_cannot_be_written_is_named(place: Path) -> None:
    made = await with_a_question(place)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        await back_up(made, place / "missing" / "saved")
    (place / "file").touch()
    await back_up(made, place / "saved")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        await restore(settings(place, "file"), place / "saved", answered_since=False)
