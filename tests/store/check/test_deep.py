"""`check --deep`: no bit of a data file can change unseen, and the bytes say what the text says."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from pipeline.model import Mention, Record
from pipeline.parse import parse_record
from pipeline.store.check.judge import check
from pipeline.store.commit.seal import SEAL_KEY, UNSEALED, is_whole, sealed
from pipeline.store.explain.explain import explain
from pipeline.store.read.families import notes
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.rows import compress
from pipeline.store.upkeep.note_families import note_families
from tests.support.bits import flipped
from tests.support.rows import HEADLINE, a_batch, a_story, altered, an_entity, enriched, written


def data_files(lake: Path) -> list[Path]:
    return sorted(lake.glob("*/date=*/**/*.parquet"))


def flip(path: Path, at: int, bit: int) -> None:
    path.write_bytes(flipped(path.read_bytes(), 8 * at + bit))


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 12))]
)
def test_a_flipped_bit_is_found_wherever_it_lies(lake: Path, seed: int) -> None:
    """In a page, in the footer, in the seal itself: readers may still take the file for whole."""
    chance = random.Random(seed)
    path = chance.choice(data_files(lake))
    flip(path, chance.randrange(path.stat().st_size), chance.randrange(8))
    report = check(str(lake), deep=True)
    assert not report.ok
    assert set(report.counts) & {"damaged_file", "unreadable_file", "foreign_file"}


def test_a_sound_lake_passes_deep(lake: Path) -> None:
    assert check(str(lake), strict=True, deep=True).counts == {}


def test_a_seal_is_of_all_bytes() -> None:
    data = sealed(b"head" + UNSEALED + b"tail")
    seal = data[4:-4]
    assert is_whole(data, seal)
    assert not is_whole(data.replace(b"head", b"hear"), seal)
    assert not is_whole(data, b"1" * 64)


def test_bytes_of_another_story_are_found(tmp_path: Path) -> None:
    """Also where they are whole, and as many as the row says."""
    text = b"Ferry goes down\n\nOSLO, March 4 (Agency) - A ferry went down on Monday.\n"
    parsed = parse_record(Record("cluster/topic/0", 0, text))
    written(tmp_path, a_batch([enriched(story, entities=(), events=()) for story in parsed]))  # type: ignore[arg-type]
    judge = partial(check, str(tmp_path), deep=True, parse=parse_record)
    assert judge().counts == {}
    other = text.replace(b"Monday", b"Friday")
    altered(tmp_path, "stories", lambda rows: [{**row, "raw": compress(other)} for row in rows])
    assert judge().counts == {"raw_text": 1}


def test_a_flipped_bit_in_a_note_of_families_is_found(lake: Path) -> None:
    """Views take its word, so the deep check reads it; the rows are all right."""
    assert note_families(open_snapshot(str(lake)))
    assert check(str(lake), strict=True, deep=True).ok
    (note,) = notes(open_snapshot(str(lake)).filesystem())
    data = bytearray((lake / note).read_bytes())
    data[20] ^= 1  # in its rows: of a footer that says nothing the views take no word
    (lake / note).write_bytes(data)
    assert check(str(lake), strict=True, deep=True).counts == {"damaged_note": 1}


def test_a_flipped_bit_in_a_table_of_codes_is_found(lake: Path) -> None:
    """In its rows and in its footer; `lake explain` makes the table anew."""
    explain(str(lake))
    assert check(str(lake), strict=True, deep=True).ok
    codes = lake / "codes" / "cameo.parquet"
    data = codes.read_bytes()
    chance = random.Random(7)
    key = data.rindex(SEAL_KEY) * 8
    bits = [chance.randrange(key) for _ in range(8)]
    for bit in (*bits, key - 200, key + 8 * 20, len(data) * 8 - 1):
        codes.write_bytes(flipped(data, bit))
        assert check(str(lake), strict=True, deep=True).counts == {"damaged_codes": 1}
    assert explain(str(lake)) == ["codes/cameo.parquet"]
    assert check(str(lake), strict=True, deep=True).ok


WIRE = b"Ferry goes down\n\nOSLO, March 4, 2026 (Agency) - A ferry went down on Monday.\n"


def wired(root: Path, headers: tuple[tuple[str, bytes], ...] = (), value: bytes = WIRE) -> Path:
    """A lake of one story that was read from bytes."""
    record = Record("cluster/topic/0", 0, value, headers=headers)
    written(root, a_batch([enriched(s, entities=(), events=()) for s in parse_record(record)]))  # type: ignore[arg-type]
    return root


@pytest.mark.parametrize(
    "column, value",
    [
        ("published_at", datetime(2026, 3, 4, 0, 0, 7, tzinfo=UTC)),
        ("embargo_until", datetime(2026, 3, 9, tzinfo=UTC)),
        ("slugline", "another"),
        ("story_id", "another"),
    ],
)
def test_what_the_bytes_say_beside_the_text_is_compared(
    tmp_path: Path, column: str, value: object
) -> None:
    judge = partial(check, str(wired(tmp_path)), deep=True, parse=parse_record)
    assert judge().counts == {}
    altered(tmp_path, "stories", lambda rows: [{**row, column: value} for row in rows])
    assert judge().counts == {"raw_text": 1}


def test_a_charset_that_a_header_named_is_no_fault(tmp_path: Path) -> None:
    """The row says it; what is guessed without it, in rows of before, proves nothing."""
    words = "Visite du ministre\n\nPARIS, 4 mars 2026 - Le ministre a été reçu à l'Élysée.\n"
    header = (("content-type", b"text/plain; charset=cp437"),)
    wired(tmp_path, header, words.encode("cp437", "replace"))
    judge = partial(check, str(tmp_path), deep=True, parse=parse_record)
    assert judge().counts == {}
    altered(tmp_path, "stories", lambda rows: [{**row, "charset": None} for row in rows])
    assert judge().counts == {}
    altered(tmp_path, "stories", lambda rows: [{**row, "charset": "cp850"} for row in rows])
    assert judge().counts == {}, "the same letters"
    altered(tmp_path, "stories", lambda rows: [{**row, "charset": "cp1251"} for row in rows])
    assert judge().counts == {"raw_text": 1}


@pytest.mark.parametrize(
    "table, change",
    [
        ("events", {"sentence": "They never said so."}),
        ("entities", {"mention_count": 2}),
        ("entities", {"mentions": []}),
        (
            "entities",
            {"mentions": [{"start": 42, "end": 53, "text": "Ann Other..", "sentence": 1}]},
        ),
        (
            "entities",
            {"mentions": [{"start": 43, "end": 54, "text": "Ann Example", "sentence": 1}]},
        ),
    ],
)
def test_words_that_do_not_stand_in_the_text_are_found(
    lake: Path, table: str, change: dict[str, object]
) -> None:
    altered(lake, table, lambda rows: [{**rows[0], **change}, *rows[1:]])
    assert check(str(lake)).counts == {}
    assert check(str(lake), deep=True).counts == {"text_marks": 1}


def test_words_beyond_the_plain_alphabet_stand_where_they_do(tmp_path: Path) -> None:
    """Offsets count characters, as DuckDB does: also of those above the first plane."""
    text = ("🙂 Łódź: Ann Example visited Yerevan.",)
    start = len(HEADLINE) + 2 + text[0].index("Ann")
    mention = Mention(start=start, end=start + 11, text="Ann Example", sentence=1)
    entity = an_entity(mentions=(mention,))
    story = a_story(paragraphs=text)
    written(tmp_path, a_batch([enriched(story, entities=(entity,), events=())]))
    assert check(str(tmp_path), deep=True).counts == {}
