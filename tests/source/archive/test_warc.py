"""WARC files, as Common Crawl's CC-NEWS has them: each response a record."""

from __future__ import annotations

import gzip
from pathlib import Path

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from pipeline.source.archive.archive import open_archive

_TEXT = "The keepers of Skarvik lit the lamp on Monday evening, a week after the storm. " * 4
_PAGE = f"<html><head><title>Lamp lit</title></head><body><article><p>{_TEXT}</p></article></body>"


def _record(
    body: bytes, kind: str = "response", media: str = "text/html", length: int | None = None
) -> bytes:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: " + media.encode() + b"\r\n\r\n" + body
    size = len(http) if length is None else length
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://c.example/{kind}\r\n"
        f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {size}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def _items(path: Path) -> list[Story | Reject]:
    return [item for record in open_archive(path).records() for item in parse_record(record)]


def _page(number: int) -> bytes:
    return _record(_PAGE.replace("Lamp", f"Lamp {number}").encode())


def test_responses_are_records_and_requests_are_none(tmp_path: Path) -> None:
    """Each in a gzip member of its own, as crawlers write them."""
    parts = [_record(b"", "warcinfo"), _record(b"", "request"), _page(1), _record(b"", "metadata")]
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in [*parts, _page(2)]))
    stories = _items(path)
    assert [s.headline for s in stories if isinstance(s, Story)] == ["Lamp 1 lit", "Lamp 2 lit"]
    assert all(
        isinstance(s, Story) and s.provider_id == "https://c.example/response" for s in stories
    )


def test_pictures_are_skips(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(_record(b"\xff\xd8", media="image/jpeg") + _page(1))
    skip, story = _items(tmp_path / "x.warc")
    assert isinstance(skip, Reject)
    assert (skip.kind, "image/jpeg" in skip.message) == ("skipped.not_a_story", True)
    assert isinstance(story, Story)


def test_a_record_that_breaks_off_is_a_reject_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(_page(1) + _page(2)[:-300])
    story, reject = _items(tmp_path / "x.warc")
    assert isinstance(story, Story)
    assert isinstance(reject, Reject)
    assert "breaks off" in reject.message
    assert reject.raw is not None
    assert reject.raw.startswith(b"WARC/1.0")


def test_what_is_no_record_is_one_reject_and_reading_goes_on(tmp_path: Path) -> None:
    broken = _record(b"x", length=1).replace(b"Content-Length: 1", b"Content-Length: many")
    (tmp_path / "x.warc").write_bytes(broken + _page(1))
    reject, story = _items(tmp_path / "x.warc")
    assert isinstance(reject, Reject)
    assert "no WARC record" in reject.message
    assert isinstance(story, Story)


def test_reading_goes_on_at_any_offset(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(b"".join(map(_page, range(6))))
    archive = open_archive(tmp_path / "x.warc")
    assert archive.total == 6
    assert list(archive.records(4)) == list(archive.records())[4:]


def test_a_record_is_cut_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "x.warc").write_bytes(_record(b"x" * 5000) + _page(1))
    first, second = open_archive(tmp_path / "x.warc", max_record_bytes=1000).records()
    (item,) = parse_record(first)
    assert isinstance(item, Reject)
    assert (item.kind, len(first.value)) == ("too_large", 1000)
    assert isinstance(parse_record(second)[0], Story)
