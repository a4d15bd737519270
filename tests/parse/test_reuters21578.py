"""Reuters-21578: single elements, whole files, and the odd ones."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record
from tests.support.data import DATA, needs_data
from tests.support.laws import law


@pytest.mark.long
@needs_data("reuters21578")
def test_ten_thousand_documents_are_accounted_for() -> None:
    """Every document is a story with its own ids, its bytes exactly, and a time of publication."""
    counts: Counter[str] = Counter()
    ids: set[str] = set()
    for path in sorted((DATA / "reuters21578").glob("*.sgm.gz")):
        data = gzip.decompress(path.read_bytes())
        items = parse_record(record(path.read_bytes()))
        assert len(items) == data.count(b"<REUTERS ")
        position = 0
        for item in items:
            assert isinstance(item, Story)
            position = data.index(item.raw, position) + len(item.raw)
            counts["stories"] += 1
            counts["dated"] += item.published_at is not None
            counts["bodies"] += bool(item.paragraphs)
            counts["datelines"] += item.dateline is not None
            counts["signed off"] += item.body.endswith(("Reuter", "REUTER"))
            ids.add(item.revision_id)
    assert len(ids) == counts["stories"] == counts["dated"] == 10_000
    assert (counts["bodies"], counts["datelines"]) == (9_186, 9_140)
    assert counts["signed off"] == 0


def _element(title: str, body: list[str], number: int) -> str:
    lines = "\n".join(f"    {p}" for p in body).lstrip()
    return (
        f'<REUTERS TOPICS="YES" NEWID="{number}">\n<DATE>26-FEB-1987 15:01:01.79</DATE>\n'
        "<TOPICS><D>grain</D></TOPICS>\n<PLACES></PLACES>\n<TEXT>&#2;\n"
        f"<TITLE>{title}</TITLE>\n<DATELINE>    PARIS, Feb 26 - </DATELINE><BODY>{lines}\n"
        " Reuter\n&#3;</BODY></TEXT>\n</REUTERS>\n"
    )


WORD = st.text(ascii_lowercase, min_size=2, max_size=9)
PARAGRAPH = st.lists(WORD, min_size=2, max_size=9).map(lambda w: " ".join(w).capitalize() + ".")


@law(100)
@given(PARAGRAPH, st.lists(PARAGRAPH, min_size=1, max_size=6), st.integers(1, 99999))
def test_a_written_story_is_read_back(title: str, body: list[str], number: int) -> None:
    """Write an element, parse it: the same story."""
    story = one(_element(title, body, number).encode())
    assert (story.headline, story.paragraphs) == (title, tuple(body))
    assert (story.provider_id, story.provider) == (str(number), "Reuters")
    assert story.published_at == datetime(1987, 2, 26, 15, 1, 1, tzinfo=UTC)


def test_a_damaged_element_spares_its_neighbours() -> None:
    """A cut element is one reject between two stories."""
    good, other = _element("One", ["A b."], 1), _element("Two", ["C d."], 2)
    cut = good.replace("</REUTERS>\n", "").replace('"1"', '"3"')
    items = parse_record(record((good + cut + other).encode()))
    assert [getattr(i, "kind", "story") for i in items] == ["story", "malformed", "story"]
    assert items[1].raw == cut.encode()
    assert b"".join(i.raw for i in items) == (good + cut + other).encode()
