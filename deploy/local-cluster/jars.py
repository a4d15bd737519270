"""The jars of a `pom.xml` beside this file, fetched once by Maven into `build/jars/`."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_TIMEOUT_S = 900


class MissingError(Exception):
    """A program that this needs is not installed."""


def java() -> str:
    """The path of the Java launcher. Raises `MissingError` where there is none."""
    return _program("java", "a Java runtime (Debian: openjdk-17-jre-headless)")


def classpath(name: str, at: Path = HERE) -> str:
    """The class path of the jars that `{at}/{name}/pom.xml` names, fetched if they are not there.

    Raises `MissingError` without Maven, `RuntimeError` with Maven's own words when it fails.
    """
    pom = at / name / "pom.xml"
    version = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / "jars" / f"{name}-{version}"
    with made_once(folder) as there:
        if not there:
            _fetch(pom, folder)
    return f"{folder}/*"


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Whether `folder` is there, with its lock held: of several processes one makes it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder.is_dir()


def _fetch(pom: Path, folder: Path) -> None:
    maven = _program("mvn", "Maven (Debian: maven)")
    making = folder.with_suffix(".part")
    shutil.rmtree(making, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(pom), _COPY, f"-DoutputDirectory={making}"]
    done = subprocess.run(
        [*command, "-DincludeScope=runtime"],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Maven cannot fetch the jars of {pom}:\n{done.stdout}{done.stderr}")
    making.rename(folder)


def _program(name: str, what: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"needs {what}")
    return found
