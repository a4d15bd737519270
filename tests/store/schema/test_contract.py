from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.store.read.views import VIEWS
from pipeline.store.schema.contract import LINKS, TABLES, contract
from pipeline.store.schema.contract_docs import tables_markdown

DOCS = Path(__file__).parents[3] / "docs" / "tables.md"
COUNTED_ON = {
    "stories": "story_id revision_id version status provider language headline slugline bylines"
    " dateline body published_at received_at date region regions countries format source offset"
    " item content_hash enrichment_id enrichment_status",
    "entities": "revision_id enrichment_id story_id name kind country mention_count mentions",
    "events": "event_id revision_id enrichment_id story_id root cameo mode quad_class goldstein"
    " source_name source_country source_role target_name target_country target_role event_date"
    " place_country sentence trigger confidence",
    "rejects": "kind stage message raw source offset item received_at",
    "ledger": "source start_offset end_offset records items stories rejects skipped gaps"
    " committed_at",
    "links": "left_revision_id right_revision_id left_date right_date similarity method",
}


@pytest.mark.parametrize("table", (*TABLES, LINKS))
def test_the_columns_that_others_count_on_are_there(table: str) -> None:
    """They may gain company, but neither go nor change their name."""
    assert set(COUNTED_ON[table].split()) <= set(contract(table).schema.names)


@pytest.mark.parametrize("table", (*TABLES, LINKS))
def test_partitions_are_days_and_regions(table: str) -> None:
    rule = contract(table)
    spatial = table in ("stories", "entities", "events")
    assert rule.partition_by == (("date", "region") if spatial else ("date",))
    assert rule.schema.field("date").type == pa.date32()
    assert set(rule.file_schema.names) == set(rule.schema.names) - set(rule.partition_by)


def test_one_name_means_one_thing() -> None:
    """A column that several tables have has the same type in all of them."""
    kinds: dict[str, set[pa.DataType]] = {}
    for table in (*TABLES, LINKS):
        for field in contract(table).schema:
            kinds.setdefault(field.name, set()).add(field.type)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_versions_are_major_and_minor() -> None:
    assert all(re.fullmatch(r"\d+\.\d+", contract(table).version) for table in (*TABLES, LINKS))


def test_the_page_about_the_tables_is_current() -> None:
    """Else run `python -m pipeline.store.schema.contract_docs > docs/tables.md`."""
    assert DOCS.read_text("utf-8") == tables_markdown()


def test_the_page_names_every_column_and_view() -> None:
    page = tables_markdown()
    for table in (*TABLES, LINKS):
        assert f"## {table} " in page
        assert all(f"| `{name}` |" in page for name in contract(table).schema.names)
    assert all(f"### {view}\n" in page for view in VIEWS)
