"""Rules of `lake check` about single values: closed sets and bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args, get_type_hints

from pipeline.model import EnrichedStory, RejectKind, Stage
from pipeline.store.check.findings import Rule

_ROOTS = (
    *("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST"),
    *("ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"),
)
"""PLOVER's event types (manual draft 0.8, 2021)."""

_CLOSED: Mapping[tuple[str, str], Sequence[str]] = {
    ("stories", "status"): ("usable", "withheld", "canceled", "commissioned"),
    ("stories", "published_precision"): ("day", "minute", "second"),
    ("stories", "enrichment_status"): get_args(get_type_hints(EnrichedStory)["status"]),
    ("rejects", "kind"): get_args(RejectKind),
    ("rejects", "stage"): get_args(Stage),
    ("events", "root"): _ROOTS,
}

_BOUNDS: Sequence[tuple[str, str]] = (
    ("stories", "version >= 0"),
    ("stories", "urgency BETWEEN 1 AND 9"),
    ("stories", "raw_bytes >= 0"),
    ("stories", "regexp_full_match(content_hash, '[0-9a-f]{64}')"),
    ("stories", "list_contains(regions, region) OR region = 'unknown'"),
    ("entities", "salience BETWEEN 0 AND 1"),
    ("entities", "mention_count >= 1"),
    ("entities", "regexp_full_match(country, '[A-Z]{3}')"),
    ("events", "confidence BETWEEN 0 AND 1"),
    ("events", "goldstein BETWEEN -10 AND 10"),
    ("events", "quad_class BETWEEN 1 AND 4"),
    ("events", "trigger_start < trigger_end"),
    ("events", "event_date <= event_date_end"),
    ("links", "similarity BETWEEN 0 AND 1"),
)
"""What holds for each row where its columns say something."""


_OF_A_CODE = ("root", "quad_class", "goldstein")
"""What a CAMEO code decides; codes that no table of ours has decide nothing."""


def _values_of(table: str) -> str:
    return f"concat_ws(' ', {', '.join(f'{table}.{column}' for column in _OF_A_CODE)})"


def _where(table: str) -> str:
    return "NULL" if table == "links" else "min(source)"


# `HAVING min` keeps the condition from the files' statistics: a table whose log has none for a
# column takes it for null there.
VALUE_RULES = (
    *(
        Rule(
            "closed_set",
            table,
            f"""
            SELECT min(source) AS source, NULL AS first, NULL AS beyond,
              concat(count(*), ' rows with {column} ', {column}) AS message
            FROM {table}_data
            GROUP BY {column}
            HAVING min({column}) NOT IN ({", ".join(f"'{value}'" for value in values)})
            """,
        )
        for (table, column), values in _CLOSED.items()
    ),
    *(
        Rule(
            "closed_set",
            table,
            f"""
            SELECT {_where(table)} AS source, NULL AS first, NULL AS beyond,
              concat(count(*), ' rows without: {bound.replace("'", "''")}') AS message
            FROM {table}_data WHERE NOT ({bound}) HAVING count(*) > 0
            """,
        )
        for table, bound in _BOUNDS
    ),
    Rule(
        "event_code",
        "events",
        f"""
        SELECT min(e.source) AS source, NULL AS first, NULL AS beyond,
          format('{{}} rows of the code {{}} with {{}}, which is {{}}',
            count(*), e.cameo, {_values_of("e")}, {_values_of("c")}) AS message
        FROM events_data AS e JOIN codes AS c ON c.cameo = e.cameo
        WHERE {" OR ".join(f"e.{column} <> c.{column}" for column in _OF_A_CODE)}
        GROUP BY e.cameo, {", ".join(f"{t}.{c}" for t in "ec" for c in _OF_A_CODE)}
        """,
    ),
)
