"""The boundary: every record gives at least one item, whatever its bytes."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Batch, Block, Record, Reject, Story
from pipeline.parse import ParseLimits, parse_batch, parse_record, sniff
from pipeline.samples import samples
from tests.parse.golden import one, record
from tests.support.laws import law

STORY = b"""PARIS, Aug 29, 2014 (AFP) - France and Mali signed an agreement on Friday.

The foreign ministry welcomed it.

AFP
"""


def _only(data: bytes, limits: ParseLimits | None = None) -> Reject:
    (item,) = parse_record(record(data), limits or ParseLimits())
    assert isinstance(item, Reject)
    return item


@pytest.mark.parametrize("data", [b"", b"  \r\n\t\n", b"\0\0\0"])
def test_empty_record_is_one_reject(data: bytes) -> None:
    """Nothing in, a reject of kind `empty` out."""
    assert _only(data).kind == "empty"


def test_oversize_record_keeps_all_its_bytes() -> None:
    """20 MB are not read, but not lost either."""
    data = b"x" * 20_000_000
    reject = _only(data)
    assert (reject.kind, reject.raw) == ("too_large", data)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_are_rejected_with_their_bytes(seed: int) -> None:
    """Noise is no story."""
    data = random.Random(seed).randbytes(500 + 211 * seed)
    reject = _only(data)
    assert reject.kind in {"undecodable", "unknown_format"}
    assert reject.raw == data
    assert reject.message


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<html><body>404 not found</body></html>", "unknown_format"),
        (b"<invoice><total>3</total></invoice>", "unknown_format"),
        (b"%PDF-1.4 ...", "unknown_format"),
        (b"ping", "unknown_format"),
        (b'<REUTERS NEWID="1"><TEXT><TITLE>A B</TITLE>', "malformed"),
        (b'<REUTERS NEWID="1">\n</REUTERS>', "malformed"),
    ],
)
def test_what_is_no_story_says_why(data: bytes, kind: str) -> None:
    """Each reject carries kind, message and bytes."""
    reject = _only(data)
    assert (reject.kind, reject.raw, reject.stage) == (kind, data, "parse")


def test_a_bug_inside_becomes_a_reject_after_what_was_read(monkeypatch) -> None:
    """An unexpected exception ends the record, not the job."""
    draft = one(STORY)

    class Broken:
        name = "broken"

        def matches(self, seen):
            return True

        def parse(self, data, hints, limits):
            yield from sniff.FORMATS[-1].parse(STORY, hints, limits)
            raise KeyError("boom")

    monkeypatch.setattr(sniff, "find_format", lambda data: Broken())
    story, reject = parse_record(record(STORY))
    assert isinstance(story, Story) and isinstance(reject, Reject)
    assert story.headline == draft.headline
    assert (reject.kind, reject.item, reject.raw) == ("parse_failed", 1, STORY)
    assert "KeyError" in reject.message


def test_too_many_items_end_in_one_reject() -> None:
    """What is beyond the limit is one reject with the record's bytes."""
    data = dict(samples())["15-reuters-1987-two-sgml.txt"]
    items = parse_record(record(data), ParseLimits(max_items=1))
    assert [type(i) for i in items] == [Story, Reject]
    assert (items[1].kind, items[1].raw) == ("too_large", data)


def test_ids_do_not_depend_on_coordinates_arrival_key_or_headers() -> None:
    """The same bytes have the same ids, live and in replay."""
    late = datetime(2030, 1, 1, tzinfo=UTC)
    (one_,) = parse_record(Record("a", 1, STORY))
    (two,) = parse_record(Record("b", 9, STORY, b"k", (("provider", b"EFE"),), late))
    assert (one_.story_id, one_.revision_id) == (two.story_id, two.revision_id)
    assert two.received_at == late


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_records_are_opened_with_or_without_a_header(pack) -> None:
    """Compression is seen in the bytes; the story's raw bytes are the opened ones."""
    plain = one(STORY)
    packed = one(pack(STORY))
    assert (packed.revision_id, packed.raw) == (plain.revision_id, STORY)


def test_lz4_is_opened() -> None:
    """lz4 frames too."""
    pa = pytest.importorskip("pyarrow")
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(STORY)
    assert one(sink.getvalue().to_pybytes()).raw == STORY


def test_a_bomb_is_too_large_and_a_cut_one_malformed() -> None:
    """What grows beyond the limit is not unpacked further."""
    bomb = gzip.compress(b"a" * 300_000)
    reject = _only(bomb, ParseLimits(max_decompressed_bytes=100_000))
    assert (reject.kind, reject.raw) == ("too_large", bomb)
    assert _only(gzip.compress(STORY * 50)[:-30]).kind == "malformed"
    assert _only(zstandard.compress(STORY * 50)[:40]).kind in {
        "malformed",
        "empty",
        "unknown_format",
    }


@pytest.mark.parametrize(
    ("told", "is_right"),
    [("gzip", True), ("x-gzip", True), ("identity", True), ("zstd", False), ("gzip, zstd", False)],
)
def test_the_compression_found_is_the_one_that_counts(told: str, is_right: bool) -> None:
    """Another one in the header loses nothing and leaves a warning."""
    story = one(gzip.compress(STORY), content_encoding=told)
    assert story.revision_id == one(STORY).revision_id
    assert any("content-encoding" in w for w in story.warnings) is not is_right


def test_wrong_headers_lose_nothing() -> None:
    """A hint that does not fit leaves a warning."""
    story = one(STORY, content_encoding="gzip", content_type="text/xml; charset=utf-16")
    assert story.headline == one(STORY).headline
    assert any("content-encoding" in w for w in story.warnings)


def test_the_provider_header_fills_in_where_the_text_names_none() -> None:
    """Content first, then the header; neither the ids."""
    text = b"Ministers meet in Paris\n\nMinisters met in Paris. They agreed on a text.\n"
    assert one(text, provider="afp").provider == "AFP"
    assert one(text, provider="afp").revision_id == one(text).revision_id
    assert one(STORY, provider="EFE").provider == "AFP"


def test_batch_counts_items_and_carries_the_readers_rejects() -> None:
    """Conservation: blocks state how many items their records gave."""
    names = [data for _, data in samples()]
    records = (*(Record("s", n, data) for n, data in enumerate(names)), Record("t", 4, b""))
    blocks = (Block("s", 0, len(names), len(names)), Block("t", 4, 5, 1), Block("u", 9, 9))
    skipped = Reject("u", 3, 0, "skipped.expired", "read", "expired")
    (parsed,) = parse_batch(Batch(2, blocks, records, (skipped,)))
    assert parsed.group == 2
    assert [b.items for b in parsed.blocks] == [len(names) + 1, 1, 0]
    assert sum(b.items for b in parsed.blocks) == len(parsed.stories) + len(parsed.rejects) - 1
    assert skipped in parsed.rejects


def test_samples_are_stories_but_for_one() -> None:
    """At least sixteen stories on five days, and one reject."""
    items = [i for _, data in samples() for i in parse_record(record(data))]
    stories = [i for i in items if isinstance(i, Story)]
    assert len(stories) >= 16
    assert len({s.date for s in stories}) >= 5
    assert [i.kind for i in items if isinstance(i, Reject)] == ["undecodable"]
    assert len({s.story_id for s in stories}) == len(stories) - 2
    assert [s.version for s in stories if s.revision_mark == "CORRECTED"] == [2]
    assert [s.headline for s in stories if s.status == "canceled"] == [
        "KILL-Peru minister resigns after protests"
    ]


@law(300)
@given(st.binary(max_size=3000))
def test_any_bytes_give_items(data: bytes) -> None:
    """Never an exception, at least one item, numbered from 0, the bytes kept."""
    items = parse_record(record(data))
    assert [i.item for i in items] == list(range(len(items)))
    assert items
    assert not any(isinstance(i, Reject) and i.kind == "parse_failed" for i in items)


@law(300)
@given(st.text(max_size=2000), st.sampled_from(["utf-8", "utf-16", "latin-1", "cp1251"]))
def test_any_text_gives_items(text: str, encoding: str) -> None:
    """As above, for text in several encodings."""
    items = parse_record(record(text.encode(encoding, "replace")))
    assert not any(isinstance(i, Reject) and i.kind == "parse_failed" for i in items)


MUTATED = [data for _, data in samples()][:-1]


@law(300)
@given(st.sampled_from(MUTATED), st.integers(0, 1500), st.integers(0, 300), st.binary(max_size=20))
def test_damaged_samples_give_items(data: bytes, start: int, cut: int, put: bytes) -> None:
    """Stories with bytes cut out and put in never raise."""
    items = parse_record(record(data[:start] + put + data[start + cut :]))
    assert not any(isinstance(i, Reject) and i.kind == "parse_failed" for i in items)
