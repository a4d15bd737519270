"""A stage whose output changes raises its version: else a repair never reaches a lake's past."""

from __future__ import annotations

import pytest

from tests.stage_outputs import ENRICHMENT, outputs, recorded, stages

WHERE = {
    "parse": "PARSE_VERSION in pipeline/parse/stages.py",
    **{name: f"VERSIONS[{name!r}] in pipeline/enrich/stages.py" for name in ENRICHMENT},
    "events": "EventCoder.version in pipeline/enrich/events/coder.py",
    "rows": "ROWS_VERSION in pipeline/stages.py",
}
RECORD = "then record the digests: python -m tests.stage_outputs"


@pytest.fixture(scope="module")
def given() -> dict[str, str]:
    """Today's digests."""
    return outputs()


def is_raised(name: str) -> bool:
    """Whether a stage has another version or other data than recorded."""
    known, today = recorded(name), stages()[name]
    return (known.get("version"), known.get("data")) != (today.version, today.data)


@pytest.mark.parametrize("name", sorted(stages()))
def test_no_output_changes_under_the_same_version(name: str, given: dict[str, str]) -> None:
    """The message says which number to raise."""
    if name not in given:
        pytest.skip(f"no golden story is of the format {name}")
    if recorded(name).get("digest") == given[name]:
        return
    # What comes before it in the same id counts as well: its own id differs already.
    before = ["parse"] if name not in WHERE else []
    if name in ENRICHMENT:
        before = list(ENRICHMENT[: ENRICHMENT.index(name)])
    if name == "parse":
        before = sorted(set(stages()) - WHERE.keys())
    where = WHERE.get(name, f"FORMAT_VERSIONS[{name!r}] in pipeline/parse/stages.py")
    assert any(map(is_raised, (name, *before))), (
        f"the stage {name} gives something else: raise {where}, {RECORD}"
    )
    pytest.fail(f"the stage {name} gives something else under its new version: {RECORD}")
