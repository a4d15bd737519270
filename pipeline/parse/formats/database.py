# ruff: noqa: ARG002 - the signature is the protocol's
"""Exports of press databases: Nexis and Factiva in plain text, RTF and DOCX; each article a story.

RTF and DOCX of other makers are read as the plain text that is in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.parse.conventions.factiva import is_factiva, read_factiva, split_factiva
from pipeline.parse.conventions.nexis import NEXIS_COUNT, is_nexis, read_nexis, split_nexis
from pipeline.parse.conventions.wiretext import read_story
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.docx import is_docx, read_docx
from pipeline.parse.markup.rtf import read_rtf
from pipeline.parse.text.clean import clean
from pipeline.parse.text.decode import decode

_FACTIVA_HEAD = re.compile(
    r"^(?:WC[ \t]+|Word Count ?:[ \t]*)?[\d.,]{1,8}"
    r" (?:words|Wörter|mots|palabras|parole|woorden|palavras)[ \t\r]*$",
    re.M,
)
# As Nexis ends a document in other languages than English: looked for at the end alone.
_NEXIS_ENDS = (b"Ende des Dok", b"Fin du doc", b"Fin de", b"Fine d", b"Einde van", b"Fim do doc")
_TAIL_BYTES = 2000


class _Nexis:
    name = "nexis"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `1 of 2 DOCUMENTS` at the beginning, or `End of Document` below labels."""
        may_be = sniff.root is None and (
            bool(NEXIS_COUNT.match(sniff.text))
            or b"End of Document" in sniff.data
            or any(map(sniff.data[-_TAIL_BYTES:].__contains__, _NEXIS_ENDS))
        )
        return may_be and is_nexis(_text(sniff.data))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each document, with its own text as the raw form."""
        decoded = decode(data, hints.charset)
        text = clean(decoded.text)
        return _documents(text, decoded.warnings, split_nexis, read_nexis)


class _Factiva:
    name = "factiva"

    def matches(self, sniff: Sniff) -> bool:
        """Look for a line that counts words (`WC`), and `Document` with a number at the end."""
        return (
            sniff.root is None
            and bool(_FACTIVA_HEAD.search(sniff.text))
            and is_factiva(_text(sniff.data))
        )

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each document, with its own text as the raw form."""
        decoded = decode(data, hints.charset)
        text = clean(decoded.text)
        return _documents(text, decoded.warnings, split_factiva, read_factiva)


class _Rtf:
    name = "rtf"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `{\\rtf1` at the beginning."""
        return sniff.text.startswith("{\\rtf")

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield the articles of its text, each with the text as raw form.

        One alone with the file.
        """
        return _of_text(clean(read_rtf(data, limits)), self.name)


class _Docx:
    name = "docx"

    def matches(self, sniff: Sniff) -> bool:
        """Look for a zip whose first member is a part of an Office document."""
        return is_docx(sniff.data)

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield the articles of its text, each with the text as raw form.

        One alone with the file.
        """
        return _of_text(clean(read_docx(data, limits)), self.name)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _of_text(text: str, name: str) -> Iterator[Part]:
    """Yield the parts of a document's text: of a database's export, or as plain text."""
    if is_nexis(text):
        parts = list(_documents(text, (), split_nexis, read_nexis))
    elif is_factiva(text):
        parts = list(_documents(text, (), split_factiva, read_factiva))
    else:
        parts = [replace(read_story(text), format=name)]
    if len(parts) == 1:
        yield replace(parts[0], raw=None)
    else:
        yield from parts


def _documents(
    text: str,
    warnings: tuple[str, ...],
    split: Callable[[str], Iterator[tuple[int, int]]],
    read: Callable[[str], Draft],
) -> Iterator[Part]:
    for number, (begin, end) in enumerate(split(text)):
        own = text[begin:end].strip("\n")
        raw = (own + "\n").encode("utf-8", "surrogatepass")
        try:
            draft = read(own)
        except FaultError as error:
            fault = error.fault
            yield Fault(fault.kind, fault.message, f"document {number + 1}", raw)
        else:
            yield replace(draft, raw=raw, warnings=(*warnings, *draft.warnings))


NEXIS = _Nexis()
FACTIVA = _Factiva()
RTF = _Rtf()
DOCX = _Docx()
