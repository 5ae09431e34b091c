"""`docent quota`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

from bot.quota import NO_PROVIDERS
from tests.support.command import Shell

NOWHERE = "http://127.0.0.1:1"


def test_without_paid_services_it_says_so(tmp_path: Path) -> None:
    found = Shell(tmp_path, {}).run("quota")
    assert (found.returncode, found.stdout) == (0, f"{NO_PROVIDERS}\n")


def test_it_shows_each_budget_and_never_a_key_also_when_a_provider_is_away(tmp_path: Path) -> None:
    shell = Shell(
        tmp_path,
        {
            "COHERE_API_KEY": "secret-one",
            "COHERE_MONTHLY_CALLS": "1000",
            "OPENROUTER_API_KEY": "secret-two",
            "OPENROUTER_BASE_URL": NOWHERE,
            "OPENROUTER_DAILY_DOLLARS": "0.5",
        },
    )
    told = shell.run("quota")
    assert told.returncode == 0, told.stderr
    assert "Cohere: 1,000 of 1,000 calls are left until " in told.stdout
    assert "OpenRouter's paid models: 0.50 of 0.50 dollars are left until " in told.stdout
    found = json.loads(shell.run("quota", "--json").stdout)
    assert [budget["amount"] for budget in found["budgets"]] == [1000, 0.5]
    assert [each["calls"] for each in found["used_this_month"]] == [0, 0]
    assert "secret" not in told.stdout + told.stderr + json.dumps(found)
