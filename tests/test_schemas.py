from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from pipeline.errors import StoreError
from pipeline.model import Record, Reject, Story
from pipeline.parse import parse_record
from pipeline.store.schema.contract import LINKS, TABLES, contract, examples
from pipeline.store.schema.rows import decompress, table_of
from tests.support.examples import row_of

CONTRACTS = (*TABLES, LINKS)
FAILING = [
    (table, case["why"], case["row"]) for table in CONTRACTS for case in examples(table, "fail")
]


@pytest.mark.parametrize("table", CONTRACTS)
def test_every_passing_example_passes(table: str) -> None:
    """And comes back from Arrow as it went in."""
    rows = [row_of(table, example) for example in examples(table, "pass")]
    assert table_of(table, rows).select(list(rows[0])).to_pylist() == rows


@pytest.mark.parametrize(
    ("table", "row"), [f[::2] for f in FAILING], ids=[f"{f[0]}: {f[1]}" for f in FAILING]
)
def test_every_failing_example_is_refused(table: str, row: dict[str, Any]) -> None:
    with pytest.raises(StoreError):
        table_of(table, [row_of(table, row)])


@pytest.mark.parametrize("table", CONTRACTS)
def test_a_failing_example_fails_for_one_reason(table: str) -> None:
    """It differs from the first passing example in one column: the one that `why` is about."""
    sound = examples(table, "pass")[0]
    for case in examples(table, "fail"):
        row = case["row"]
        different = {
            name
            for name in sound.keys() | row.keys()
            if name not in row or name not in sound or row[name] != sound[name]
        }
        assert len(different) == 1, case["why"]


@pytest.mark.parametrize("table", CONTRACTS)
def test_the_examples_show_every_column(table: str) -> None:
    """The first is complete; one at least leaves out all that may be null."""
    full, *others = examples(table, "pass")
    optional = {f.name for f in contract(table).schema if f.nullable}
    required = set(contract(table).schema.names) - optional
    assert required <= full.keys()
    assert any(all(row.get(name) is None for name in optional - {"revision_id"}) for row in others)


def test_the_raw_bytes_of_the_examples_are_real() -> None:
    """`raw` unpacks to as many bytes as `raw_bytes` says."""
    for table in ("stories", "rejects"):
        for example in examples(table, "pass"):
            row = row_of(table, example)
            if row["raw"] is not None:
                assert len(decompress(row["raw"])) == row["raw_bytes"]


@pytest.mark.parametrize("table", CONTRACTS)
def test_every_column_is_described(table: str) -> None:
    rule = contract(table)
    assert rule.description
    assert set(rule.partition_by) <= set(rule.schema.names)
    assert all(field.metadata[b"comment"] for field in rule.schema)


@pytest.mark.parametrize("example", examples("envelope", "pass"))
def test_a_passing_envelope_is_a_story(example: dict[str, Any]) -> None:
    """With what it says."""
    (item,) = parse_record(Record("s", 0, json.dumps(example).encode()))
    assert isinstance(item, Story)
    assert item.headline == example.get("headline", "Carried in another format")
    assert item.provider_id == example.get("id")
    assert list(item.paragraphs) == example.get("paragraphs", list(item.paragraphs))
    assert not item.warnings


@pytest.mark.parametrize("case", examples("envelope", "fail"), ids=lambda case: case["why"])
def test_a_failing_envelope_is_a_reject(case: dict[str, Any]) -> None:
    """Of the kind that the example says."""
    (item,) = parse_record(Record("s", 0, json.dumps(case["row"]).encode()))
    assert isinstance(item, Reject)
    assert item.kind == case["kind"]


def test_every_field_of_the_full_envelope_is_in_its_contract() -> None:
    """The contract names what the examples use."""
    text = files("schemas").joinpath("envelope", "contract.json").read_text("utf-8")
    named = {field["name"] for field in json.loads(text)["fields"]}
    assert {name for example in examples("envelope", "pass") for name in example} <= named
