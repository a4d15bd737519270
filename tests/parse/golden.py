"""Golden cases: inputs under `tests/golden/parse/FORMAT/`, the expected items beside them as JSON.

After a deliberate change, `python -m tests.parse.golden` writes the expectations anew; the diff is
to be read like code.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path

from pipeline.model import Code, Item, Record, Reject, Relation, Story
from pipeline.parse import parse_record

GOLDEN = Path(__file__).parent.parent / "golden" / "parse"
_APART = {"source", "offset", "raw", "received_at", "parse_id"}
_HEADERS = "headers"


def cases() -> list[Path]:
    """Every golden input, in order."""
    return sorted(p for p in GOLDEN.glob("*/*") if p.is_file() and p.suffix != ".expected")


def record(data: bytes, **headers: str) -> Record:
    """A record of these bytes."""
    pairs = tuple((name.replace("_", "-"), value.encode()) for name, value in headers.items())
    return Record("test", 7, data, headers=pairs)


def one(data: bytes, **headers: str) -> Story:
    """The only item, which must be a story."""
    (item,) = parse_record(record(data, **headers))
    assert isinstance(item, Story), item
    return item


def describe(item: Item) -> dict[str, object]:
    """An item as JSON can hold it; fields that are empty are left out."""
    kind = "reject" if isinstance(item, Reject) else "story"
    described: dict[str, object] = {"is": kind, "raw_bytes": len(item.raw or b"")}
    for entry in fields(item):
        value = getattr(item, entry.name)
        if entry.name in _APART or value is None or value is False or value in ((), ""):
            continue
        described[entry.name] = _plain(value)
    return described


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, (Code, Relation)):
        return "|".join(str(getattr(value, f.name) or "") for f in fields(value))
    return value


def expectation(case: Path) -> Path:
    """The file that holds what the case must give."""
    return case.with_name(case.name + ".expected")


def result(case: Path) -> list[dict[str, object]]:
    """What the case gives now."""
    return [describe(item) for item in parse_record(record(case.read_bytes()))]


if __name__ == "__main__":
    for path in cases():
        text = json.dumps(result(path), ensure_ascii=False, indent=1) + "\n"
        expectation(path).write_text(text, "utf-8")
