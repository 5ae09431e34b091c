"""The image, as far as it can be told without building it; test_image.py carries out its steps."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pathspec
import pytest

from tests.support.dockerfile import ROOT, read

BUILD, FINAL = read()
SENSITIVE = re.compile(r"TOKEN|SECRET|PASSWORD|_KEY|DATABASE_URL")


def _admitted() -> set[str]:
    """What .dockerignore lets into the build."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    ignored = pathspec.GitIgnoreSpec.from_lines(rules)
    return {path.name for path in ROOT.iterdir() if not ignored.match_file(path.name)}


def test_a_linter_finds_nothing_in_it() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    command = [str(linter), "--no-color", "--failure-threshold", "info", str(ROOT / "Dockerfile")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_both_stages_stand_on_the_same_pinned_base() -> None:
    bases = {stage.base.removesuffix(" AS build") for stage in (BUILD, FINAL)}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())


def test_it_has_the_python_that_the_suite_runs_on() -> None:
    wanted = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    if not BUILD.base.startswith(wanted):
        pytest.skip(f"the image has another Python than this machine: {BUILD.base}")


def test_what_is_installed_is_pinned_by_hash_and_nothing_comes_from_debian() -> None:
    steps = [part for each in BUILD.all("RUN") for part in each.text.split("&&")]
    installing = [step for step in steps if " install " in step]
    assert len(installing) == 3
    for step in installing:
        assert "--require-hashes" in step or "--no-deps --no-build-isolation --editable ." in step
    assert not any("apt" in each.text for stage in (BUILD, FINAL) for each in stage.all("RUN"))


def test_nothing_is_copied_but_what_the_ignore_file_admits() -> None:
    copied = {word.rstrip("/") for each in BUILD.all("COPY") for word in each.words[:-1]}
    assert copied == _admitted()
    assert not copied & {".env", ".git", ".docent", "tests"}


def test_it_holds_no_secret() -> None:
    for stage in (BUILD, FINAL):
        assert not stage.all("ARG")
        assert not any(SENSITIVE.search(name) for name in stage.environment())


def test_it_runs_as_a_user_without_rights_who_owns_nothing_but_the_data() -> None:
    assert FINAL.last("USER").text == "10001:10001"
    assert [each.text for each in FINAL.all("VOLUME")] == ["/data"]
    assert not any("--chown" in each.text for each in FINAL.all("COPY"))
    assert FINAL.environment()["DOCENT_DATA_DIR"] == "/data"


def test_health_is_asked_where_it_is_served() -> None:
    environment = FINAL.environment()
    assert environment["SERVER_HOST"] == "0.0.0.0"
    assert [each.text for each in FINAL.all("EXPOSE")] == [environment["SERVER_PORT"]]
    assert "SERVER_PORT" in FINAL.last("HEALTHCHECK").text
