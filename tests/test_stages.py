"""Stages: ids that follow from versions and data alone, and generations that no clock orders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import stages as module
from pipeline.config import load
from pipeline.enrich import Enricher
from pipeline.enrich.stages import enrich_stages
from pipeline.job import stages_of
from pipeline.parse.sniff import FORMATS
from pipeline.parse.stages import FORMAT_VERSIONS, format_stages, parse_stage, today_parse_id
from pipeline.stages import StageSet, StageVersion, data_digest, read_stages
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.read.query import json_rows, query
from pipeline.store.runs.reprocess import plan_reprocess
from tests.support.rows import SOURCE, a_batch, a_story, enriched

MODELS = {"en": "a_model 0"}
PARSER = "a_parser 0"
CODER = ("frames", 1)
FAR_AHEAD = datetime(2036, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_id_follows_from_versions_and_data() -> None:
    """A raised version or other data is another id; the same ones are the same id."""
    parse, text = StageVersion("parse", 1, "0" * 16), StageVersion("text", 1)
    first = StageSet("e", parse, {"text": text})
    assert first.id == StageSet("e", parse, {"text": text}).id
    raised = replace(first, formats={"text": StageVersion("text", 2)})
    other_data = replace(first, parse=StageVersion("parse", 1, "1" * 16))
    other_enrichment = replace(first, enrichment_id="f")
    assert len({s.id for s in (first, raised, other_data, other_enrichment)}) == 4
    assert raised.parse_id("text") != first.parse_id("text")
    assert raised.parse_id("json") == first.parse_id("json")
    assert other_data.parse_id("json") != first.parse_id("json")
    assert read_stages(str(raised)) == {"parse": "1 " + "0" * 16, "text": "2"}


def test_comments_of_a_table_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rewording the comment lines of a list is no other list; another row is."""
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    table = tmp_path / "list.tsv"
    table.write_text("# one source\na\tb\n")
    first = data_digest("any", ["list.tsv"])
    table.write_text("# the same source, in other words\n\na\tb\n")
    assert data_digest("any", ["list.tsv"]) == first
    table.write_text("# one source\na\tc\n")
    assert data_digest("any", ["list.tsv"]) != first


def test_every_format_has_a_version() -> None:
    """Those that the sniffer tries, and what they name their stories."""
    assert {entry.name for entry in FORMATS} <= FORMAT_VERSIONS.keys()
    assert {"ninjs"} <= FORMAT_VERSIONS.keys()


def test_todays_set_knows_the_parse_of_each_story() -> None:
    """What a story gets when it is parsed is what a reprocess compares it with."""
    today = StageSet(
        "e", parse_stage(), format_stages(), enrich_stages(MODELS, PARSER, 1000, *CODER)
    )
    for name in (*FORMAT_VERSIONS, "unheard-of"):
        assert today.parse_id(name) == today_parse_id(name)
    names = [stage.name for stage in today.all]
    assert names[-6:] == ["language", "entities", "places", "topics", "events", "rows"]


def test_another_model_or_limit_is_another_stage() -> None:
    """The hash of a model belongs to the stages that use it."""
    first = {s.name: s for s in enrich_stages(MODELS, PARSER, 1000, *CODER)}
    other = {s.name: s for s in enrich_stages({"en": "a_model 1"}, PARSER, 1000, *CODER)}
    assert {name for name in first if first[name] != other[name]} == {"entities"}
    parsed = {s.name: s for s in enrich_stages(MODELS, "a_parser 1", 1000, *CODER)}
    assert {name for name in first if first[name] != parsed[name]} == {"events"}
    for other_coder in (("frames", 2), ("other", 1)):
        coded = {s.name: s for s in enrich_stages(MODELS, PARSER, 1000, *other_coder)}
        assert {name for name in first if first[name] != coded[name]} == {"events"}
    shorter = {s.name: s for s in enrich_stages(MODELS, PARSER, 999, *CODER)}
    assert {name for name in first if first[name] != shorter[name]} == {"language"}


@pytest.mark.parametrize("has_stages", [True, False])
def test_a_clock_that_was_ahead_does_not_pin_the_views(tmp_path: Path, *, has_stages: bool) -> None:
    """The first rows are dated ten years ahead; the second ones are shown all the same.

    A writer that knows no stages counts the enrichments that it starts sources under.
    """
    old, new = StageSet("first"), StageSet("second")
    root = str(tmp_path)

    def write(stages: StageSet, source: str, at: datetime) -> None:
        known = stages if has_stages else None
        writer = LakeWriter(Lake(root), lambda: at, "m", "0", stages=known)
        writer.start({source: 0}, {source: 0}, stages.enrichment_id)
        revision = replace(a_story(0), source=source)
        story = enriched(revision, enrichment_id=stages.enrichment_id)
        writer.write(a_batch([story], enrichment_id=stages.enrichment_id))
        writer.close()

    def shown() -> list[str]:
        found = json_rows(query(root, None, "SELECT enrichment_id AS id FROM current", FAR_AHEAD))
        return [row["id"] for row in found]

    write(old, SOURCE, FAR_AHEAD)
    assert shown() == ["first"]
    write(new, f"reprocess/{new.id}/all/1.1.1-{'0' * 16}", NOW)
    assert shown() == ["second"]
    generations = "SELECT enrichment_id AS id, generation AS n FROM stories ORDER BY n"
    assert json_rows(query(root, None, generations, NOW)) == [
        {"id": "first", "n": 1},
        {"id": "second", "n": 2},
    ]
    report = check(root, strict=True)
    assert report.ok, report.findings
    # Put back, the first ones keep their number, and the plan of a run says so.
    assert not has_stages or plan_reprocess(root, {}, old).newer == "second"
    assert plan_reprocess(root, {}, new).newer is None


def test_two_writers_with_new_stages_never_share_a_number(tmp_path: Path) -> None:
    """The log refuses the second to count, which then counts on."""
    root = str(tmp_path)
    writers = [
        LakeWriter(Lake(root), lambda: NOW, "m", "0", stages=StageSet(name))
        for name in ("first", "second")
    ]
    for n, writer in enumerate(writers):
        writer.start({f"s{n}": 0}, {f"s{n}": 0}, "e")
    for n, writer in enumerate(writers):
        writer.write(a_batch([enriched(a_story(0, source=f"s{n}"))]))
    sql = "SELECT source, generation AS n FROM ledger WHERE records > 0 ORDER BY source"
    assert [row["n"] for row in json_rows(query(root, None, sql, NOW))] == [1, 2]


def test_reworded_docstrings_and_moved_code_are_the_same_stages(tmp_path: Path) -> None:
    """Not a byte of source text counts: else a comment would have the whole lake enriched anew."""
    own = Path(module.__file__).parent
    shutil.copytree(own, tmp_path / "pipeline", ignore=lambda *_: ["__pycache__"], symlinks=True)
    reworded = 0
    for source in (tmp_path / "pipeline").rglob("*.py"):
        text = source.read_text("utf-8")
        changed = re.sub(r'^"""', '"""In other words: ', text, count=1)
        reworded += changed != text
        source.write_text(f"{changed}\n\n# A remark.\n_MOVED_HERE = None\n")
    assert reworded > 300
    found = stages_of(Enricher(), load(None, {}))
    assert _stages_said_at(tmp_path) == f"{found.id} {found}"


def _stages_said_at(root: Path) -> str:
    """The ids of all stages, as a process says that imports the package at `root`."""
    program = (
        "from pipeline.config import load; from pipeline.enrich import Enricher;"
        "from pipeline.job import stages_of; import pipeline;"
        "found = stages_of(Enricher(), load(None, {}));"
        "print(pipeline.__path__[0].rsplit('/', 1)[0]); print(found.id, found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, said = done.stdout.splitlines()
    assert Path(where) == root
    return said
