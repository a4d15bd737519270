"""What each stage gives for the golden stories, as one digest a stage.

`python -m tests.stage_outputs` writes the digests anew, after a version was raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline.config import load
from pipeline.enrich import Enricher
from pipeline.job import stages_of
from pipeline.model import EnrichedStory, Story
from pipeline.stages import StageVersion
from pipeline.store.schema.rows import decompress, entity_rows, event_rows, story_row
from tests.parse.golden import GOLDEN, cases, result
from tests.support.rows import a_story, enriched

RECORDED = Path(__file__).parent / "golden" / "stages"
STORIES = RECORDED / "stories.jsonl"

ENRICHMENT = ("language", "entities", "places", "topics", "events")


def stages() -> Mapping[str, StageVersion]:
    """Every stage of today, by name."""
    return {stage.name: stage for stage in stages_of(Enricher(), load(None, {})).all}


def outputs() -> dict[str, str]:
    """The digest of each stage's output today; `parse` is that of all formats together."""
    formats: dict[str, list[Any]] = {}
    for case in cases():
        formats.setdefault(case.relative_to(GOLDEN).parts[0], []).append(result(case))
    found = {name: _digest(given) for name, given in formats.items()}
    found["parse"] = _digest(sorted(found.items()))
    found |= {name: _digest(given) for name, given in _enrichment().items()}
    found["rows"] = _digest(_rows())
    return found


def _enrichment() -> dict[str, list[Any]]:
    given: dict[str, list[Any]] = {name: [] for name in ENRICHMENT}
    for item in Enricher().enrich(golden_stories()):
        assert isinstance(item, EnrichedStory), item
        given["language"].append([item.language, item.status])
        given["entities"].append(
            [asdict(replace(entity, country=None)) for entity in item.entities]
        )
        given["places"].append(
            [
                [entity.country for entity in item.entities],
                *(item.region, item.regions, item.countries, item.dateline_country),
                [asdict(evidence) for evidence in item.region_evidence],
            ]
        )
        given["topics"].append([asdict(topic) for topic in item.topics])
        given["events"].append([asdict(event) for event in item.events])
    return given


def golden_stories() -> list[Story]:
    """Stories that were written for this, in several languages; no parser has a say in them."""
    lines = STORIES.read_text("utf-8").splitlines()
    return [_story(n, json.loads(line)) for n, line in enumerate(lines)]


def _story(number: int, row: Mapping[str, Any]) -> Story:
    return replace(
        a_story(number),
        headline=row["headline"],
        paragraphs=tuple(row["paragraphs"]),
        dateline=row.get("dateline"),
        language=row.get("language"),
    )


def _rows() -> list[Any]:
    item = enriched(replace(a_story(1), parse_id="a-parse"))
    apart = ("code_version", "charset")  # what a header said is no reading of the bytes
    story = {k: v for k, v in story_row(item, "a_model", "0").items() if k not in apart}
    # How zstd packs the bytes is no value of the row: no reprocess is worth another packing.
    story["raw"] = decompress(story["raw"])
    return [story, *entity_rows(item), *event_rows(item)]


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def recorded(name: str) -> dict[str, Any]:
    """What stands recorded of a stage; nothing where it is new."""
    path = RECORDED / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def record() -> None:
    """Write the digest of every stage beside its version."""
    given = outputs()
    for name, stage in stages().items():
        if name in given:
            facts = {"version": stage.version, "data": stage.data, "digest": given[name]}
            (RECORDED / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    record()
