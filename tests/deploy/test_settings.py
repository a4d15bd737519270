"""The settings and secrets that deployment files name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.config import Settings, load
from tests.deploy.files import DEPLOY, ENGINES, KUBERNETES, ROOT, compose, documents, of_kind

FILES = sorted(
    path
    for folder in (DEPLOY, ROOT / "docs")
    for path in folder.rglob("*")
    if path.is_file() and "local-cluster" not in path.parts and path.suffix != ".json"
)
_VARIABLE = re.compile(r"\bDATELINE_([A-Z]+)__([A-Z0-9_]+)\b")
_SECRET = re.compile(
    r"^[^#\n]*?(password|secret_access_key|access_key_id|(?<!serviceaccount)token)[\"']?\s*[:=]\s*(\S+)",
    re.IGNORECASE | re.MULTILINE,
)


def test_every_variable_is_a_setting() -> None:
    """`DATELINE_<SECTION>__<NAME>` in any file names a setting that exists."""
    wrong = []
    for path in FILES:
        for section, name in _VARIABLE.findall(path.read_text(errors="ignore")):
            field = Settings.model_fields.get(section.lower())
            known = getattr(field.annotation, "model_fields", {}) if field else {}
            if name.lower().split("__")[0] not in known:
                wrong.append((path.name, section, name))
    assert wrong == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_pods_configuration_loads(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the first pod reads it: the file, then the environment."""
    for manifest in of_kind("StatefulSet", engine):
        for entry in manifest["spec"]["template"]["spec"]["containers"][0]["env"]:
            monkeypatch.setenv(entry["name"], entry.get("value", "0"))
    (secret,) = documents(KUBERNETES / "base" / "secret.example.yaml")
    for name, value in secret["stringData"].items():
        monkeypatch.setenv(name, value)
    settings = load(KUBERNETES / engine / "dateline.toml")
    assert settings.lake.url.startswith("s3://")
    assert settings.kafka.client["sasl_mechanism"] == "SCRAM-SHA-512"
    assert settings.kafka.client["sasl_plain_password"] == "change-me"
    job, flink = settings.job, settings.flink
    assert settings.groups % (job.workers * job.shards) == 0, "the workers share evenly"
    if engine == "flink":
        assert settings.groups % flink.parallelism == 0
        assert flink.worker_pool == "localhost:50000"


@pytest.mark.parametrize("service", ["job", "job-on-flink"])
def test_the_services_environment_loads(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose sets it: one topic, one lake, one volume for both engines."""
    for name, value in compose()["services"][service]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.kafka.bootstrap_servers == ("kafka:9092",)
    assert settings.lake.url == "/data/lake"


def test_secrets_stand_only_where_secrets_belong() -> None:
    """No file but the two examples gives one, and those give none that is real."""
    for path in FILES:
        for _, value in _SECRET.findall(path.read_text(errors="ignore")):
            if path.name in {"secret.example.yaml", "dateline.env.example"}:
                assert value == "change-me", path
            elif path.suffix in {".yaml", ".toml", ".service", ".env"}:
                raise AssertionError(f"{path} gives a secret")


def test_containers_take_secrets_from_the_secret() -> None:
    """By reference: no environment entry of a manifest holds one."""
    for path in KUBERNETES.rglob("*.yaml"):
        if path.name != "secret.example.yaml":
            assert "stringData" not in Path(path).read_text()
