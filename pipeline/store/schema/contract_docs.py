"""Makes docs/tables.md from `schemas/` and the views.

Run `python -m pipeline.store.schema.contract_docs > docs/tables.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pipeline.store.read.views import VIEWS, view_text
from pipeline.store.schema.contract import Contract, contract

_ORDER = ("stories", "entities", "events", "rejects", "ledger", "links")

_HEAD = """\
# The tables

Made from `schemas/` by `python -m pipeline.store.schema.contract_docs`; do not edit.

Each table is a Delta table of zstd-compressed Parquet files in Hive folders, such as
`stories/date=2026-03-04/region=western-asia/`. All times are UTC. A story without a date lies in
`date=__HIVE_DEFAULT_PARTITION__`, one without a region in `region=unknown`. Within a major version
of a contract columns are only added.

## How to read them

- **Tool by tool**, with what each one gets wrong: [tools.md](tools.md).
- **Whole and consistent**: open the Delta table (`polars.scan_delta`, Spark, `deltalake`; DuckDB's
  `delta_scan`, whose extension has to be downloaded once), or let `dateline query` do it.
- **Spark** needs `spark.sql.parquet.datetimeRebaseModeInRead=CORRECTED` where a story is older than
  1900.
- **Plain files**: the glob is `TABLE/date=*/region=*/*.parquet` (`TABLE/date=*/*.parquet` for
  rejects, ledger and links). `**` also meets the log's own checkpoint files: it fails, or
  `count(*)` counts their rows too. After an upgrade that added columns a glob needs
  `union_by_name=true` (DuckDB) or `missing_columns="insert", extra_columns="ignore"` (Polars). A
  glob also sees files that are no longer, or not yet, part of the table: it is exact only where
  `dateline lake check --glob` says so ([upkeep.md](upkeep.md)).
- **What the codes mean** is in the lake itself, in `codes/`: countries, regions, roots, CAMEO
  codes, roles, topics, kinds of entities and rejects, providers; `views.sql` beside it makes all
  known to a DuckDB, and `dateline query` knows them as `code_countries` and so on.
- **Joins**: entities and events belong to the story row with the same `revision_id`,
  `enrichment_id`, `source`, `offset` and `item`. Without the last three a revision that is there
  twice counts twice. The views call the last three `record_source`, `record_offset` and
  `record_item`, so that nobody takes an event's `source` for who acts.
- **Every revision is kept.** `stories` holds superseded, killed and **embargoed** text as well:
  show readers the views below, not the table.
"""

_VIEWS = """\
## The views

`current`, `current_entities`, `current_events` and `current_links` hold what may be shown at one
moment: of each family the revision in force, once. Entities and events stand there with their
story's headline, provider, language and time, so that they need no join. `distinct_events` has each
event once a day, `told_events` each telling with how many tell the same that day. They come with
the package as one SELECT each (`view_text` gives it), in the SQL that DuckDB, Spark and Polars
share. `:as_of` stands for the moment that embargoes are held against; it is not a way to travel
back in time, which the tables' own versions are.

```python
# DuckDB, without our command: how it gets the tables is in tools.md.
from pipeline.store.read.views import VIEWS, view_select
for view in VIEWS:
    connection.execute(f"CREATE VIEW {view} AS {view_select(view, as_of)}")

# Polars: frames of the same names in one SQLContext; each view is registered before the next.
context.register("current", context.execute(view_select("current", as_of)))

# Spark. `args=` for `:as_of` fails where Delta's extension is loaded (delta-io/delta#7640).
spark.sql(view_select("current", as_of)).createOrReplaceTempView("current")
```

What is in force, exactly:

1. A revision that is there several times counts once: its last generation (the number of the set of
   stages that made the row), then the first to arrive, then the smallest coordinates. Rows of
   versions before 0.2 have no generation and come before all that have one.
2. Revisions with `embargo_until` after the moment are left out, so that the one before them stays
   in force. A kill under embargo is left out as well.
3. Of the others the last is in force: by `version_time`, or where there is none the later one of
   `updated_at` and `published_at`, then by `version`, then a mark of revision over none. A revision
   without any time stands at the time of what arrived before it. Between two that are alike in all
   this, one that is not usable is the later one; then the one that arrived later: by `received_at`
   between sources, by `offset` within one, by content where two sources share the millisecond.
   Archives come before topics, and one after another as they were first read.
4. It is shown if its `status` is `usable`. A kill is a revision like any other: it hides the ones
   before it, whether they arrive before or after it, until the provider sends a usable revision
   with a later time or a greater version.
"""


def tables_markdown() -> str:
    """Return the whole page."""
    parts = [_HEAD]
    parts += ["\n".join(_table(contract(name))) + "\n" for name in _ORDER]
    parts.append(_VIEWS)
    parts += [f"### {view}\n\n```sql\n{view_text(view).rstrip()}\n```\n" for view in VIEWS]
    return "\n".join(parts)


def _table(rule: Contract) -> Iterator[str]:
    yield f"## {rule.table} {rule.version}"
    yield ""
    yield f"{rule.description} Partitioned by {' and '.join(f'`{c}`' for c in rule.partition_by)}."
    yield ""
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for column in rule.columns:
        meaning = column.description.replace("|", "\\|")
        null = "yes" if column.nullable else ""
        yield f"| `{column.name}` | {column.type_name} | {null} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(tables_markdown())
