"""Containers: what was packed comes out, in order, whatever holds it and however it is damaged."""

from __future__ import annotations

import gzip
import random
import string
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import DAMAGED_HEADER, Record, Story
from pipeline.parse import parse_record
from pipeline.source.archive.archive import Archive, open_archive
from pipeline.source.archive.containers import press_databases
from pipeline.source.archive.containers.compressed import Meter
from pipeline.source.archive.containers.cut import cut
from pipeline.source.archive.containers.pieces import Piece
from pipeline.source.archive.containers.stream import Stream
from tests.source.archive import archives
from tests.source.archive.archives import BINARY, Pack
from tests.support.laws import law

LIMIT_BYTES = 1_000_000
TEXTS: dict[str, tuple[Callable[[Sequence[bytes]], list[bytes]], Pack]] = {
    "csv": (archives.as_csv, archives.rows),
    "gigaword": (archives.as_gigaword, archives.sgml),
    "json lines": (archives.as_json, archives.lines),
    "json, indented": (lambda texts: archives.as_json(texts, 2), archives.lines),
    "json array": (archives.as_json, archives.array),
    "json array, indented": (lambda texts: archives.as_json(texts, 1), archives.array),
    "mbox": (archives.as_mail, archives.mbox),
    "wire messages": (archives.as_wire, b"\x16\x16".join),
    "xml documents": (archives.as_xml, b"".join),
}
WORDS = st.text(string.ascii_letters + " \n\\\"'{}[],<", max_size=200).map(str.encode)
ANY = st.binary(max_size=300).map(lambda data: b"PARIS, Aug 29 (AFP) - " + data)


def pieces(data: bytes, sizes: Sequence[int] = (1 << 20,)) -> list[Piece]:
    """The pieces of `data`, read in chunks of those sizes in turn."""

    def chunks() -> Iterator[bytes]:
        at = turn = 0
        while at < len(data):
            yield data[at : at + sizes[turn % len(sizes)]]
            at, turn = at + sizes[turn % len(sizes)], turn + 1

    return list(cut(Stream(chunks()), LIMIT_BYTES, Meter(), ("a",)))


def values(found: Sequence[Piece]) -> list[bytes]:
    return [piece.value for piece in found]


BEGINNINGS = (
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"[{",
    b'{"',
    b"\x01\x02",
    b"<DOC ",
    b"BZh91AY&SY",
)
SIZES = st.lists(st.integers(1, 900), min_size=1, max_size=4)


@pytest.mark.parametrize("name", BINARY)
@given(records=st.lists(ANY, min_size=1, max_size=6), sizes=SIZES)
@law(25)
def test_what_was_packed_comes_out(name: str, records: list[bytes], sizes: list[int]) -> None:
    """Any bytes, in stored order, however the stream comes in chunks."""
    found = pieces(BINARY[name](records), sizes)
    assert values(found) == records
    assert all(piece.damage is None and piece.skipped is None for piece in found)


@pytest.mark.parametrize("name", TEXTS)
@given(texts=st.lists(WORDS, min_size=1, max_size=6), sizes=SIZES)
@law(50)
def test_texts_are_cut_into_their_records(name: str, texts: list[bytes], sizes: list[int]) -> None:
    """Stories one after the other, byte for byte, however the stream comes in chunks."""
    form, pack = TEXTS[name]
    records = form([text.replace(b"<", b"") for text in texts])
    found = values(pieces(pack(records), sizes))
    assert found == (records if name != "json, indented" else found)
    assert [r.strip() for r in found] == [r.strip() for r in records]


@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
@law(25)
def test_a_cut_archive_gives_what_it_holds(name: str, data: st.DataObject) -> None:
    """Up to the cut all records are whole; then one record tells of it, and no other one comes."""
    records = [random.Random(n).randbytes(400 + n) for n in range(5)]
    packed = BINARY[name]([b"PARIS - " + record for record in records])
    end = data.draw(st.integers(600 if name.startswith("tar") else 30, len(packed) - 1))
    found = pieces(packed[:end])
    whole = [piece.value for piece in found if piece.damage is None]
    assert whole == [b"PARIS - " + record for record in records][: len(whole)]
    zeros = not packed[end:].strip(b"\0") and len(found) == 5
    assert zeros or [piece.damage is None for piece in found] == [True] * len(whole) + [False]


@pytest.mark.parametrize("name", [*BINARY, *TEXTS])
@given(data=st.data())
@law(30)
def test_no_damage_raises(name: str, data: st.DataObject) -> None:
    """Bytes changed, lost or added anywhere give records all the same, the same ones every time."""
    records = [b"PARIS, Aug 29 (AFP) - %d" % n for n in range(4)]
    form, pack = TEXTS.get(name, (list, BINARY.get(name, bytes)))
    packed = bytearray(pack(form(records)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(packed)))
        packed[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    found = pieces(bytes(packed))
    assert found == pieces(bytes(packed), data.draw(SIZES))


@given(begin=st.sampled_from(BEGINNINGS), noise=st.binary(max_size=2000))
def test_any_bytes_are_at_least_one_record(begin: bytes, noise: bytes) -> None:
    """Nothing that is not empty passes unseen."""
    data = begin + noise
    assert pieces(data) or not data.strip()


@pytest.mark.parametrize("name", ["tar", "zip"])
def test_one_bad_member_does_not_hide_its_neighbours(name: str) -> None:
    """A broken compressed member is one damaged record; the others are whole."""
    members = [gzip.compress(b"PARIS - %d" % n, mtime=0) for n in range(3)]
    members[1] = members[1][:-6] + b"??????"
    found = pieces(BINARY[name](members))
    assert [piece.damage is None for piece in found] == [True, False, True]
    assert values(found)[::2] == [b"PARIS - 0", b"PARIS - 2"]
    assert "1.txt: the gzip data" in (found[1].damage or "")


def test_reading_goes_on_behind_a_broken_header() -> None:
    """Of a tar whose header is overwritten only that member is lost, and one record says so."""
    records = [b"PARIS 0", b"PARIS 1" * 200, b"PARIS 2"]
    packed = bytearray(archives.pack_tar(records, tarfile.GNU_FORMAT))
    packed[1024:1100] = b"\xff" * 76
    found = pieces(bytes(packed))
    assert [(piece.value, piece.damage is None) for piece in found] == [
        (b"PARIS 0", True),
        (b"", False),
        (b"PARIS 2", True),
    ]


def test_archives_one_after_the_other_are_read() -> None:
    """Nothing behind the end mark of a first archive is lost."""
    for pack in (archives.pack_tar, archives.pack_zip):
        found = pieces(pack([b"PARIS 0", b"PARIS 1"]) + pack([b"PARIS 2"]))
        assert values(found) == [b"PARIS 0", b"PARIS 1", b"PARIS 2"]
    found = pieces(gzip.compress(b"PARIS ") + gzip.compress(b"again") + b"\0" * 100)
    assert values(found) == [b"PARIS again"]


@pytest.mark.parametrize(
    "text",
    [
        b"From our correspondent in Paris, Mon Aug 29 2014\n\nThe minister said.\n",
        b'{"headline": "one",\n "body": "two"}',
        b"[1, 2]",
        b"[]",
        b"{\\rtf1 a}",
        b"<doc>a</doc><doc>b</doc>",
        b'<?xml version="1.0"?>\n<a><![CDATA[<?xml version="1.0"?><b/>]]></a>',
    ],
)
def test_what_only_looks_like_a_container_is_one_record(text: bytes) -> None:
    """A sentence, one object, an XML document with another inside: as they are."""
    assert values(pieces(text)) == [text]


def test_json_lines_survive_a_bad_line() -> None:
    """A broken line is a record of its own; its neighbours are whole."""
    rows = [b'{"a": 1}', b'{"a": tru', b'{"a": 2}']
    assert values(pieces(b"\n".join(rows))) == rows
    rows = [b'{"a": tru}', b'{"a": 1}', b'{"a": 2}']
    assert values(pieces(b"\r\n\r\n".join(rows))) == rows


def test_a_long_record_is_cut_and_its_neighbours_are_whole() -> None:
    """In each text the record above the limit is marked, and the next one begins at its place."""
    for form, pack in TEXTS.values():
        records = form([b"a", b"b" * (LIMIT_BYTES + 9), b"c"])
        found = pieces(pack(records))
        assert [piece.truncated for piece in found] == [False, True, False]
        assert len(found[1].value) <= LIMIT_BYTES
        assert [found[0].value, found[2].value] == [records[0], records[2]]


def test_the_same_records_are_the_same_source(tmp_path: Path) -> None:
    """A directory, its tar, its zip, and each of them compressed: one archive in many forms."""
    records = [b"PARIS %d" % n for n in range(3)]
    (tmp_path / "all").mkdir()
    for number, record in enumerate(records):
        (tmp_path / "all" / f"{number}.txt").write_bytes(record)
    sources = {open_archive(tmp_path / "all").source}
    for name, pack in BINARY.items():
        (tmp_path / name).write_bytes(pack(records))
        archive = open_archive(tmp_path / name)
        sources.add(archive.source)
        assert [record.value for record in archive.records(1)] == records[1:]
    assert len(sources) == 1
    (tmp_path / "other.tar").write_bytes(archives.pack_tar(records[::-1]))
    assert open_archive(tmp_path / "other.tar").source not in sources


def damages(archive: Archive) -> list[str]:
    return [dict(record.headers)[DAMAGED_HEADER].decode() for record in archive.records()]


def test_a_record_says_where_its_damage_is(tmp_path: Path) -> None:
    """File, member, and what is wrong."""
    inner = archives.pack_zip([b"PARIS " * 99], zipfile.ZIP_STORED)[:-100]
    (tmp_path / "day.tar").write_bytes(archives.pack_tar([inner]))
    assert damages(open_archive(tmp_path)) == [
        "day.tar: /0.txt: 0/0.txt: the zip archive breaks off"
    ]
    assert isinstance(next(open_archive(tmp_path).records()), Record)


def test_a_large_csv_file_is_its_rows() -> None:
    """More rows than a record may have items: each is a record that reads as one story."""
    rows = [f'{n},Oil rises {n},"VIENNA (AP) - It rose.\nBy {n}."\n' for n in range(10_500)]
    head = "\ufeffid,headline,body\n"
    found = pieces((head + "".join(rows)).encode(), (5_000,))
    assert values(found) == [(head + row).encode() for row in rows]
    for number in (0, 10_499):
        (story,) = parse_record(Record("s", 0, found[number].value))
        assert isinstance(story, Story)
        assert (story.headline, story.paragraphs[-1]) == (f"Oil rises {number}", f"By {number}.")


def test_a_lone_quote_does_not_take_the_rows_after_it() -> None:
    """A field without an end is given up: no byte is missing, and the rest is rows."""
    rows = [f"{n},Oil rises,It rose by {n}. {'x' * 1_000}\n".encode() for n in range(3_000)]
    rows[10] = b'10,"Oil rises,It fell.\n'
    found = pieces(b"id,title,body\n" + b"".join(rows), (70_000,))
    assert b"".join(p.value.removeprefix(b"id,title,body\n") for p in found) == b"".join(rows)
    assert 2_400 < len(found) < 2_600
    assert not any(piece.truncated for piece in found)


@pytest.mark.parametrize(
    "line", [b"Titles, texts", b"Title: body", b"The title, and the body, of it"]
)
def test_text_below_a_line_of_words_is_no_csv(line: bytes) -> None:
    """A first line that names no columns leaves a file whole."""
    data = line + b"\n\nVIENNA (AP) - It rose.\nIt fell.\n"
    assert values(pieces(data)) == [data]


def test_a_row_that_is_cut_off_is_damaged() -> None:
    """Of a broken stream no half row is delivered as a whole one, wherever it breaks."""
    head, rows = b"id,title,body\n", [b"%d,Oil %d,It rose by %d.\n" % (n, n, n) for n in range(60)]
    packed = gzip.compress(head + b"".join(rows), 1)
    for end in range(40, len(packed) - 8, 7):
        *whole, last = pieces(packed[:end])
        assert last.damage is not None
        assert values(whole) == [head + row for row in rows[: len(whole)]]


def _export(count: int, kind: str) -> list[bytes]:
    """Documents of a press database, each with a text of its own."""
    texts = [
        f"Lighthouse {n} sold\n\n{12 + n} words\n\n{'It is old. ' * 40}\n" for n in range(count)
    ]
    if kind == "counted":
        return [
            f"                 {n} of {count} DOCUMENTS\n\n{text}\n".encode()
            for n, text in enumerate(texts, 1)
        ]
    return [
        f"{text}\nDocument LBA00000202610{n:02}em5a0042\n\n".encode()
        for n, text in enumerate(texts, 1)
    ]


@pytest.mark.parametrize("kind", ["counted", "labelled"])
def test_a_long_export_of_a_press_database_is_cut_into_its_documents(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short one is a record, whose parser takes it apart; a long one would be refused."""
    documents = _export(20, kind)
    data = b"".join(documents) + (b"Search summary\n" if kind == "labelled" else b"")
    assert values(pieces(data)) == [data]
    monkeypatch.setattr(press_databases, "WHOLE_BYTES", 4000)
    found = values(pieces(data, (1000,)))
    assert len(found) == len(documents)
    assert b"".join(found) == data
    assert [value.strip() for value in found[:-1]] == [doc.strip() for doc in documents[:-1]]
