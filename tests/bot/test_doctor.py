"""What the doctor says of each part; tests/e2e/test_terminal.py asks it as a person does."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from bot.address import listens
from bot.app import open_index
from bot.doctor import Finding, _database, _examined, _examined_corpus, examine
from bot.doctor_machine import (
    Seen,
    check_address,
    check_instances,
    check_uploads,
    empty_uploads,
    told_of_room,
)
from bot.doctor_web import check_api, check_provider
from bot.settings import Settings
from bot.settings.groups import DocentSettings, DocsSettings, OpenRouterSettings
from core.access.keys import ApiKeys, Permission
from core.backends.postgres import Postgres
from tests.support.door import open_door
from tests.support.http_server import Exchange, serving
from tests.support.postgres import administer

CLOSED = "http://127.0.0.1:9"

pytestmark = pytest.mark.usefixtures("_empty_folder")


@pytest.fixture
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# Page\n\nText.\n", "utf-8")


async def openrouter_reply(exchange: Exchange) -> None:
    if exchange.headers["authorization"] != "Bearer good":
        await exchange.reply(401, {"error": {"message": "no"}})
    elif exchange.path == "/key":
        await exchange.reply(200, {"data": {"is_free_tier": True, "limit_remaining": 4.5}})
    else:
        await exchange.reply(200, {"data": [{"id": "a/known"}, {"id": "b/known:free"}]})


@pytest.fixture
async def openrouter() -> AsyncIterator[str]:
    async with serving(openrouter_reply) as server:
        yield server.url


async def finding_on_models(tmp_path: Path, **openrouter: object) -> Finding:
    settings = Settings(
        docent=DocentSettings(data_dir=tmp_path / "data"),
        docs=DocsSettings(folder=tmp_path / "docs"),
        openrouter=OpenRouterSettings.model_validate(openrouter),
    )
    findings = {finding.part: finding async for finding in examine(settings)}
    assert findings["Source docs"] == Finding(
        "Source docs", well=True, found=f"1 document in {tmp_path}/docs."
    )
    return findings["Models"]


async def test_without_a_key_it_says_what_answers_are(tmp_path: Path) -> None:
    found = await finding_on_models(tmp_path)
    assert found.well
    assert "quotes from the docs" in found.found


async def test_a_good_key_is_told_with_what_is_left(tmp_path: Path, openrouter: str) -> None:
    found = await finding_on_models(tmp_path, api_key="good", base_url=openrouter, models="a/known")
    assert found.well
    assert found.found == "a/known, 4.50 dollars left, free models only."


@pytest.mark.parametrize(
    ("collection", "models", "said"),
    [
        ("deny", "a/known,b/known:free", "b/known:free may find none"),
        ("allow", "b/known:free", "serves b/known:free may keep what they are sent"),
        ("allow", "a/known", "serves a/known may keep what they are sent"),
    ],
)
async def test_it_says_plainly_what_free_models_and_their_providers_keep(
    tmp_path: Path, openrouter: str, collection: str, models: str, said: str
) -> None:
    how = {"api_key": "good", "base_url": openrouter, "data_collection": collection}
    found = await finding_on_models(tmp_path, **how, models=models)
    assert found.well
    assert said in found.found


@pytest.mark.parametrize(
    ("key", "models", "said", "advice"),
    [
        ("bad", "a/known", "the key was not accepted", "OPENROUTER_API_KEY"),
        ("good", "a/known,c/gone", "does not know c/gone", "OPENROUTER_MODELS"),
    ],
)
async def test_what_is_wrong_comes_with_what_to_do(
    tmp_path: Path, openrouter: str, key: str, models: str, said: str, advice: str
) -> None:
    found = await finding_on_models(tmp_path, api_key=key, base_url=openrouter, models=models)
    assert not found.well
    assert said in found.found
    assert advice in found.advice


async def finding_on_docs(tmp_path: Path, folder: str = "docs") -> Finding:
    settings = Settings(
        docent=DocentSettings(data_dir=tmp_path / "data"),
        docs=DocsSettings(folder=tmp_path / folder),
    )
    return [finding async for finding in examine(settings)][-1]


async def test_documents_that_cannot_be_read_are_counted_and_named(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / "docs" / f"gone-{number}.md").symlink_to("nowhere")
    (tmp_path / "docs" / "a-picture.md").write_bytes(b"\x89PNG\0\xff\xfe\xfd")
    found = await finding_on_docs(tmp_path)
    assert found.as_rich().plain.startswith(
        f"! Source docs: 8 documents in {tmp_path}/docs, 7 cannot be read: a-picture.md ("
    )
    assert "gone-3.md (it is gone, or no regular file) and 2 more." in found.found
    assert "exclude" in found.advice


async def test_a_folder_without_documents_is_worth_a_warning(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = await finding_on_docs(tmp_path, "empty")
    assert found.well
    assert found.as_rich().plain.startswith(
        f"! Source docs: 0 documents in {tmp_path}/empty. → Put documents there"
    )


async def test_a_missing_folder_is_a_fault_of_its_source(tmp_path: Path) -> None:
    found = await finding_on_docs(tmp_path, "nowhere")
    assert not found.well
    assert found.as_rich().plain.startswith("✗ Source docs: The folder ")
    assert "DOCS_FOLDER" in found.advice


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.part: finding async for finding in examine(settings)}


def settings(tmp_path: Path, **groups: object) -> Settings:
    usual = {"data_dir": tmp_path / "data"}
    docs = {"folder": tmp_path / "docs"}
    return Settings.model_validate({"docent": usual, "docs": docs, **groups})


async def test_a_bare_machine_is_well_in_every_part(tmp_path: Path) -> None:
    found = await findings(settings(tmp_path, web={"enabled": True}, server={"port": 0}))
    assert list(found) == [
        "Data folder",
        "Database",
        "Vector index",
        "Embedding",
        "Models",
        "Indexed docs",
        "HTTP API",
        "Address",
        "Uploads",
        "Source docs",
    ]
    assert all(each.well and not each.advice for each in found.values())


async def test_every_red_line_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = settings(
        tmp_path,
        docent={"data_dir": tmp_path / "file"},
        docs={"folder": tmp_path / "nowhere"},
        qdrant={"url": CLOSED},
        cohere={"api_key": "key", "base_url": CLOSED},
        openrouter={"api_key": "key", "base_url": CLOSED},
        slack={"bot_token": "xoxb-1", "signing_secret": "s", "base_url": f"{CLOSED}/api/"},
        discord={"token": "t.t.t", "base_url": f"{CLOSED}/api"},
        server={"host": "192.0.2.1"},
    )
    found = await findings(wrong)
    red = {part: finding for part, finding in found.items() if not finding.well}
    assert red.keys() >= {"Data folder", "Database", "Vector index", "Embedding", "Models"}
    assert red.keys() >= {"Address", "Source docs", "Slack", "Discord"}
    assert {part for part, finding in red.items() if not finding.advice.endswith(".")} == set()


@pytest.mark.parametrize("ailing", ["Database", "Vector index"])
async def test_what_cannot_be_told_is_not_called_well(ailing: str) -> None:
    seen = {
        part: Finding(part, well=part != ailing, found="as it is")
        for part in ("Database", "Vector index")
    }
    found = await _examined_corpus(seen, Settings())
    assert found.as_rich().plain.startswith("! Indexed docs: not told")


async def test_a_database_that_this_version_cannot_follow_is_red(
    tmp_path: Path, database: Postgres, database_dsn: str
) -> None:
    await database.execute("INSERT INTO migrations VALUES (9999, 'later', '', now(), 9999)")
    async with open_door(database_dsn) as door:
        found = await _examined(
            "Database", _database, settings(tmp_path, database={"url": door.dsn})
        )
    assert not found.well
    assert "newer version of Docent" in found.found


async def test_a_database_whose_user_may_make_no_tables_is_red(
    tmp_path: Path, empty_dsn: str
) -> None:
    role = f"reader_{uuid4().hex}"
    await administer(empty_dsn, f"CREATE ROLE {role} LOGIN")
    async with open_door(empty_dsn) as door:
        url = door.dsn.replace("//postgres@", f"//{role}@")
        found = await _examined("Database", _database, settings(tmp_path, database={"url": url}))
    await administer(empty_dsn, f"DROP ROLE {role}")
    assert not found.well
    assert "rights" in found.advice


async def test_an_index_that_a_bot_has_open_is_well(tmp_path: Path) -> None:
    made = settings(tmp_path)
    async with open_index(made):
        found = await findings(made)
    assert found["Vector index"].well
    assert "in use by process" in found["Vector index"].found
    assert "docent status" in found["Indexed docs"].found


@pytest.mark.parametrize(
    ("free", "mark"), [(10 * 2**30, "✓"), (400 * 2**20, "!"), (63 * 2**20, "✗")]
)
async def test_a_full_disk_is_noticed_before_it_is(free: int, mark: str) -> None:
    async def check(_: Settings) -> Seen:
        return told_of_room(Path("data"), free)

    assert (await _examined("Data folder", check, Settings())).as_rich().plain.startswith(mark)


async def test_a_fault_of_our_own_hides_no_other(tmp_path: Path) -> None:
    async def check(_: Settings) -> str:
        raise ZeroDivisionError

    found = await _examined("Part", check, Settings())
    assert not found.well
    assert "ZeroDivisionError" in found.found
    assert found.advice


async def test_instances_that_share_nothing_are_a_mistake(tmp_path: Path) -> None:
    seen = await check_instances(settings(tmp_path, database={"shared": True}))
    assert seen.advice == "Set DATABASE_URL and QDRANT_URL, or remove DATABASE_SHARED."
    both = Settings.model_validate(
        {"database": {"shared": True, "url": "postgresql://h/d"}, "qdrant": {"url": "http://q"}}
    )
    assert await check_instances(both) == Seen("several may share the work.")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("running", "mark"), [(True, "✓ "), (None, "! "), (False, "✗ ")], ids=["bot", "unknown", "none"]
)
async def test_a_port_in_use_is_the_bots_or_a_fault(
    taken: int, running: bool | None, mark: str
) -> None:
    busy = Settings.model_validate({"server": {"port": taken}})
    found = await _examined("Address", partial(check_address, running=running), busy)
    assert found.as_rich().plain.startswith(mark)
    free = Settings.model_validate({"server": {"port": 0}})
    assert (await _examined("Address", partial(check_address, running=running), free)).well


async def test_an_address_of_another_machine_is_red_whoever_runs() -> None:
    far = Settings.model_validate({"server": {"host": "192.0.2.1"}})
    assert not (await _examined("Address", partial(check_address, running=True), far)).well


async def test_only_who_takes_requests_needs_an_address(tmp_path: Path) -> None:
    slack = {"bot_token": "xoxb-1", "signing_secret": "s"}
    assert not listens(settings(tmp_path))
    assert listens(settings(tmp_path, web={"enabled": True}))
    assert listens(settings(tmp_path, slack=slack))
    assert not listens(settings(tmp_path, slack={**slack, "app_token": "xapp-1"}))


@pytest.mark.parametrize(
    ("groups", "with_key", "mark"),
    [
        ({}, False, "✓ "),
        ({"server": {"host": "0.0.0.0"}}, True, "✓ "),
        ({"server": {"host": "0.0.0.0"}}, False, "! "),
        ({"server": {"host": "0.0.0.0"}, "jwt": {"jwks_url": "https://id"}}, False, "✓ "),
        ({"server": {"host": "0.0.0.0"}, "jwt": {"jwks_url": "http://id"}}, False, "! "),
        ({"server": {"host": "0.0.0.0"}, "jwt": {"jwks_url": "http://[::1]"}}, False, "✓ "),
    ],
)
async def test_an_api_that_nobody_may_use_is_noticed(
    database: Postgres,
    database_dsn: str,
    groups: dict[str, object],
    with_key: bool,
    mark: str,
) -> None:
    if with_key:
        await ApiKeys(database).create("test", [Permission.ASK])
    async with open_door(database_dsn) as door:
        served = Settings.model_validate({"database": {"url": door.dsn}, **groups})
        found = await _examined("HTTP API", check_api, served)
    assert found.as_rich().plain.startswith(mark)


@pytest.mark.parametrize(
    ("reply", "well", "said"),
    [
        ({"keys": [{"kid": "one", "kty": "OKP"}]}, True, "1 key"),
        ({"keys": []}, False, "no token is good"),
        ({"error": "unknown tenant"}, False, "no set of keys"),
    ],
)
async def test_an_identity_provider_without_keys_is_noticed(
    reply: dict[str, object], well: bool, said: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, reply)

    async with serving(answer) as server:
        provider = {"jwks_url": server.url, "issuer": "us", "audience": "docent"}
        served = Settings.model_validate({"jwt": provider})
        found = await _examined("Identity provider", check_provider, served)
    assert found.well is well
    assert said in found.found
    assert bool(found.advice) is not well


async def test_an_identity_provider_that_is_away_is_noticed() -> None:
    provider = {"jwks_url": CLOSED, "issuer": "us", "audience": "docent"}
    served = Settings.model_validate({"jwt": provider})
    found = await _examined("Identity provider", check_provider, served)
    assert not found.well
    assert "JWT_JWKS_URL" in found.advice


async def test_uploads_are_a_source_once_there_are_some(tmp_path: Path) -> None:
    served = settings(tmp_path, web={"enabled": True})
    folder = tmp_path / "data" / "uploads"
    assert empty_uploads(served) == folder
    assert (await _examined("Uploads", check_uploads, served)).well
    folder.mkdir(parents=True)
    assert empty_uploads(served) == folder
    (folder / "a.md").write_text("# A", "utf-8")
    assert empty_uploads(served) is None


async def test_uploads_need_a_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = settings(tmp_path, web={"enabled": True, "uploads": tmp_path / "file" / "uploads"})
    found = await _examined("Uploads", check_uploads, wrong)
    assert not found.well
    assert "WEB_UPLOADS" in found.advice
