"""Whether the text that a record delivered reached its story: what did not is named.

A format module sets `Draft.delivered` to what it read the draft from (an XML element, a JSON value,
or text), and `Draft.set_aside` to text that it left out on purpose (a sign-off, a page's header).
The boundary compares the two: a value of more than a line of words that is nowhere in the story is
named in its warnings, and a story that is nothing but a headline above such values is a reject.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from pipeline.parse.draft import Draft, Fault, Part, replace
from pipeline.parse.markup.flow import INLINE, NO_TEXT, local
from pipeline.parse.text.clean import clean

MIN_WORDS = 12
"""A line of words: shorter values are labels, names and addresses."""

_MIN_CHARS = 2 * MIN_WORDS
_WINDOW = 16
_UNREAD_IN_WINDOW = 7
_UNREAD_AT_LEAST = _UNREAD_IN_WINDOW - 2
_FEW = 6
_OF_ANY_SHAPE = frozenset({"json", "csv", "xml"})
_MAX_NAMED = 10
_SHOWN_CHARS = 40
_MAX_FIELDS = 20
_TAG = re.compile(
    r"<!--(?:[^-]|-(?!->))*+(?:-->|$)|<(?:script|style)\b(?:[^<]|<(?!/(?:script|style)))*+"
    r"|</?[A-Za-z!?][^<>]*+>",
    re.I,
)
_BREAK = re.compile(r"\n\s*\n|</(?:p|div|li|h\d|td|tr|blockquote|section)>|<br\s*/?>", re.I)
_SGML_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)\b[^<>]*+>")
_IN_TEXT = frozenset({"P", "S", "B", "I", "BR", "TABLE", "TABLEROW", "TABLECELL", "ROWRULE"})
_SGML_CUT = re.compile(
    rf"</?(?!(?:{'|'.join(sorted(_IN_TEXT))})(?![\w-]))[A-Za-z][\w-]*\b[^<>]*+>", re.I
)
_XML_TAG = re.compile(r"</?([^\s<>/]+)[^<>]*+>")
_MAX_PATH = 8
_WORD = re.compile(r"\w+")


def accounted(part: Part) -> Part:
    """Return the part with warnings that name what it delivered and does not hold.

    A draft with a headline only, beside text that nobody read, becomes a fault that names the
    fields.
    """
    if isinstance(part, Fault) or part.delivered is None:
        return part
    unread = list(_unread(part))
    if not unread:
        return part
    has_text = part.paragraphs or part.summary or part.captions or part.status == "canceled"
    any_shape = part.format in _OF_ANY_SHAPE or (part.format == "ninjs" and not part.provider_id)
    if any_shape and not has_text:
        named = ", ".join(dict.fromkeys(path for path, _ in unread[:_MAX_FIELDS]))
        message = f"a headline, and text under names that are not known: {named}"
        return Fault("unknown_format", message[:500], unread[0][0], part.raw)
    warnings = [_warning(path, text) for path, text in unread[:_MAX_NAMED]]
    if len(unread) > _MAX_NAMED:
        warnings.append(f"not read: {len(unread) - _MAX_NAMED} more values")
    return replace(part, warnings=(*part.warnings, *warnings))


def _warning(path: str, text: str) -> str:
    words = " ".join(text.split())
    short = words if len(words) <= _SHOWN_CHARS else words[:_SHOWN_CHARS].rstrip() + "…"
    return f"not read: {path} ({len(words.split())} words): {short}"


def _unread(draft: Draft) -> Iterator[tuple[str, str]]:
    seen = _seen(draft)
    delivered = draft.delivered
    if isinstance(delivered, etree._Element):
        delivered = (delivered,)
    # Most stories end at the first look, which costs little.
    if isinstance(delivered, tuple):
        if _count(_plain(" ".join(map(_text, delivered))), seen) <= _FEW:
            return
        if not any(_may_be_unread(_runs(element), seen) for element in delivered):
            return
        leaves: Iterable[tuple[str, str]] = (
            leaf for element in delivered for leaf in _elements(element)
        )
    elif isinstance(delivered, str):
        is_markup = delivered.startswith("<")
        if is_markup and not _may_be_unread(_SGML_CUT.split(delivered), seen):
            return
        if _count(_plain(delivered), seen) <= _FEW:
            return
        leaves = _sgml(delivered) if is_markup else _blocks(delivered)
    else:
        leaves = _values(delivered)
    for path, text in leaves:
        plain = _plain(text)
        if len(plain) < _MIN_CHARS or _count(plain, seen) < _UNREAD_AT_LEAST:
            continue
        for block in _BREAK.split(text) if "<" in text or "\n" in text else (text,):
            if _is_unread(block, seen):
                yield path, _plain(block)
                break


@dataclass(slots=True)
class _HeldWords:
    """The words of all that a draft holds, with the marks that stand at them, and without."""

    words: set[str]
    _bare: set[str] | None = None

    def has(self, word: str) -> bool:
        """Say whether a word, or each part of it, stands in the draft; marks alone always do."""
        if word in self.words:
            return True
        if self._bare is None:
            self._bare = {piece.casefold() for w in self.words for piece in _WORD.findall(w)}
        return all(piece.casefold() in self._bare for piece in _WORD.findall(word))


def _seen(draft: Draft) -> _HeldWords:
    texts = [
        draft.headline, *draft.paragraphs, draft.slugline, draft.dateline, draft.summary,
        draft.editor_note, draft.rights, draft.usage_terms, *draft.captions, *draft.bylines,
        *draft.keywords, *draft.set_aside, draft.provider, draft.revision_mark,
    ]  # fmt: skip
    texts += [code.name for code in draft.codes if code.name]
    return _HeldWords(set("\n".join(text for text in texts if text).split()))


def _count(text: str, seen: _HeldWords) -> int:
    """Say how many of the words are not seen, at the first look: with the marks that stand at
    them."""
    return len(set(text.split()) - seen.words)


def _may_be_unread(runs: Iterable[str], seen: _HeldWords) -> bool:
    """Say whether a run of text between two blocks is a line of words, some of them not seen."""
    for run in runs:
        if len(run) < _MIN_CHARS:
            continue
        words = run.split()
        if len(words) < MIN_WORDS:
            continue
        plain = _plain(run)
        if len(set(words if plain is run else plain.split()) - seen.words) >= _UNREAD_AT_LEAST:
            return True
    return False


def _runs(element: etree._Element) -> Iterable[str]:
    """Return the text between the tags of blocks, as `_elements` gives it, by way of its markup."""
    markup = etree.tostring(element, encoding="unicode", with_tail=False)
    text, *rest = _XML_TAG.split(markup)
    runs = []
    for name, more in zip(rest[::2], rest[1::2], strict=True):
        kind = _kind(name)
        if kind is None:
            return (text for _, text in _elements(element))
        if kind:
            text += more
            continue
        if len(text) >= _MIN_CHARS:
            runs.append(html.unescape(text) if "&" in text else text)
        text = more
    return runs


@lru_cache(maxsize=4096)
def _kind(name: str) -> bool | None:
    """Say whether an element of this name stands within a run of text; None if it holds no text."""
    plain = name.rpartition(":")[2].lower()
    return None if plain in NO_TEXT else plain in INLINE


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text


def _is_unread(text: str, seen: _HeldWords) -> bool:
    """Say whether a stretch of a line or more is not in the story."""
    if len(text) < _MIN_CHARS:
        return False
    words = text.split()
    if len(words) < MIN_WORDS or _count(text, seen) < _UNREAD_AT_LEAST:
        return False
    words = clean(_plain(text)).split()
    if len(words) < MIN_WORDS:
        return False
    missing = [not seen.has(word) for word in words]
    size = min(_WINDOW, len(words))
    need = _UNREAD_IN_WINDOW * size // _WINDOW
    count = sum(missing[:size])
    for end in range(size, len(words) + 1):
        if count >= need:
            return True
        if end < len(words):
            count += missing[end] - missing[end - size]
    return False


def _text(element: etree._Element) -> str:
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(re.split(r"\n\s*\n", text), 1):
        yield f"text {number}", block


def _sgml(markup: str) -> Iterator[tuple[str, str]]:
    """Yield the text between the tags of SGML, with the names of the elements that it stands in.

    Ends of elements that stand open are not told from others: a name is a hint to where it is.
    """
    path: list[str] = []
    at = 0
    for tag in _SGML_TAG.finditer(markup):
        name = tag[2].upper()
        if name in _IN_TEXT:
            continue
        yield "/".join(path), markup[at : tag.start()]
        at = tag.end()
        if not tag[1]:
            path = [*path[-_MAX_PATH:], name]
        elif name in path:
            del path[len(path) - 1 - path[::-1].index(name) :]
    yield "/".join(path), markup[at:]


def _values(value: object, path: str = "$") -> Iterator[tuple[str, str]]:
    """Yield the strings of a JSON value that may hold a line of words, with their paths."""
    # Most values are labels: only those that may hold text are gone to, and paths written.
    stack: list[tuple[str, object]] = [(path, value)]
    while stack:
        here, entry = stack.pop()
        if isinstance(entry, str):
            if len(entry) >= _MIN_CHARS:
                yield here, entry
        elif isinstance(entry, dict):
            stack += [
                (f"{here}.{name}", inner)
                for name, inner in reversed(entry.items())
                if _may_hold_text(inner)
            ]
        elif isinstance(entry, list):
            stack += [
                (f"{here}[{n}]", inner)
                for n, inner in reversed(list(enumerate(entry)))
                if _may_hold_text(inner)
            ]


def _may_hold_text(value: object) -> bool:
    kind = value.__class__
    return len(value) >= _MIN_CHARS if kind is str else kind is dict or kind is list  # type: ignore[arg-type]


def _elements(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the text of each block of an XML element, its inline elements within it, with its
    path."""
    text: list[str] = []
    path: list[str] = []
    closed = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = local(element)
        if event == "start":
            if closed or name in NO_TEXT:
                closed += 1
                continue
            if name not in INLINE:
                yield from _block(path, text)
                path.append(name)
            text.append(element.text or "")
            continue
        if event == "end":
            if closed:
                closed -= 1
            elif name not in INLINE:
                yield from _block(path, text)
                path.pop()
        if not closed and element is not root:
            text.append(element.tail or "")


def _block(path: list[str], text: list[str]) -> Iterator[tuple[str, str]]:
    found = "".join(text)
    text.clear()
    if len(found) >= _MIN_CHARS:
        yield "/".join(path), found
