"""Hostile input ends in stories and rejects, within bounds of time and memory."""

from __future__ import annotations

import encodings
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from pipeline.model import Item, Record, Reject, Story
from pipeline.parse import ParseLimits, parse_record
from tests.support import hostile

CASES = hostile.hostile()
NAMES = sorted(CASES)
KINDS = {"empty", "too_large", "undecodable", "unknown_format", "malformed", "no_text"}
BIG = {name for name in NAMES if "bomb" in name or name in {"large head", "huge attribute"}}


def _parse(name: str, limits: ParseLimits | None = None) -> tuple[Item, ...]:
    data, headers = CASES[name]
    return parse_record(Record("s", 0, data, headers=headers), limits or ParseLimits())


@pytest.mark.parametrize("name", NAMES)
def test_hostile_input_is_accounted_for(name: str) -> None:
    """Items in order, each a story or a reject of a kind that names the cause, bytes kept."""
    items = _parse(name)
    assert [item.item for item in items] == list(range(len(items)))
    for item in items:
        assert isinstance(item, Story) or item.kind in KINDS, item
        assert item.raw or item.kind == "empty"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("billion laughs", "malformed"),
        ("external entity", "malformed"),
        ("parameter entity", "malformed"),
        ("deep json", "malformed"),
        ("deep xml", "malformed"),
        ("many attributes", "malformed"),
        ("gzip bomb", "too_large"),
        ("zstd bomb", "too_large"),
        ("lz4 bomb", "too_large"),
        ("gzip bomb in zstd", "too_large"),
        ("large head", "too_large"),
        ("cut gzip", "malformed"),
        ("cut zstd", "malformed"),
        ("cut lz4", "malformed"),
        ("gzip of many members", "too_large"),
        ("zstd of many frames", "too_large"),
        ("many values", "too_large"),
        ("many lists", "too_large"),
        ("many elements", "too_large"),
        ("many cells", "too_large"),
        ("an envelope with a large head", "too_large"),
        ("an envelope with a bomb", "undecodable"),
        ("attributes that are mended", "malformed"),
        ("many namespaces", "malformed"),
        ("mail of many parts", "malformed"),
        ("mail of parts within parts", "malformed"),
        ("mail within mail", "malformed"),
        ("mail of long fields", "malformed"),
        ("mail of many parameters", "malformed"),
        ("mail of broken parameters", "malformed"),
    ],
)
def test_what_must_not_be_read_says_why(name: str, kind: str) -> None:
    """The last item is a reject of this kind with the record's bytes."""
    last = _parse(name)[-1]
    assert isinstance(last, Reject)
    assert (last.kind, last.raw) == (kind, CASES[name][0])


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("header")])
def test_a_wrong_header_loses_no_story(name: str) -> None:
    """Hints are hints."""
    (story,) = _parse(name)
    assert isinstance(story, Story)
    assert story.paragraphs == ("France and Mali signed an agreement on Friday.",)


@pytest.mark.parametrize("name", sorted(BIG))
def test_memory_is_bounded_by_the_limits(name: str) -> None:
    """Never more than a few times what a record may grow to, whatever it would grow to."""
    limits = ParseLimits(max_decompressed_bytes=4_000_000)
    data, *_ = CASES[name]  # made at first use, for which a bomb takes what it would grow to
    tracemalloc.start()
    _parse(name, limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * limits.max_decompressed_bytes + 8 * len(data)


@pytest.mark.parametrize("make", [hostile.package, hostile.lines])
@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(ParseLimits(max_items=500), id="500"),
        pytest.param(ParseLimits(), marks=pytest.mark.long, id="default"),
    ],
)
def test_packages_end_at_the_limit(make, limits: ParseLimits) -> None:
    """So many items are read (ten thousand by default); of more the rest is one reject with all
    bytes."""
    count = limits.max_items
    data = make(2 * count)
    items = parse_record(Record("s", 0, data), limits)
    assert len(items) == count + 1
    assert all(isinstance(item, Story) for item in items[:-1])
    last = items[-1]
    assert isinstance(last, Reject) and (last.kind, last.raw) == ("too_large", data)


@pytest.mark.parametrize("make", [hostile.package, hostile.lines])
def test_as_many_items_as_the_limit_are_all_read(make) -> None:
    """The limit is what may be read, not what may not."""
    items = parse_record(Record("s", 0, make(500)), ParseLimits(max_items=500))
    assert len(items) == 500 and all(isinstance(item, Story) for item in items)


def test_what_was_read_in_vain_is_not_read_for_ever() -> None:
    """Each line begins an object that the rest of the record cannot end: after a few it is over."""
    assert len(_parse("opened again and again")) < 10


def test_names_of_charsets_are_not_remembered() -> None:
    """`codecs.lookup` keeps every name that it does not find."""
    for number in range(5):
        hint = ("content-type", b"text/plain; charset=unheard-%d" % number)
        parse_record(Record("s", 0, hostile.STORY, headers=(hint,)))
        parse_record(Record("s", 0, b'<?xml version="1.0" encoding="unheard-%d"?><nitf/>' % number))
        parse_record(
            Record("s", 0, hostile.mail(b"caf\xe9", b"text/plain; charset=unheard-%d" % number))
        )
    assert not [name for name in encodings._cache if "unheard" in name]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(hostile.GROWING))
def test_no_input_takes_the_square_of_its_length(name: str) -> None:
    """Twice as much takes less than three times as long."""
    make, count = hostile.GROWING[name]
    ratios = []
    for _ in range(3):
        smaller, larger = (_spent_s(make(size)) for size in (count, 2 * count))
        ratios.append(larger / max(smaller, 0.02))
    assert min(ratios) < 3, ratios


SIZE = 5_000
FACTOR = 4
QUICK = {"json", "text"}
"""Shells that `make test` tries: those of XML, mail and agency headings cost up to ten seconds
each, most of it in what they share."""


def _cpu_s(shell: str, unit: str, size: int) -> float:
    return _spent_s(hostile.SHELLS[shell](unit * (size // len(unit))).encode("utf-8", "replace"))


def _spent_s(data: bytes) -> float:
    begin = time.process_time()
    items = parse_record(Record("s", 0, data))
    spent = time.process_time() - begin
    assert not any(isinstance(item, Reject) and item.kind == "parse_failed" for item in items)
    return spent


def _suspects(shell: str) -> Iterator[str]:
    """Units whose time grew more than their size, at first sight."""
    for unit in hostile.UNITS:
        large = _cpu_s(shell, unit, FACTOR * SIZE)
        if large > 0.03 and large > 1.5 * FACTOR * _cpu_s(shell, unit, SIZE):
            yield unit


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(shell, marks=[] if shell in QUICK else [pytest.mark.long])
        for shell in sorted(hostile.SHELLS)
    ],
)
def test_time_grows_with_length_alone(shell: str) -> None:
    """Twice the input takes at most two and a half times as long, for every kind of long line."""
    for unit in _suspects(shell):
        sizes = (2 * FACTOR * SIZE, FACTOR * SIZE)
        ratios = []
        for _ in range(4):
            larger, smaller = (_cpu_s(shell, unit, size) for size in sizes)
            ratios.append(larger / smaller)
        assert min(ratios) < 2.5, (shell, unit, ratios)


@pytest.mark.parametrize("before", ["", "STT ", "Z Oslo "])
@pytest.mark.parametrize("behind", ["", " (PAQ)", ", Aaq", "/AAQ"])
def test_a_last_line_of_many_short_names_takes_no_time(before: str, behind: str) -> None:
    """Whatever agency's credit it looks like: there is one way to part a line into names."""
    names = "Aa" + "-Aa" * 170 + " Aa" * 10
    text = f"Lamp lit\n\nOSLO, Oct 5 (AP) - It burns. All saw it.\n\n{before}{names}{behind}\n"
    begin = time.process_time()
    parse_record(Record("s", 0, text.encode()))
    assert time.process_time() - begin < 0.5
