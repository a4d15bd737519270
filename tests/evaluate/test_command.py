"""Where `dateline evaluate` looks for labelled sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import UsageError

SETTING = "DATELINE_DATA"


def _refused(*arguments: str) -> str:
    error = CliRunner().invoke(app, ["evaluate", *arguments]).exception
    assert isinstance(error, UsageError)
    return str(error)


def test_without_a_set_and_a_folder_it_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    told = _refused()
    assert "--data" in told
    assert SETTING in told


def test_the_folder_is_named_by_the_variable_or_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option goes first; sets that are not there are told by their path."""
    monkeypatch.setenv(SETTING, str(tmp_path / "away"))
    assert str(tmp_path / "away") in _refused()
    assert str(tmp_path / "ner") in _refused("--data", str(tmp_path))


def test_the_texts_of_alarms_lie_in_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless `--texts` names another."""
    monkeypatch.setenv(SETTING, str(tmp_path / "away"))
    alarms = tmp_path / "alarms.tsv"
    alarms.write_text("")
    assert str(tmp_path / "away") in _refused("--alarms", str(alarms))
    other = str(tmp_path / "other")
    assert other in _refused("--alarms", str(alarms), "--texts", other)
