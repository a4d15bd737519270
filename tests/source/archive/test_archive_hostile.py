"""Archives that mean harm: nothing outside is touched, memory is flat, each harm is a record."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from copy import copy
from pathlib import Path

import pytest

from pipeline.model import DAMAGED_HEADER, SKIPPED_HEADER, TRUNCATED_HEADER, Reject
from pipeline.parse import parse_record
from pipeline.source.archive.archive import Archive, open_archive
from pipeline.source.archive.containers import compressed
from tests.source.archive import archives
from tests.source.archive.archives import member

STORY = b"PARIS, Aug 29, 2014 (AFP) - France and Mali signed an agreement on Friday."


def opened(tmp_path: Path, data: bytes, **options: int) -> Archive:
    (tmp_path / "a").write_bytes(data)
    return open_archive(tmp_path / "a", **options)


def reasons(archive: Archive, header: str = DAMAGED_HEADER) -> list[str | None]:
    """The reason of each record that has that header, None for any other."""
    found = [dict(record.headers).get(header) for record in archive.records()]
    return [reason.decode() if reason else None for reason in found]


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_links_and_devices_of_a_tar_are_skipped_with_their_reason(tmp_path: Path) -> None:
    """Never followed, never opened, and counted."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    packed = tar_of(
        (member("one", 0, tarfile.SYMTYPE, str(secret)), b""),
        (member("two", 0, tarfile.SYMTYPE, "../secret"), b""),
        (member("three", 0, tarfile.LNKTYPE, str(secret)), b""),
        (member("four", 0, tarfile.CHRTYPE), b""),
        (member("five", 0, tarfile.FIFOTYPE), b""),
        (member("six", 0, tarfile.DIRTYPE), b""),
        (member("one", len(STORY)), STORY),
    )
    archive = opened(tmp_path, packed)
    assert [record.value for record in archive.records()] == [b""] * 5 + [STORY]
    assert reasons(archive, SKIPPED_HEADER) == [
        f"a: one: a link is not followed (to {str(secret)[:100]})",
        "a: two: a link is not followed (to ../secret)",
        f"a: three: a link is not followed (to {str(secret)[:100]})",
        "a: four: a device is not opened",
        "a: five: a pipe is not opened",
        None,
    ]
    (skipped,) = parse_record(next(archive.records()))
    assert isinstance(skipped, Reject)
    assert (skipped.kind, skipped.raw) == ("skipped.not_a_story", None)


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/passwd", "a/../../../b", "C:\\x", "a\0b"])
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    """What lies under a name that leads out is read from the archive; nothing is written."""
    packed = tar_of((member(name, len(STORY)), STORY))
    assert [record.value for record in opened(tmp_path, packed).records()] == [STORY]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, STORY)
    assert [record.value for record in opened(tmp_path, out.getvalue()).records()] == [STORY]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_hidden_members_are_left_out_as_hidden_files_are(tmp_path: Path) -> None:
    """So that a directory and its tar are the same archive, with what macOS adds to it or not."""
    names = ["a/._1.txt", ".git/config", "__MACOSX/1.txt", "./a/../1.txt"]
    packed = tar_of(*((member(name, len(STORY)), STORY) for name in names))
    assert opened(tmp_path, packed).total == 1


@pytest.mark.parametrize("pack", [archives.pack_zip, archives.pipe_zip])
def test_encrypted_members_are_rejected_one_by_one(tmp_path: Path, pack: archives.Pack) -> None:
    """The others are read."""
    packed = bytearray(pack([STORY + b"%d" % n for n in range(3)]))
    second = packed.index(b"PK\x03\x04", 10)
    packed[second + 6] |= 1
    archive = opened(tmp_path, bytes(packed))
    assert reasons(archive) == [None, "a: 1/1.txt: the member is encrypted", None]
    (_, reject, _) = (parse_record(record)[0] for record in archive.records())
    assert isinstance(reject, Reject)
    assert reject.message.endswith("the member is encrypted")


def test_an_unknown_method_and_a_wrong_checksum_are_told(tmp_path: Path) -> None:
    """A story that is not what was packed is no story."""
    packed = bytearray(archives.pack_zip([STORY] * 3, zipfile.ZIP_STORED))
    second = packed.index(b"PK\x03\x04", 10)
    packed[second + 8] = 99
    third = packed.index(STORY, second + 10 + len(STORY))
    packed[packed.index(STORY, third) + 3] ^= 1
    assert reasons(opened(tmp_path, bytes(packed))) == [
        None,
        "a: 1/1.txt: the compression method 99 of zip is not read",
        "a: 2/2.txt: the checksum of the zip member is wrong",
    ]


def test_what_grows_like_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without end out of few bytes end in one damaged record; its neighbours are whole."""
    monkeypatch.setattr(compressed, "BOMB_SLACK_BYTES", 4 * 1024**2)
    lines = json.dumps({"body": "x" * 1000}).encode() + b"\n"
    for pack in (gzip.compress, lzma.compress):
        bomb = pack(lines * 20_000)
        archive = opened(tmp_path, archives.pack_tar([STORY, bomb, STORY]))
        told = [reason for reason in reasons(archive) if reason]
        assert len(told) == 1
        assert "grows like a bomb" in told[0]
        assert 3000 < archive.total < 6000
        assert [r.value for r in archive.records(archive.total - 1)] == [STORY]


_HEADER = struct.Struct("<4s5H3I2H")


def _endless_member(method: int) -> bytes:
    return _HEADER.pack(b"PK\x03\x04", 20, 8, method, 0, 0, 0, 0, 0, 1, 0) + b"a"


TINY = {
    "gzip members": gzip.compress(b"", mtime=0) * 25_000,
    "false descriptors": _endless_member(0) + b"PK\x07\x08" * 100_000,
    "members of no known method": _endless_member(99) * 16_000,
}


@pytest.mark.parametrize("name", sorted(TINY))
def test_many_tiny_things_take_no_longer_than_few_large_ones(tmp_path: Path, name: str) -> None:
    """What was looked at ahead is not copied for each: time grows with the length alone."""
    ratios: list[float] = []
    while len(ratios) < 3 and not any(ratio < 3 for ratio in ratios):
        smaller, larger = (_spent_s(tmp_path, TINY[name] * times) for times in (1, 2))
        ratios.append(larger / max(smaller, 0.02))
    assert min(ratios) < 3, ratios


def _spent_s(tmp_path: Path, data: bytes) -> float:
    begin = time.process_time()
    opened(tmp_path, data)
    return time.process_time() - begin


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A member of 60 MB that is cut nowhere is delivered so far, and marked."""
    records = [STORY, b"x" * 60_000_000, STORY]
    packed = gzip.compress(archives.pack_tar(records), 1)
    (tmp_path / "a").write_bytes(packed)
    del records, packed
    tracemalloc.start()
    archive = open_archive(tmp_path / "a", max_record_bytes=100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
    found = list(archive.records())
    assert [len(record.value) for record in found] == [len(STORY), 100_000, len(STORY)]
    assert found[1].headers == ((TRUNCATED_HEADER, b"1"),)
    (reject,) = parse_record(found[1])
    assert isinstance(reject, Reject)
    assert reject.kind == "too_large"


def test_layers_are_bounded(tmp_path: Path) -> None:
    """Twenty compressions one in the other are not opened to their end."""
    data = STORY
    for _ in range(20):
        data = gzip.compress(data, mtime=0)
    archive = opened(tmp_path, data)
    assert reasons(archive) == ["a: archives lie more than 8 deep"]


def _extended(kind: bytes, data: bytes, size: int | None = None) -> bytes:
    info = member("long", len(data) if size is None else size, kind)
    return info.tobuf(tarfile.GNU_FORMAT) + data + b"\0" * (-len(data) % 512)


def test_headers_of_a_tar_that_are_too_long_are_not_read(tmp_path: Path) -> None:
    """Names of megabytes, numbers that mean nothing: one record, and on to the next member."""
    story = tar_of((member("one", len(STORY)), STORY))
    for packed in (
        _extended(tarfile.GNUTYPE_LONGNAME, b"x" * 3_000_000) + story,
        _extended(tarfile.XHDTYPE, b"9 x" * 1_000_000) + story,
    ):
        archive = opened(tmp_path, packed)
        assert [record.value for record in archive.records()] == [b"", STORY]
        assert (reasons(archive)[0] or "").endswith("3000000 bytes is not read")
    for data in (b"0 path=x\n", b"999999 path=x\n", b"-1 x=", b"5 path=", b"\xff" * 99):
        archive = opened(tmp_path, _extended(tarfile.XHDTYPE, data) + story)
        assert [record.value for record in archive.records()] == [STORY]
    archive = opened(tmp_path, _extended(tarfile.REGTYPE, b"", 2**70) + STORY)
    assert reasons(archive) == ["a: long: the tar archive breaks off"]


def test_sparse_files_are_rejected(tmp_path: Path) -> None:
    """A file in parts would be read as what it is not."""
    info = member("sparse", len(STORY))
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    archive = opened(tmp_path, tar_of((info, STORY), (member("one", len(STORY)), STORY)))
    assert reasons(archive) == ["a: sparse: a file in parts (sparse, split) is not read", None]


def test_compressions_that_want_much_memory_are_refused(tmp_path: Path) -> None:
    """Windows of gigabytes are damage, not a request to the allocator."""
    frame = b"\x28\xb5\x2f\xfd\x00\xb8" + b"\x00" * 20
    assert "zstd data is broken" in (reasons(opened(tmp_path, frame))[0] or "")
    packed = bytearray(lzma.compress(STORY))
    # Block header (xz 1.1.0, 3.1): size, flags, filter LZMA2, one byte of properties: 4 GiB.
    packed[16] = 40
    packed[20:24] = struct.pack("<I", zlib.crc32(bytes(packed[12:20])))
    assert "xz data is broken" in (reasons(opened(tmp_path, bytes(packed)))[0] or "")


def test_a_zip_whose_directory_lists_more_than_it_holds_is_told(tmp_path: Path) -> None:
    """Members that share one body: the one that is there is read, and the account of the others."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.txt", STORY)
        for n in (1, 2):
            again = copy(archive.filelist[0])
            again.filename = again.orig_filename = f"{n}.txt"
            archive.filelist.append(again)
        archive._didModify = True  # type: ignore[attr-defined]
    records = list(open_archive(str(path)).records(0))
    assert [record.value for record in records][:1] == [STORY]
    (told,) = records[1:]
    reason = dict(told.headers)[DAMAGED_HEADER]
    assert reason.endswith(b"the zip archive's directory lists 3 members, it holds 1")


_END = struct.Struct("<4s4H2IH")
_WIDE_END = struct.Struct("<4sQ2H2I4Q")


def _zip_of(count: int, stated: int, wide: int | None = None) -> bytes:
    """A zip of so many members whose end states another count, or ZIP64's end before it does."""
    packed = archives.pack_zip([STORY] * count)
    at = packed.rindex(b"PK\x05\x06")
    sign, one, other, _, _, size, start, comment = _END.unpack_from(packed, at)
    end = _END.pack(sign, one, other, stated, stated, size, start, comment)
    if wide is not None:
        head = _WIDE_END.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, wide, wide, size, start)
        end = head + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1) + end
    return packed[:at] + end


@pytest.mark.parametrize(
    ("stated", "wide", "told"),
    [
        (2, None, None),
        (3, None, 3),
        (1, None, 1),
        (0xFFFF, None, 0xFFFF),
        (0xFFFF, 2, None),
        (0xFFFF, 3, 3),
        (0xFFFF, 70_000, 70_000),
        (2, 2, None),
    ],
)
def test_a_zip_whose_end_counts_others_than_its_directory_lists_is_told(
    tmp_path: Path, stated: int, wide: int | None, told: int | None
) -> None:
    """All that it holds is read; of what it does not hold there is an account."""
    found = reasons(opened(tmp_path, _zip_of(2, stated, wide)))
    message = f"a: the zip archive's end counts {told} members, its directory lists 2"
    assert found == [None, None, *([message] if told is not None else [])]


def test_zips_one_behind_the_other_have_an_end_each(tmp_path: Path) -> None:
    """Each end counts its own directory."""
    both = archives.pack_zip([STORY] * 2) + archives.pack_zip([STORY] * 3)
    assert reasons(opened(tmp_path, both)) == [None] * 5


def test_a_zip_of_more_members_than_its_end_can_count_is_whole(tmp_path: Path) -> None:
    """Writers without ZIP64 give the lowest 16 bits of the count."""
    empty = _HEADER.pack(b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 2, 0) + b"a/"
    listed = b"PK\x01\x02" + struct.pack("<24xH16x", 2) + b"a/"
    size = 0x10000 + 1
    end = _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(listed) * size, len(empty) * size, 0)
    told = reasons(opened(tmp_path, empty * size + listed * size + end))
    assert told == []
