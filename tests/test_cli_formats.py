# ruff: noqa: RUF001 - letters of other alphabets are what the tests are about
"""`dateline formats`, and `--map`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli import app

ROWS = "kop,melding,op\nLamp brandt weer,De lamp brandt weer sinds vrijdag.,1420070400\n"
OWN = (
    '[fields]\nheadline = "kop"\nbody = "melding"\npublished_at = { path = "op", time = "epoch" }\n'
)


def _json(*args: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*args, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_list_names_formats_and_mappings() -> None:
    found = _json("formats", "list")
    assert {"nitf", "csv", "trec"} <= {entry["format"] for entry in found["formats"]}
    assert all(entry["by"] for entry in found["formats"])
    assert "mind" in {entry["mapping"] for entry in found["mappings"]}


def test_try_shows_the_reject_and_proposes(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(ROWS + ROWS.split("\n")[1] + "\n", "utf-8")
    found = _json("formats", "try", str(file))
    assert found["items"][0]["reject"] == "unknown_format"
    assert 'body = { path = "melding"' in found["proposal"]
    (tmp_path / "own.toml").write_text(found["proposal"], "utf-8")
    read = _json("formats", "try", str(file), "--map", str(tmp_path / "own.toml"))
    assert read["items"][0]["headline"] == "Lamp brandt weer"
    assert read["proposal"] is None


def test_a_proposal_that_is_redirected_is_a_mapping(tmp_path: Path) -> None:
    """What is shown of the records goes beside it."""
    file = tmp_path / "x.csv"
    file.write_text(ROWS + ROWS.split("\n")[1] + "\n", "utf-8")
    result = CliRunner().invoke(app, ["formats", "try", str(file)], catch_exceptions=False)
    (tmp_path / "own.toml").write_text(result.stdout, "utf-8")
    assert "unknown_format" in result.stderr
    read = _json("formats", "try", str(file), "--map", str(tmp_path / "own.toml"))
    assert read["items"][0]["headline"] == "Lamp brandt weer"


def test_a_proposal_for_a_table_in_another_set_than_utf_8_names_its_columns(tmp_path: Path) -> None:
    """It is a table, never one story, though a name's letter is not read yet when it is told."""
    file = tmp_path / "x.csv"
    body = "Die Fähre über den Sund bleibt der Stadt erhalten, sagte der Bürgermeister."
    row = f'a1;"Fähre bleibt";{body};05/10/2026\n'
    file.write_bytes(("Nr;Schlagzeile;Fließtext;Erscheinungsdatum\n" + 2 * row).encode("cp1252"))
    found = _json("formats", "try", str(file))
    assert {item["reject"] for item in found["items"]} == {"unknown_format"}
    (tmp_path / "own.toml").write_text(found["proposal"], "utf-8")
    assert "%d/%m/%Y or %m/%d/%Y" in found["proposal"]
    read = _json("formats", "try", str(file), "--map", str(tmp_path / "own.toml"))
    assert read["items"][0]["published_at"] == "2026-10-05T00:00:00+00:00"
    assert read["items"][0]["begins"].startswith("Die Fähre über den Sund")
    assert read["items"][0]["begins"].endswith("…")


def test_a_proposal_for_an_answer_says_where_its_articles_are(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    article = {"title": "Ferry stays", "prose": "The ferry stays, the mayor said on Monday."}
    file.write_text(json.dumps({"ok": True, "data": {"found": [article, article]}}), "utf-8")
    found = _json("formats", "try", str(file))
    assert found["proposal"].startswith('items = ["data.found"]')
    (tmp_path / "own.toml").write_text(found["proposal"], "utf-8")
    read = _json("formats", "try", str(file), "--map", str(tmp_path / "own.toml"))
    assert [item["headline"] for item in read["items"]] == ["Ferry stays"] * 2


def test_a_replay_with_a_mapping_takes_what_one_without_refused(tmp_path: Path) -> None:
    """The mapping makes the archive another source, so that nothing has to be undone before."""
    (tmp_path / "x.csv").write_text(ROWS + ROWS.split("\n")[1] + "\n", "utf-8")
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    base = ("replay", str(tmp_path / "x.csv"), "--lake", str(tmp_path / "lake"), "--dry-run")
    plain = _json(*base)
    mapped = _json(*base, "--map", str(tmp_path / "own.toml"))
    assert (plain["stories"], plain["rejects"]) == (0, 2)
    assert mapped["stories"] == 1  # the second row says the same
    assert mapped["sources"][0]["source"].startswith(plain["sources"][0]["source"] + "/")


def test_a_mapping_that_is_none_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["formats", "try", str(tmp_path), "--map", "no-such"])
    assert result.exit_code != 0
    assert "no such mapping" in str(result.exception)


def test_try_reads_by_the_encoding_that_is_given(tmp_path: Path) -> None:
    """Greek of DOS, which nothing tells from other sets, and the proposal too."""
    file = tmp_path / "x.csv"
    row = "Το πλοίο μένει;Οι κάτοικοι ψήφισαν την Κυριακή υπέρ του πλοίου.;2026-10-05\n"
    file.write_bytes(f"επικεφαλίδα;κυρίως;ημέρα\n{row}{row}".encode("cp737"))
    found = _json("formats", "try", str(file), "--encoding", "cp737")
    assert 'headline = "επικεφαλίδα"' in found["proposal"]
    (tmp_path / "own.toml").write_text(found["proposal"], "utf-8")
    own = ("--map", str(tmp_path / "own.toml"), "--encoding", "cp737")
    read = _json("formats", "try", str(file), *own)
    assert read["items"][0]["begins"].startswith("Οι κάτοικοι ψήφισαν")
