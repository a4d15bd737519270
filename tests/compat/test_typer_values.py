"""Values of the command line: as Typer would give them, without pydantic where there is no need."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer import core
from typer._coercion import build_runtime_param
from typer.testing import CliRunner

from pipeline.compat.typer_values import _TakenAsItIs

VALUES: dict[Any, tuple[Any, ...]] = {
    str: ("a", "", 7, b"x"),
    bool: (True, False, "yes", "maybe"),
    int: (64, 63, 100, 101, "65", "065", "101", "6_5", "x", True, 7.5),
    float: (64.0, 1.5, 99, "70.5", "7", "1e2", "nan", "x"),
    list[str]: (["a", "b"], [], ("c",), [1]),
    Path: (__file__, "no/such/file", "-", str(Path(__file__).parent), Path("x")),
    datetime: ("2026-03-04", "yesterday"),
}


def _coerced(build: Any, kind: Any, value: Any, **options: Any) -> Any:
    info = typer.Option(**options)
    found = build(SimpleNamespace(annotation=kind, parameter_info=info, file_annotation=None))
    try:
        return found.coerce(value, SimpleNamespace(multiple=kind is list[str], nargs=1), None)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"min": 64, "max": 100},
        {"exists": True, "dir_okay": False},
        {"file_okay": False, "resolve_path": True},
        {"parser": lambda text: f"<{text}>"},
    ],
)
def test_values_and_faults_are_typer_s(options: dict[str, Any]) -> None:
    for kind, values in VALUES.items():
        for value in values:
            ours, theirs = (
                _coerced(build, kind, value, **options)
                for build in (_TakenAsItIs.of, build_runtime_param)
            )
            assert (repr(ours), type(ours)) == (repr(theirs), type(theirs)), (kind, value)


def test_typer_itself_still_imports_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a text that nobody gave; once it does not, this liberty goes."""
    program = (
        "import sys, typer\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def ask(text: str = 'x') -> None: print('pydantic' in sys.modules)\n"
    )
    for liberty, imported in (("", "True"), ("; take_plain_values()", "False")):
        taking = f"from pipeline.compat.typer_values import take_plain_values{liberty}"
        done = subprocess.run(
            [sys.executable, "-c", f"{program}{taking}\napp([])"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == imported


def test_a_command_line_is_parsed_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "build_runtime_param", _TakenAsItIs.of)
    app = typer.Typer()

    @app.command()
    def ask(text: str, most: int = typer.Option(5, min=2), at: Path | None = None) -> None:
        typer.echo(f"{text!r} {most!r} {at!r}")

    assert CliRunner().invoke(app, ["x", "--most", "3", "--at", "y"]).stdout == (
        f"'x' 3 {Path('y')!r}\n"
    )
    done = CliRunner().invoke(app, ["x", "--most", "1"])
    assert done.exit_code == 2
    assert "2" in done.output
