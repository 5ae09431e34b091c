"""Compose, Kubernetes and Fly: held against their schemas, and against what Docent does."""

from __future__ import annotations

import asyncio
import re
import tomllib
from typing import Any

import compose_spec
import kubernetes_validate
import pytest
import yaml

from bot.server import GOODBYE
from core.answering.dispatcher import DispatcherSettings
from tests.support.dockerfile import ROOT, read
from tests.support.http_server import Exchange, serving

PINNED = re.compile(r"[\w/]+:[\w.-]+@sha256:[0-9a-f]{64}")
SETTINGS = set(
    re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
)
ENDING = DispatcherSettings().drain + GOODBYE
"""Seconds that a running bot may take to end well."""

PORT = int(read()[-1].environment()["SERVER_PORT"])


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return loaded


def _kubernetes() -> dict[str, dict[str, Any]]:
    """By kind; of what there are several of, the last."""
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    return {
        each["kind"]: each for path in files for each in yaml.safe_load_all(path.read_text("utf-8"))
    }


def _configured() -> dict[str, str]:
    files = (ROOT / "deploy" / "kubernetes" / "docent.yaml").read_text("utf-8")
    found: dict[str, str] = next(iter(yaml.safe_load_all(files)))["data"]
    return found


def _container() -> dict[str, Any]:
    found: dict[str, Any] = _kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_compose_is_as_its_specification_has_it() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    # The specification's parser knows a tag or a digest; Docker takes both, and heeds the digest.
    untagged = re.sub(r"(image: [\w/]+):[\w.-]+@", r"\1@", text)
    parsed = compose_spec.PyCompose.from_yaml(untagged)
    assert set(parsed.service_names()) == {"docent", "postgres", "qdrant"}


@pytest.mark.parametrize("name", ["postgres", "qdrant"])
def test_a_server_of_compose_is_pinned_checked_and_out_of_reach(name: str) -> None:
    service = _compose()["services"][name]
    assert PINNED.fullmatch(service["image"])
    assert service["healthcheck"]["test"]
    assert service["networks"] == ["inside"]
    assert "ports" not in service
    assert service["cap_drop"] == ["ALL"]
    assert _compose()["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
async def test_the_check_of_qdrant_tells_ready_from_not(status: int, code: int) -> None:
    async def reply(exchange: Exchange) -> None:
        assert exchange.path == "/readyz"
        await exchange.reply(status, {})

    *bash, script = _compose()["services"]["qdrant"]["healthcheck"]["test"][1:]
    async with serving(reply) as server:
        port = server.url.rpartition(":")[2]
        # Compose writes a dollar as two.
        checking = script.replace("$$", "$").replace("6333", port)
        check = await asyncio.create_subprocess_exec(*bash, checking)
        assert await check.wait() == code


def test_compose_runs_docent_read_only_on_this_machine_alone() -> None:
    service = _compose()["services"]["docent"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert set(service["environment"]) <= SETTINGS
    assert ":?" in service["environment"]["DATABASE_URL"]
    assert {each["condition"] for each in service["depends_on"].values()} == {"service_healthy"}
    assert int(service["stop_grace_period"].rstrip("s")) > ENDING


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")), ids=str)
def test_kubernetes_takes_each_manifest(path: Any) -> None:
    manifests = list(yaml.safe_load_all(path.read_text("utf-8")))
    assert manifests
    for each in manifests:
        version = kubernetes_validate.latest_version()
        assert kubernetes_validate.validate(each, version, strict=True)


def test_several_instances_share_their_work() -> None:
    assert _kubernetes()["Deployment"]["spec"]["replicas"] > 1
    assert _configured()["DATABASE_SHARED"] == "true"
    secret = _kubernetes()["Secret"]["stringData"]
    assert {"DATABASE_URL", "QDRANT_URL"} <= secret.keys()
    assert set(_configured()) | set(secret) <= SETTINGS
    assert all("change-me" in value or "example.com" in value for value in secret.values())


def test_a_rollout_takes_nobody_away_before_another_is_ready() -> None:
    spec = _kubernetes()["Deployment"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    budget = _kubernetes()["PodDisruptionBudget"]["spec"]
    assert budget["minAvailable"] < spec["replicas"]
    pod = spec["template"]["spec"]
    [slept] = re.findall(
        r"sleep\((\d+)\)", _container()["lifecycle"]["preStop"]["exec"]["command"][-1]
    )
    assert pod["terminationGracePeriodSeconds"] > ENDING + int(slept)


def test_every_part_speaks_of_the_same_pods() -> None:
    kinds = _kubernetes()
    labels = kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kinds["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["Service"]["spec"]["selector"] == labels
    assert kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels


def test_probes_ask_for_life_and_for_readiness() -> None:
    container = _container()
    assert container["ports"] == [{"name": "http", "containerPort": PORT}]
    asked = {
        name: container[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    assert asked == {"startup": "/health", "liveness": "/health", "readiness": "/ready"}


def test_a_pod_may_write_to_its_volumes_alone() -> None:
    pod = _kubernetes()["Deployment"]["spec"]["template"]["spec"]
    user = int(read()[-1].last("USER").text.split(":")[0])
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == user
    assert not pod["automountServiceAccountToken"]
    container = _container()["securityContext"]
    assert container["readOnlyRootFilesystem"]
    assert container["capabilities"] == {"drop": ["ALL"]}
    written = {m["mountPath"] for m in _container()["volumeMounts"] if not m.get("readOnly")}
    assert written == {"/data", "/tmp"}  # noqa: S108 - a pod's own


def test_the_sample_for_small_machines_keeps_one_awake_with_its_data() -> None:
    fly = tomllib.loads((ROOT / "deploy" / "fly.toml").read_text("utf-8"))
    assert fly["http_service"]["internal_port"] == PORT
    assert fly["http_service"]["auto_stop_machines"] == "off"
    assert fly["mounts"]["destination"] == "/data"
    assert set(fly["env"]) <= SETTINGS
    assert int(fly["kill_timeout"].rstrip("s")) > ENDING
