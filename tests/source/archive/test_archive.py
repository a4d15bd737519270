"""Archives: cut byte for byte, named by content, read on from where the lake ends."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model import DAMAGED_HEADER, TRUNCATED_HEADER, Batch, Reject
from pipeline.parse import parse_record
from pipeline.source.archive.archive import Archive, open_archive
from pipeline.source.archive.containers.sgml_elements import elements
from pipeline.source.bounded import ArchiveReader
from pipeline.source.kafka.options import Limits
from tests.support.broker import FakeLake
from tests.support.data import DATA, needs_data

DOCTYPE = b'<!DOCTYPE lewis SYSTEM "lewis.dtd">\n'


def element(number: int, body: bytes = b"text") -> bytes:
    return b'<REUTERS NEWID="%d">\n<BODY>%b &#3;</BODY>\n</REUTERS>' % (number, body)


def sgml(*bodies: bytes) -> bytes:
    return DOCTYPE + b"".join(element(n, body) + b"\n" for n, body in enumerate(bodies))


def contents(archive: Archive, start: int = 0) -> list[bytes]:
    return [record.value for record in archive.records(start)]


def reader_of(archive: Archive, lake: FakeLake, limits: Limits | None = None) -> ArchiveReader:
    return ArchiveReader(
        archive,
        limits or Limits(3),
        lake_ends=lake.lake_ends,
        start_sources=lake.start_sources,
    )


def drain(reader: ArchiveReader, lake: FakeLake) -> list[Batch]:
    batches = []
    while (batch := reader.read()) is not None:
        lake.commit(batch)
        batches.append(batch)
    return batches


@given(
    bodies=st.lists(st.binary(max_size=300).filter(lambda b: b"<" not in b), max_size=8),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=5),
)
def test_elements_are_cut_byte_for_byte(bodies: list[bytes], sizes: list[int]) -> None:
    """However the stream is cut into chunks, each element comes out as it was written."""
    stream = sgml(*bodies)
    chunks, at, turn = [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        chunks.append(stream[at : at + size])
        at, turn = at + size, turn + 1
    found = [piece.value for piece in elements(b"REUTERS", chunks, 10_000)]
    assert found == [element(n, body) for n, body in enumerate(bodies)]


@given(st.lists(st.sampled_from([b"<REUTERS>", b"</REUTERS>", b"x", b"\n", b"<!-- -->"])))
def test_nothing_is_lost_between_elements(tokens: list[bytes]) -> None:
    """Out of any order of tags and text, every text byte comes out, in order."""
    found = b"".join(p.value for p in elements(b"REUTERS", [b"".join(tokens)], 10_000))
    assert found.count(b"x") == tokens.count(b"x")
    assert found.count(b"<REUTERS>") == tokens.count(b"<REUTERS>")


def test_an_element_without_its_end_ends_at_the_next() -> None:
    """One broken document does not swallow its neighbour."""
    stream = DOCTYPE + b"<REUTERS 1>a" + element(2) + b"<REUTERS 3>cut off"
    found = [piece.value for piece in elements(b"REUTERS", [stream], 1000)]
    assert found == [b"<REUTERS 1>a", element(2), b"<REUTERS 3>cut off"]


def test_an_element_above_the_limit_is_cut_and_marked(tmp_path: Path) -> None:
    """It stays one record, marked, and the next one is whole."""
    (tmp_path / "a.sgm").write_bytes(sgml(b"x" * 5000, b"small"))
    (tmp_path / "b.txt").write_bytes(b"y" * 5000)
    records = list(open_archive(tmp_path, max_record_bytes=1000).records())
    assert [len(r.value) for r in records] == [1000, len(element(1, b"small")), 1000]
    marked = [dict(r.headers).get(TRUNCATED_HEADER) == b"1" for r in records]
    assert marked == [True, False, True]


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """A directory is walked in one order everywhere; hidden files are left out."""
    for name, data in {
        "b/2.txt": b"2",
        "b/1.txt": b"1",
        "a.txt": b"0",
        "c.sgm": sgml(b"x", b"y"),
        ".hidden": b"no",
        ".git/config": b"no",
        "empty.txt": b"",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    archive = open_archive(tmp_path)
    assert contents(archive) == [b"0", b"1", b"2", element(0, b"x"), element(1, b"y"), b""]
    assert archive.total == 6
    assert [r.offset for r in archive.records()] == list(range(6))
    assert all(r.received_at is None for r in archive.records())
    for start in range(7):
        assert contents(archive, start) == contents(archive)[start:]


def test_links_that_lead_out_are_left_out(tmp_path: Path) -> None:
    """Nothing outside of the directory is read through a link in it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (inside / "a.txt").write_bytes(b"a")
    (inside / "b.txt").symlink_to(tmp_path / "secret.txt")
    (inside / "up").symlink_to(tmp_path)
    (inside / "c.txt").symlink_to(inside / "a.txt")
    assert contents(open_archive(inside)) == [b"a", b"a"]


def test_the_same_content_is_the_same_source(tmp_path: Path) -> None:
    """Wherever it lies, compressed or not; other content, or another order, is another source."""
    data = sgml(b"x", b"y")
    (tmp_path / "one.sgm").write_bytes(data)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "two.sgm.gz").write_bytes(gzip.compress(data))
    one, two = open_archive(tmp_path / "one.sgm"), open_archive(folder)
    assert one.source == two.source
    assert contents(one) == contents(two)
    assert one.source.startswith("archive/")
    (folder / "a.txt").write_bytes(b"more")
    first = open_archive(folder).source
    (folder / "a.txt").rename(folder / "z.txt")
    assert len({one.source, first, open_archive(folder).source}) == 3


def test_damaged_compression_is_seen(tmp_path: Path) -> None:
    """Whole documents before the damage are delivered; the one it met is marked, once."""
    noise = os.urandom(3_000_000).replace(b"<", b"-")
    packed = gzip.compress(sgml(b"first", noise, b"last"), mtime=0)
    (tmp_path / "cut.sgm.gz").write_bytes(packed[: len(packed) // 2])
    first, second = open_archive(tmp_path).records()
    assert (first.value, first.headers) == (element(0, b"first"), ())
    assert second.value.startswith(b'<REUTERS NEWID="1">')
    assert second.headers == ((DAMAGED_HEADER, b"cut.sgm.gz: the gzip data breaks off"),)


def test_a_damaged_single_story_is_never_taken_for_whole(tmp_path: Path) -> None:
    """Half of a compressed story is rejected, with what could be read of it."""
    text = b"PARIS, Aug 29, 2014 (AFP) - France and Mali signed.\n" + os.urandom(50_000)
    (tmp_path / "story.txt.gz").write_bytes(gzip.compress(text, mtime=0)[:-20_000])
    (record,) = open_archive(tmp_path).records()
    (reject,) = parse_record(record)
    assert isinstance(reject, Reject)
    assert (reject.kind, reject.raw) == ("malformed", record.value)
    assert reject.message == "damaged in its archive: story.txt.gz: the gzip data breaks off"
    assert text.startswith(record.value)


def test_what_cannot_be_read_is_a_wrong_use(tmp_path: Path) -> None:
    """A missing path is told before anything is written."""
    with pytest.raises(UsageError, match="no such file"):
        open_archive(tmp_path / "absent")


def test_an_empty_directory_holds_nothing(tmp_path: Path) -> None:
    """No record, no batch, and caught up."""
    archive, lake = open_archive(tmp_path), FakeLake()
    reader = reader_of(archive, lake)
    assert archive.total == 0
    assert reader.read() is None
    assert reader.caught_up()


def test_a_file_that_changes_is_told(tmp_path: Path) -> None:
    """Offsets must not shift under a running replay."""
    (tmp_path / "a.sgm").write_bytes(sgml(b"x", b"y"))
    archive = open_archive(tmp_path)
    (tmp_path / "a.sgm").write_bytes(sgml(b"x"))
    with pytest.raises(UsageError, match="changed"):
        contents(archive)


@given(limits=st.builds(Limits, st.integers(1, 5), st.integers(1, 2000)), dies=st.integers(0, 9))
def test_a_replay_resumes_and_adds_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, limits: Limits, dies: int
) -> None:
    """Cut short after any batch, a new reader goes on there; a whole second replay is empty."""
    path = tmp_path_factory.mktemp("archive") / "a.sgm"
    path.write_bytes(sgml(*(b"%d" % n for n in range(10))))
    archive, lake = open_archive(path), FakeLake()
    offsets: list[int] = []
    first = reader_of(archive, lake, limits)
    for _ in range(dies):
        if (batch := first.read()) is not None:
            lake.commit(batch)
            offsets += [r.offset for r in batch.records]
    assert first.read() == first.read(), "uncommitted, it comes again"
    second = reader_of(open_archive(path), lake, limits)
    offsets += [r.offset for batch in drain(second, lake) for r in batch.records]
    assert offsets == list(range(10))
    assert second.caught_up()
    assert second.lag() == {archive.source: 0}
    assert drain(reader_of(archive, lake, limits), lake) == []


@needs_data("reuters21578")
def test_reuters_is_cut_into_its_documents() -> None:
    """Ten files of a thousand documents each, every one whole."""
    for file in sorted((DATA / "reuters21578").glob("*.sgm.gz")):
        archive = open_archive(file)
        assert archive.total == 1000
        assert all(
            r.value.startswith(b"<REUTERS ") and r.value.endswith(b"</REUTERS>")
            for r in archive.records()
        )
