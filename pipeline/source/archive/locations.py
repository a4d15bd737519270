"""Where archives lie: files, directories, patterns, and object stores, read as streams.

A location is a local path, a `file://` URL, or the URL of an object store that delta-rs knows
(`s3://`, `gs://`, `az://` …), with the options that it takes for the lake. Each of them may be a
pattern: `*` and `?` match within a name, `**` matches any number of directories.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from glob import iglob as glob
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.errors import UsageError
from pipeline.source.archive.containers.context import is_hidden

_CHUNK_BYTES = 1024 * 1024
_REMOTE_CHUNK_BYTES = 8 * 1024**2  # a request each
_PATTERN = re.compile(r"[*?\[]")
_FILE = "file://"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: `name` within what was asked for, `root` the object store's URL or "" for a disk."""

    path: str
    name: str
    size_bytes: int
    modified_ns: int
    root: str = ""


def find_files(location: str, options: Options = ()) -> list[StoredFile]:
    """Return the files at `location`, in the order of their names, part by part.

    A directory stands for all files in it. Hidden files, and links that lead out of the directory,
    are left out. Raises `UsageError` when there is nothing, or it cannot be read.
    """
    if location.startswith(_FILE):
        location = unquote(location.removeprefix(_FILE))
    found = _remote(location, options) if "://" in location else _local(location)
    return sorted(found, key=lambda file: file.name.split("/"))


def read_stored(
    file: StoredFile, options: Options, on_read: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the stored bytes in chunks; `on_read` is told of each one's size.

    Raises `UsageError` when they cannot be read, or the file is another than the one that was
    found, at the beginning or at the end.
    """
    check_unchanged(file, options)
    try:
        with _open(file, options) as handle:
            size = _REMOTE_CHUNK_BYTES if file.root else _CHUNK_BYTES
            while chunk := handle.read(size):
                on_read(len(chunk))
                yield chunk
    except OSError as error:
        raise UsageError("cannot read the archive", path=file.path, reason=_line(error)) from error
    check_unchanged(file, options)


def begins_with(file: StoredFile, options: Options, magic: bytes) -> bool:
    """Say whether the file's first bytes are `magic`; raises `UsageError` as `read_stored` does."""
    if file.size_bytes < 2 * len(magic):
        return False
    with open_file(file, options) as handle:
        return bool(handle.read(len(magic)) == magic)


@contextmanager
def open_file(file: StoredFile, options: Options) -> Iterator[Any]:
    """Open the file, to be read from any offset; raises `UsageError` as `read_stored` does."""
    check_unchanged(file, options)
    try:
        with _open(file, options) as handle:
            yield handle
    except OSError as error:
        raise UsageError("cannot read the archive", path=file.path, reason=_line(error)) from error


def check_unchanged(file: StoredFile, options: Options) -> None:
    """Raise `UsageError` where the file is not the one that was found."""
    if file.root:
        info = _store(file.root, options).get_file_info(file.path)
        now = (info.size, info.mtime_ns)
    else:
        status = _status(file.path)
        now = (status.st_size, status.st_mtime_ns)
    if now != (file.size_bytes, file.modified_ns):
        raise UsageError("a file of the archive changed while it was read", path=file.path)


def _open(file: StoredFile, options: Options) -> Any:
    if file.root:
        return _store(file.root, options).open_input_file(file.path)
    return Path(file.path).open("rb", buffering=0)


def _local(location: str) -> Iterator[StoredFile]:
    path = Path(location)
    if path.is_file():
        yield _on_disk(path, path.name)
    elif path.is_dir():
        yield from _below(path, path)
    elif _PATTERN.search(location):
        base = Path(_fixed(location))
        seen = set()
        # `Path.glob` finds hidden files.
        for match in glob(location, recursive=True):  # noqa: PTH207
            for file in _below(Path(match), base):
                if file.path not in seen:
                    seen.add(file.path)
                    yield file
        if not seen:
            raise UsageError("no file matches", path=location)
    else:
        raise UsageError("no such file or directory", path=location)


def _below(path: Path, base: Path) -> Iterator[StoredFile]:
    """Yield `path`, or the files in it, named as they are within `base`."""

    def refuse(error: OSError) -> None:
        raise UsageError("cannot read the archive", path=error.filename, reason=error) from error

    root = base.resolve()
    walk: Iterable[tuple[str, list[str], list[str]]] = [(str(path.parent), [], [path.name])]
    if path.is_dir():
        walk = os.walk(path, onerror=refuse)
    for folder, folders, names in walk:
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            inside = not file.is_symlink() or file.resolve().is_relative_to(root)
            if not name.startswith(".") and inside and file.is_file():
                yield _on_disk(file, file.relative_to(base).as_posix())


def _on_disk(path: Path, name: str) -> StoredFile:
    status = _status(str(path))
    return StoredFile(str(path), name, status.st_size, status.st_mtime_ns)


def _status(path: str) -> os.stat_result:
    try:
        return Path(path).stat()
    except OSError as error:
        raise UsageError("cannot read the archive", path=path, reason=error) from error


def _fixed(location: str) -> str:
    """Return the directory before the first name that is a pattern."""
    parts = location.split("/")
    first = next(i for i, part in enumerate(parts) if _PATTERN.search(part))
    return "/".join(parts[:first]) or ("/" if location.startswith("/") else ".")


def _remote(location: str, options: Options) -> Iterator[StoredFile]:
    import pyarrow.fs as pafs
    from deltalake.exceptions import DeltaError

    scheme, _, rest = location.partition("://")
    bucket, _, path = rest.partition("/")
    root = f"{scheme}://{bucket}"
    is_pattern = bool(_PATTERN.search(path))
    base = "/".join(_fixed("/" + path).split("/")[1:]) if is_pattern else path.rstrip("/")
    matches = _translate(path).match if is_pattern else None
    try:
        store = _store(root, options)
        info = store.get_file_info(base) if base and not is_pattern else None
        if info is not None and info.type == pafs.FileType.File:
            infos, base = [info], base.rpartition("/")[0]
        else:
            selector = pafs.FileSelector(base, recursive=True, allow_not_found=True)
            infos = store.get_file_info(selector)
    except (OSError, ValueError, RuntimeError, DeltaError) as error:
        raise UsageError("cannot read the archive", path=location, reason=_line(error)) from error
    count = 0
    for info in infos:
        name = info.path[len(base) :].lstrip("/")
        if info.type != pafs.FileType.File or is_hidden(name):
            continue
        if matches is None or matches(info.path):
            count += 1
            yield StoredFile(info.path, name, info.size, info.mtime_ns or 0, root)
    if not count:
        raise UsageError(
            "no file matches" if is_pattern else "no such file or directory", path=location
        )


def _translate(pattern: str) -> re.Pattern[str]:
    """Return a pattern of paths; it also matches all that lies below what it names."""
    out = []
    for token in re.findall(r"\*\*/?|\*|\?|\[!?[^\]/]+\]|.", pattern, re.S):
        if token == "**/":
            out.append("(?:[^/]+/)*")
        elif token == "**":
            out.append(".*")
        elif token == "*":
            out.append("[^/]*")
        elif token == "?":
            out.append("[^/]")
        elif token[0] == "[" and len(token) > 1:
            out.append("[" + token[1:-1].replace("\\", r"\\").replace("!", "^", 1) + "]")
        else:
            out.append(re.escape(token))
    return re.compile("".join(out) + r"(?:/.*)?\Z", re.S)


@lru_cache(maxsize=8)
def _store(root: str, options: Options) -> Any:
    import pyarrow.fs as pafs
    from deltalake.fs import DeltaStorageHandler

    return pafs.PyFileSystem(DeltaStorageHandler(root, dict(options)))


def _line(error: Exception) -> str:
    """Return the message of a library that writes several lines, and colours."""
    return " ".join(_COLOUR.sub("", str(error)).split())


def as_options(options: Mapping[str, str] | None) -> Options:
    """Bring storage options into a form that can be compared, and sent to another process."""
    return tuple(sorted((options or {}).items()))
