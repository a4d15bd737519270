"""compose.yaml: valid, and nothing in it that a machine should not do."""

from __future__ import annotations

import os
import shutil
import subprocess

import jsonschema
import pytest

from tests.deploy.files import DEPLOY, compose, schema

SERVICES = compose()["services"]
PROFILES = ("inprocess", "flink")


def test_it_is_a_compose_file() -> None:
    """By the schema of the Compose Specification."""
    jsonschema.validate(compose(), schema("compose-spec"))


@pytest.mark.parametrize("profile", PROFILES)
def test_compose_itself_takes_it(profile: str) -> None:
    """Where `docker compose` is installed: it resolves both profiles."""
    docker = shutil.which("docker-compose") or shutil.which("docker")
    command = [docker] if docker and docker.endswith("compose") else [docker, "compose"]
    if docker is None or subprocess.call([*command, "version"], stderr=subprocess.DEVNULL):
        pytest.skip("docker compose is not installed")
    subprocess.run(
        [*command, "--file", str(DEPLOY / "compose.yaml"), "config", "--quiet"],
        env={**os.environ, "COMPOSE_PROFILES": profile},
        check=True,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_depends_only_on_what_it_starts(profile: str) -> None:
    """Each engine's services find one another, and only one of the two engines is there."""
    started = {n for n, s in SERVICES.items() if profile in s.get("profiles", [profile])}
    for name in started:
        service = SERVICES[name]
        needed = set(service.get("depends_on", ()))
        if (mode := service.get("network_mode", "")).startswith("service:"):
            needed.add(mode.removeprefix("service:"))
        assert needed <= started, name
    assert ("job" in started) == (profile == "inprocess")
    assert ("job-on-flink" in started) == (profile == "flink")
    assert (DEPLOY / ".env").read_text().splitlines()[-1] == "COMPOSE_PROFILES=inprocess"


def test_ports_are_bound_to_this_machine() -> None:
    """Kafka has no password here: nobody else may reach it."""
    for service in SERVICES.values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")


def test_our_containers_can_do_next_to_nothing() -> None:
    """Read-only root, no capability, no new privilege; data in named volumes."""
    for service in SERVICES.values():
        assert "no-new-privileges:true" in service["security_opt"]
        if "build" in service:
            assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
            assert service["init"] is True
    volumes = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    assert {v for v in volumes if not v.startswith("./")} == set(compose()["volumes"])


def test_what_is_mounted_is_there() -> None:
    """Files and folders of the checkout that a service mounts."""
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("./"):
                assert (DEPLOY / volume.split(":")[0]).exists(), volume
