"""Archives of every kind, packed by the standard library and by hand."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import IO

import zstandard

Pack = Callable[[Sequence[bytes]], bytes]


class Pipe(io.RawIOBase):
    """A file that cannot be seeked: what is packed into it states sizes after the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def member(name: str, size: int, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def pack_tar(
    records: Sequence[bytes], form: int = tarfile.PAX_FORMAT, ending: str = ".txt"
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for number, record in enumerate(records):
            # Some names need an extended header.
            name = f"{'long' * (number % 3 * 20)}/{number}{ending}"
            tar.addfile(member(name, len(record)), io.BytesIO(record))
    return out.getvalue()


def pack_zip(records: Sequence[bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    _zip(out, records, method)
    return out.getvalue()


def pipe_zip(records: Sequence[bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = Pipe()
    _zip(out, records, method)
    return bytes(out.data)


def _zip(out: IO[bytes] | Pipe, records: Sequence[bytes], method: int) -> None:
    with zipfile.ZipFile(out, "w", method) as archive:  # type: ignore[arg-type]
        for number, record in enumerate(records):
            # With a date of its own, or the clock would be in the bytes.
            info = zipfile.ZipInfo(f"{number % 3}/{number}.txt")
            archive.writestr(info, record, method)


def pack_each(records: Sequence[bytes]) -> bytes:
    return pack_tar([gzip.compress(record, mtime=0) for record in records], ending=".xml.gz")


BINARY: dict[str, Pack] = {
    "tar": pack_tar,
    "tar of GNU": lambda records: pack_tar(records, tarfile.GNU_FORMAT),
    "tar.gz": lambda records: gzip.compress(pack_tar(records), mtime=0),
    "tar.bz2": lambda records: bz2.compress(pack_tar(records)),
    "tar.xz": lambda records: lzma.compress(pack_tar(records)),
    "tar.zst": lambda records: zstandard.ZstdCompressor().compress(pack_tar(records)),
    "zip": pack_zip,
    "zip, stored": lambda records: pack_zip(records, zipfile.ZIP_STORED),
    "zip, bzip2": lambda records: pack_zip(records, zipfile.ZIP_BZIP2),
    "zip of a pipe": pipe_zip,
    "zip of a pipe, stored": lambda records: pipe_zip(records, zipfile.ZIP_STORED),
    "tar of gz": pack_each,
    "zip of a tar.xz": lambda records: pack_zip([lzma.compress(pack_tar(records))]),
    "tar.gz of a zip": lambda records: gzip.compress(pack_tar([pipe_zip(records)]), mtime=0),
}
"""Containers that hold any bytes. Each packs a record into a member."""


def sgml(records: Sequence[bytes]) -> bytes:
    return b"".join(record + b"\n" for record in records)


def mbox(records: Sequence[bytes]) -> bytes:
    line = b"From desk@example.org Fri Aug 29 06:00:00 2014\n"
    return b"".join(line + record.replace(b"From ", b">From ") + b"\n" for record in records)


def lines(records: Sequence[bytes]) -> bytes:
    return b"\n".join(records) + b"\n"


def array(records: Sequence[bytes]) -> bytes:
    return b"[\n" + b",\n".join(records) + b"\n]\n"


def as_json(texts: Sequence[bytes], indent: int | None = None) -> list[bytes]:
    found = [{"headline": text.decode("latin-1"), "nested": [{"a": "}"}]} for text in texts]
    return [json.dumps(item, indent=indent).encode() for item in found]


def as_gigaword(texts: Sequence[bytes]) -> list[bytes]:
    return [b'<DOC id="AFP_ENG_1.%d" type="story">\n%b\n</DOC>' % e for e in enumerate(texts)]


def as_wire(texts: Sequence[bytes]) -> list[bytes]:
    form = b"\x01AFP%d 4 I 0210\r\nmali\r\n\x02%b\x03290600 GMT Aug 14\r\n\x04"
    return [form % entry for entry in enumerate(texts)]


def as_xml(texts: Sequence[bytes]) -> list[bytes]:
    return [b'<?xml version="1.0"?>\n<newsitem><p>%b</p></newsitem>\n' % text for text in texts]


CSV_HEAD = b'id,"Title",body,date\r\n'


def as_csv(texts: Sequence[bytes]) -> list[bytes]:
    found = []
    for number, text in enumerate(texts):
        out = io.StringIO(newline="")
        csv.writer(out).writerow([number, "Oil rises", text.decode(), "2022-04-04"])
        found.append(CSV_HEAD + out.getvalue().encode())
    return found


def rows(records: Sequence[bytes]) -> bytes:
    return CSV_HEAD + b"".join(record.removeprefix(CSV_HEAD) for record in records)


def as_mail(texts: Sequence[bytes]) -> list[bytes]:
    return [b"Subject: mali\n\nFrom Paris.\n%b\n" % text for text in texts]
