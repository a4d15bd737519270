"""Where archives lie: patterns, URLs, object stores; progress; other processes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.source.archive.archive import Archive, open_archive, stored_bytes
from pipeline.source.archive.locations import _translate
from tests.source.archive import archives

FILES = {
    "1996/08/a.xml.gz": b"PARIS 1",
    "1996/09/b.xml.gz": b"PARIS 2",
    "1997/01/c.xml.gz": b"PARIS 3",
    "1997/01/d.txt": b"PARIS 4",
    "2001/e.xml.gz": b"PARIS 5",
    "1996/.hidden.xml.gz": b"PARIS 6",
}
PATTERNS = {
    "19*/*/*.xml.gz": b"123",
    "**/*.gz": b"1235",
    "199[67]/0?/[!ab]*": b"34",
    "19*": b"1234",
    "**": b"12345",
    "1996": b"12",
    "1997/01/d.txt": b"4",
}


def last(archive: Archive) -> bytes:
    """The last byte of each record."""
    return b"".join(record.value[-1:] for record in archive.records())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "archive"


@pytest.mark.parametrize(("pattern", "found"), PATTERNS.items())
def test_a_pattern_is_one_archive_of_all_that_match(
    folder: Path, pattern: str, found: bytes
) -> None:
    """In the order of their names, hidden files left out, whatever the form of the place."""
    archive = open_archive(folder / pattern)
    assert last(archive) == found
    assert open_archive(f"file://{folder}/{pattern}").source == archive.source


def test_a_pattern_that_matches_nothing_is_a_wrong_use(folder: Path) -> None:
    """As a missing file is."""
    with pytest.raises(UsageError, match="no file matches"):
        open_archive(folder / "*.zip")


def test_a_name_with_signs_of_a_pattern_is_found(tmp_path: Path) -> None:
    """What exists under a name is that."""
    (tmp_path / "a[1]*.txt").write_bytes(b"PARIS 1")
    assert last(open_archive(tmp_path / "a[1]*.txt")) == b"1"


def test_links_out_of_a_pattern_are_left_out(folder: Path) -> None:
    """Nothing above the part of the path that is no pattern is read through a link."""
    (folder.parent / "secret.xml").write_bytes(b"PARIS 9")
    (folder / "1996" / "s.xml").symlink_to(folder.parent / "secret.xml")
    assert last(open_archive(folder / "*" / "*.xml*")) == b"5"


def test_paths_of_a_store_match_as_those_of_a_disk() -> None:
    """`*` stays within a name, `**` does not, and a directory stands for what is in it."""
    assert _translate("a/*.gz").match("a/b.gz")
    assert not _translate("a/*.gz").match("a/b/c.gz")
    assert _translate("a/**/c.gz").match("a/c.gz")
    assert _translate("a/**/c.gz").match("a/b/b/c.gz")
    assert _translate("a/[b-d]?").match("a/cx/y/z.gz")
    assert not _translate("a/b").match("a/bc")


def test_progress_counts_stored_bytes_once(folder: Path) -> None:
    """Ever more, up to what is known beforehand: everything is read a single time."""
    told: list[int] = []
    archive = open_archive(folder, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == archive.size_bytes == stored_bytes(folder)


def test_an_archive_can_be_sent_to_another_process(folder: Path) -> None:
    """What was opened once is read elsewhere; secrets are not shown."""
    archive = open_archive(folder, {"aws_secret_access_key": "s3cr3t"})
    sent = pickle.loads(pickle.dumps(archive))
    assert sent == archive
    assert last(sent) == last(archive)
    assert "s3cr3t" not in repr(archive)


def test_a_store_that_does_not_answer_is_told() -> None:
    """One line, not a stack of another library."""
    options = {
        "aws_endpoint_url": "http://127.0.0.1:9",
        "aws_allow_http": "true",
        "aws_access_key_id": "x",
        "aws_secret_access_key": "x",
        "aws_region": "us-east-1",
        "max_retries": "0",
    }
    with pytest.raises(UsageError, match="cannot read the archive"):
        open_archive("s3://nowhere/a.gz", options)
    with pytest.raises(UsageError, match="cannot read the archive"):
        open_archive("nothing://nowhere/a.gz")


SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), sep=":", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[object, dict[str, str]]]:
    """A client and the options of an S3 server.

    In a process of its own: delta-rs holds Python's lock while it waits for the store.
    """
    pytest.importorskip("moto.server", reason="moto is not installed")
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    running = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    address = running.stdout.readline().strip()
    options = {
        "aws_endpoint_url": f"http://{address}",
        "aws_allow_http": "true",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
    }
    client = boto3.client(
        "s3",
        endpoint_url=options["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket="wire")
    yield client, options
    running.kill()
    running.wait()


@pytest.mark.long
def test_an_object_store_is_read_as_a_disk(s3, folder: Path) -> None:
    """Objects, prefixes and patterns: the same records and the same source as on a disk."""
    client, options = s3
    for name, data in FILES.items():
        client.put_object(Bucket="wire", Key=f"news/{name}", Body=data)
    for pattern, found in PATTERNS.items():
        archive = open_archive(f"s3://wire/news/{pattern}", options)
        assert last(archive) == found
        assert archive.source == open_archive(folder / pattern).source
    with pytest.raises(UsageError, match="no such file"):
        open_archive("s3://wire/none/a.gz", options)


def test_an_archive_of_an_object_store_is_streamed_and_watched(s3) -> None:
    """A tar of 20 MB in pieces; another object under the same key is told."""
    client, options = s3
    records = [b"PARIS %d " % n + b"x" * 1_000_000 for n in range(20)]
    client.put_object(Bucket="wire", Key="day.tar", Body=archives.pack_tar(records))
    archive = open_archive("s3://wire/day.tar", options)
    assert [record.value for record in archive.records(3)] == records[3:]
    client.put_object(Bucket="wire", Key="day.tar", Body=archives.pack_tar(records[:2]))
    with pytest.raises(UsageError, match="changed"):
        list(archive.records())
