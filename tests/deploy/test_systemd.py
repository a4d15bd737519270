"""The systemd units: what systemd says of them, and when they start again."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import EXIT_CODES
from tests.deploy.files import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service")) + sorted(
    (DEPLOY / "systemd").glob("*.timer")
)
NEED_A_PERSON = {2, 3, 11, 13, 14, 17, 20}


def _section(name: str, section: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "systemd" / name)
    return parser[section]


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Where `systemd-analyze` is there: no unknown option, no word that it cannot read."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        text = unit.read_text().replace("/opt/dateline/bin/dateline", sys.executable)
        (tmp_path / unit.name).write_text(text)
    paths = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        [program, "verify", "--recursive-errors=no", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    about_us = [line for line in done.stderr.splitlines() if "dateline" in line]
    assert about_us == [] and done.returncode == 0, done.stderr


def test_it_starts_again_only_where_that_helps() -> None:
    """Faults that need a person stop it; every exit code is one or the other."""
    service = _section("dateline.service", "Service")
    listed = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert listed == NEED_A_PERSON
    assert listed <= {code for code, _ in EXIT_CODES}
    assert service["Restart"] == "on-failure"


def test_it_stops_as_the_job_does() -> None:
    """SIGTERM to the supervisor alone, which has a minute for its workers."""
    service = _section("dateline.service", "Service")
    assert service["KillMode"] == "mixed" and service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > 60


@pytest.mark.parametrize("unit", [u.name for u in UNITS if u.suffix == ".service"])
def test_secrets_stand_in_a_file_of_their_own(unit: str) -> None:
    """Not in the unit, which everybody may read; and the unit may do little."""
    service = _section(unit, "Service")
    assert service["EnvironmentFile"] == "-/etc/dateline/dateline.env"
    assert service["User"] == "dateline" and service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict" and service["CapabilityBoundingSet"] == ""


@pytest.mark.parametrize("timer", [u.name for u in UNITS if u.suffix == ".timer"])
def test_a_timer_has_its_service(timer: str) -> None:
    """Of the same name, as systemd looks for it."""
    assert (DEPLOY / "systemd" / timer.replace(".timer", ".service")).is_file()
