"""The image's steps, carried out in a clean folder: for machines without a container engine.

Run it with `make check-image`. Reads deploy/Dockerfile, lays out the build context that
.dockerignore allows, carries COPY and RUN out with the image's absolute paths moved below a
temporary folder, and then starts the command and the worker pool with the final stage's environment
and nothing else. What it does not show: the base image, users, and the layers' real size.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
MOVED = ("/opt/dateline", "/src", "/data")
"""The absolute paths of the image that the steps write to."""

_START_S = 180.0


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its keyword, its flags without dashes, the rest."""

    keyword: str
    flags: Mapping[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        """The value as words: a JSON array, or shell words."""
        if self.value.startswith("["):
            return list(json.loads(self.value))
        return shlex.split(self.value)


@dataclass(slots=True)
class Stage:
    """The steps of one FROM, and its name."""

    image: str
    name: str | None
    steps: list[Step] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What its ENV instructions set."""
        pairs = (w.split("=", 1) for s in self.steps if s.keyword == "ENV" for w in s.words)
        return dict(pairs)

    def last(self, keyword: str) -> Step | None:
        """The last instruction of that keyword."""
        return next((s for s in reversed(self.steps) if s.keyword == keyword), None)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile (without heredocs and escape directives, which ours has not)."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(text):
        if step.keyword == "ARG" and not stages:
            name, _, value = step.value.partition("=")
            arguments[name] = value
        elif step.keyword == "FROM":
            image, *alias = step.value.split()
            for name, value in arguments.items():
                image = image.replace("${" + name + "}", value)
            stages.append(Stage(image, alias[1] if alias else None))
        else:
            stages[-1].steps.append(step)
    return stages


def context(root: Path, target: Path) -> None:
    """Lay out below `target` what the allow-list of `.dockerignore` lets through."""
    for line in (root / ".dockerignore").read_text().splitlines():
        if not line.startswith("!"):
            continue
        source, place = root / line[1:], target / line[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy2(source, place)


def build(stages: list[Stage], files: Path, target: Path) -> None:
    """Carry out COPY and RUN of all stages below `target`. Raises `CalledProcessError`."""
    for stage in stages:
        here = target
        inherited = {k: v for k, v in os.environ.items() if k.startswith(("PATH", "PIP_", "HOME"))}
        for step in stage.steps:
            if step.keyword == "WORKDIR":
                here = Path(_moved(step.value, target))
                here.mkdir(parents=True, exist_ok=True)
            elif step.keyword == "COPY" and "from" not in step.flags:
                *sources, place = step.words
                _copy([files / source for source in sources], _below(place, here, target), place)
            elif step.keyword == "RUN":
                print(f"RUN {step.value}", flush=True)
                command = _moved(step.value, target)
                environment = {**inherited, **stage.environment}
                environment["PATH"] = f"{Path(sys.base_prefix, 'bin')}:{os.environ['PATH']}"
                subprocess.run(["sh", "-ec", command], cwd=here, env=environment, check=True)


def try_out(stage: Stage, target: Path) -> None:
    """Start what the final stage offers, with its environment. Raises where something fails."""
    environment = {name: _moved(value, target) for name, value in stage.environment.items()}
    environment["HOME"] = str(target)
    place = target / "data"
    for command in (
        ["dateline", "--help"],
        ["dateline", "config", "show"],
        ["dateline", "replay", str(ROOT / "pipeline" / "samples"), "--lake", str(place / "lake")],
        ["dateline", "lake", "check", "--lake", str(place / "lake")],
    ):
        print("$", *command, flush=True)
        found = shutil.which(command[0], path=environment["PATH"])
        if found is None:
            raise FileNotFoundError(command[0])
        subprocess.run(
            [found, *command[1:]], cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    print("$ worker-pool", flush=True)
    run_pool(target / "opt/dateline/bin/worker-pool", environment)


def run_pool(program: Path, environment: Mapping[str, str]) -> int:
    """Start the worker pool, wait until it answers, ask it to stop; its exit code."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pool = subprocess.Popen([program], env={**environment, "WORKER_POOL_PORT": str(port)})
    try:
        end_s = time.monotonic() + _START_S
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if pool.poll() is not None or time.monotonic() > end_s:
                raise TimeoutError("the worker pool does not answer")
            time.sleep(0.2)
        pool.send_signal(signal.SIGTERM)
        return pool.wait(_START_S)
    finally:
        if pool.poll() is None:
            pool.kill()
            pool.wait()


def main() -> None:
    """Build, try out, and tell how large it is."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.parse_args()
    stages = parse(DOCKERFILE.read_text())
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        files, target = Path(folder, "context"), Path(folder, "image")
        context(ROOT, files)
        target.mkdir()
        build(stages, files, target)
        try_out(stages[-1], target)
        size = sum(f.lstat().st_size for f in (target / "opt").rglob("*") if not f.is_dir())
    print(
        f"the steps work: {size / 1e6:,.0f} MB beside the base, {time.monotonic() - begin_s:.0f} s"
    )


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
    for entry in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if not entry.strip():
            continue
        keyword, value = entry.strip().split(maxsplit=1)
        flags: dict[str, str] = {}
        while keyword in {"COPY", "RUN", "HEALTHCHECK"} and (
            found := re.match(r"--([a-z-]+)=(\S+)\s+", value)
        ):
            flags[found[1]] = found[2]
            value = value[found.end() :]
        yield Step(keyword.upper(), flags, " ".join(value.split()))


def _moved(text: str, target: Path) -> str:
    for path in MOVED:
        text = re.sub(rf"(?<![\w.]){re.escape(path)}(?![\w-])", f"{target}{path}", text)
    return text


def _below(place: str, here: Path, target: Path) -> Path:
    return Path(_moved(place, target)) if place.startswith("/") else here / place


def _copy(sources: list[Path], place: Path, written: str) -> None:
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        elif written.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
        else:
            shutil.copy2(source, place)


if __name__ == "__main__":
    main()
