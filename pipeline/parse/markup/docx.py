"""The text of DOCX (ECMA-376): a zip, and XML within it that is read without trust."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from pipeline.parse.draft import FaultError, Hints
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import local

_FIRST = re.compile(
    rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/\.rels|docProps/|word/)", re.S
)
_DOCUMENT = "word/document.xml"
_MAX_MEMBERS = 10_000


def is_docx(data: bytes) -> bool:
    """Say whether a zip begins with a part of an Office document."""
    return bool(_FIRST.match(data))


def read_docx(data: bytes, limits: ParseLimits) -> str:
    """Return the text, a line a paragraph, with a blank line below each; raises `FaultError`."""
    document = xml.read_xml(_document(data, limits), Hints(), limits)
    lines: list[str] = []
    words: list[str] = []
    for element in document.root.iter():
        name = local(element)
        if name == "p":
            lines += ["".join(words), ""]
            words = []
        elif name == "t":
            words.append(element.text or "")
        elif name == "tab":
            words.append("\t")
        elif name in {"br", "cr"}:
            words.append("\n")
    return "\n".join((*lines, "".join(words))).strip("\n") + "\n"


def _document(data: bytes, limits: ParseLimits) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if len(package.infolist()) > _MAX_MEMBERS:
                raise FaultError("too_large", f"more than {_MAX_MEMBERS} parts in the document")
            info = package.NameToInfo.get(_DOCUMENT)
            if info is None:
                message = "an Office document that is no text: no word/document.xml"
                raise FaultError("unknown_format", message)
            with package.open(info) as part:
                text = part.read(limits.max_decompressed_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
            RuntimeError) as error:  # fmt: skip
        raise FaultError("malformed", f"the document cannot be opened: {error}"[:300]) from error
    if len(text) > limits.max_decompressed_bytes:
        size = limits.max_decompressed_bytes
        raise FaultError("too_large", f"the document grows beyond {size} bytes")
    return text
