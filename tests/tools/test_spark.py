"""Spark by the snippets of docs/tools-sql.md, with Delta and without, in one session."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jars
import pytest

from tests.tools.a_lake import LONG_AGO
from tests.tools.pages import FIVE, ONE_DAY, asked, snippets

pytestmark = [
    pytest.mark.tools,
    pytest.mark.java,
    pytest.mark.timeout(900),
]

SQL = snippets("tools-sql.md")
OLDEST = "SELECT CAST(min(published_at) AS STRING) FROM stories"

SMALL = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
"""One core and a small lake: many tasks of nothing would take minutes."""


def test_spark_answers_the_five_questions(
    lake: Path,
    cleaned: Path,
    ruined: Path,
    answers: Sequence[list[list[Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With Delta and from plain files; a time before 1900 is read as it was written, and the
    question of one day where all other days are destroyed."""
    conf = {**SMALL, "spark.driver.extraClassPath": jars.classpath("spark")}
    options = " ".join(f"--conf {name}={value}" for name, value in conf.items())
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[1] {options} pyspark-shell")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("TMPDIR", os.fspath(lake.parent))
    code = "\n".join(
        (
            f"whole, cleaned, ruined = {str(lake)!r}, {str(cleaned)!r}, {str(ruined)!r}",
            f"questions, one_day, oldest = {list(FIVE)!r}, {FIVE[ONE_DAY]!r}, {OLDEST!r}",
            "lake = whole",
            SQL["Spark"],
            "with_delta = [ask(sql) for sql in questions]",
            "lake = cleaned",
            SQL["Spark, without Delta"],
            "plain = [ask(sql) for sql in questions]",
            "told = ask(oldest)",
            "spark.read.parquet(f'{ruined}/stories').createOrReplaceTempView('stories')",
            "pruned = ask(one_day)",
            "def ask(name):",
            "    return globals()[name]",
        )
    )
    with_delta, plain, pruned, told = asked(code, ["with_delta", "plain", "pruned", "told"], {})
    assert with_delta == answers
    assert plain == answers
    assert pruned == answers[ONE_DAY]
    assert told == [[LONG_AGO.strftime("%Y-%m-%d %H:%M:%S.%f")]]
