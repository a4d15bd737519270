"""The versions of enrichment: language, entities, places, topics, events.

Raise a stage's version where it gives something else for the same input. A changed list or model
changes the stage's hash by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import metadata

from pipeline.stages import ROWS_VERSION, StageVersion, data_digest, digest_of, tables_in

VERSIONS: Mapping[str, int] = {
    "language": 2,
    "entities": 8,
    "places": 5,
    "topics": 1,
}
"""The version of each stage but events, in the order in which a story passes them.

That of events is its coder's own (`EventCoder.version`).
"""

_PACKAGE = "pipeline.enrich"
_PLACES = (
    *(
        "cities",
        "centres",
        "division_middles",
        "exonyms",
        "dateline_names",
        "countries",
        "regions",
        "place_codes",
        "us_counties",
        "us_states",
        "seats",
    ),
)
_TOPICS = ("topics",)


def enrich_stages(
    models: Mapping[str, str], parser: str, max_chars: int, coder: str, coder_version: int
) -> tuple[StageVersion, ...]:
    """Return the stages of an enricher.

    `models` maps a language to its entity model's name and hash, `parser` is that of the model that
    sentences are parsed by for events, `max_chars` how much of a text is read; `coder` and
    `coder_version` are the event coder's.
    """
    tables = _table_digests()
    named = [f"{language}={models[language]}" for language in sorted(models)]
    packages = [f"{name} {metadata.version(name)}" for name in ("pycountry", "babel")]
    data = {
        "language": digest_of((str(max_chars), tables["languages"])),
        "entities": digest_of((tables["lists"], tables["entities"], *named)),
        "places": digest_of((tables["data of places"], tables["places"], *packages)),
        "topics": tables["data of topics"],
        "events": digest_of((tables["events"], parser, coder)),
    }
    stages = [StageVersion(name, version, data[name]) for name, version in VERSIONS.items()]
    stages.append(StageVersion("events", coder_version, data["events"]))
    return (*stages, StageVersion("rows", ROWS_VERSION))


@cache
def _table_digests() -> Mapping[str, str]:
    """Hash the tables of each room, and those of `data` by what they are for; once a process."""
    places = [f"data/{name}.tsv" for name in _PLACES]
    topics = [f"data/{name}.tsv" for name in _TOPICS]
    lists = [name for name in tables_in(_PACKAGE, "data") if name not in (*places, *topics)]
    rooms = ("languages", "entities", "places", "events")
    return {
        "lists": data_digest(_PACKAGE, lists),
        "data of places": data_digest(_PACKAGE, places),
        "data of topics": data_digest(_PACKAGE, topics),
        **{room: data_digest(_PACKAGE, tables_in(_PACKAGE, room)) for room in rooms},
    }
