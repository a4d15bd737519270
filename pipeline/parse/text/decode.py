# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Bytes to text: byte order marks, UTF-8, UTF-16, and the eight-bit sets of old wires.

Deterministic: the same bytes give the same text. Every guess leaves a warning with the story.
"""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
import unicodedata
from dataclasses import dataclass
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import cache

from pipeline import tsv
from pipeline.errors import UsageError
from pipeline.parse.draft import FaultError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODECS = frozenset(
    (*aliases, *aliases.values(), *(m.name for m in pkgutil.iter_modules(encodings.__path__)))
)
_MAX_NAME_CHARS = 40
# Labels as mailers and feeds write them: cp-1251, win1251, x-windows-1250, iso8859_2, ISO 8859-2.
_LABELS = (
    (re.compile(r"^(?:x-)?(?:cp|win(?:dows)?|ms|ibm)[-_ ]?(?:cp)?(\d{3,4})$", re.I), r"cp\1"),
    (re.compile(r"^(?:x-)?iso[-_ ]?8859[-_ :]?(\d{1,2})(?:[-_:].{0,8})?$", re.I), r"iso8859-\1"),
    (re.compile(r"^latin[-_ ](\d{1,2})$", re.I), r"latin\1"),
)
_SAMPLE_BYTES = 64 * 1024
# A language that the bytes themselves name: of a feed, of an element, of a mail or envelope.
# Begins with a literal, which the text in small letters is searched for: most texts name none.
_LANGUAGE = re.compile(
    rb"lang(?:(?:(?<=<lang)|(?<=<dc:lang))uage>\s*([a-z]{2})\b"
    rb"|(?<!\wlang)=[\"']([a-z]{2})\b"
    rb"|(?:(?<![^\r\n]lang)|(?<=[\r\n]content-lang))uage:\s*([a-z]{2})\b"
    rb"|(?<=\"lang)(?:uage)?\":\s*\"([a-z]{2})\b)"
)
_MARKUP = re.compile(rb"<[^<>]{0,2000}>")
# Words that are frequent in western languages, and none in those of other eight-bit sets.
_WESTERN_WORDS = frozenset(
    b"the of and that was with for said from has by at it"
    b" der die das und ist von mit sich auf nicht ein eine im den"
    b" les des dans du est que une pour par qui sur pas plus"
    b" el los las del por con para una su como"
    b" il che della di non sono alla nel gli"
    b" het van een niet voor dat met zijn"
    b" och att det som av till er ikke med til og"
    b" os das uma foi".split()
)
_MIN_WESTERN_WORDS = 3
_WESTERN_SHARE = 0.1
_WORDS_BYTES = 8192
_MIN_CONFIDENCE = 0.12
_FEW_HIGH = 3
_ESCAPE = re.compile(rb"\x1b\$(?:(?P<korean>\)C)|[@B]|\([@BD])")
_STRAY = "dateline-cp1252"
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]")
# Letters of ISO 8859-2 and cp1250 that are signs in cp1252, within a word or at its beginning.
_SIGNS_IN_NAMES = b"\xa3\xa6\xac\xaf\xb1\xb3\xb6\xb9\xbc\xbf"
_NAME_SIGN = re.compile(
    rb"(?<=[A-Za-z\xc0-\xff])[\xb1\xb3\xb6\xb9\xbc\xbf](?=[a-z\xdf-\xff])"
    rb"|(?<![A-Za-z\xc0-\xff\d])[\xa3\xa6\xac\xaf](?=[a-z\xdf-\xff]{2})"
)
# Letters that they have another one for: `č` for `è`.
_OTHER_LETTERS = bytes(
    byte
    for byte in range(0xC0, 0x100)
    if bytes((byte,)).decode("cp1252") != bytes((byte,)).decode("iso8859-2")
)
_ROMANIAN = re.compile(rb"(?<=[A-Za-z\xe2\xe3\xee])[\xba\xfe](?=[a-z])|[\xaa\xde](?=[a-z])")
_WESTERN_SETS = frozenset(("cp1252", "iso8859-1", "iso8859-15"))
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_EURO = re.compile(rb"(?<=[\d ])\xa4(?![A-Za-z])")
_SIGNS_OF_16 = re.compile(
    rb"(?<=[\d ])\xa4(?![A-Za-z])|(?<![A-Za-z])[\xa5\xab](?=[A-Za-z])|(?<=[\w.!?])[\xb5\xbb](?!\w)"
)
_DOS_VOWEL = re.compile(
    rb"(?<=[A-Za-z])[\x81-\x84\x86-\x89\x8b\x8d\x94](?=[a-z])|(?<=[a-z])[\xa1-\xa4](?=[a-z])"
    rb"|(?<=[a-z])\x86(?=[ .,])|(?<=[a-z ])\x9b(?=[a-z])"
)
_DOS_VOWEL_BYTES = b"\x81\x82\x83\x84\x86\x87\x88\x89\x8b\x8d\x94\x9b\xa1\xa2\xa3\xa4"
_DOS_RUSSIAN = re.compile(rb"[\x80-\xaf\xe0-\xf1]")
_DOS_SHARE = 0.3
_MIN_DOS_RUSSIAN = 20
# Beyond these counts a text is not of the set that it is read in.
_ODD_BYTES = 8192
_MIN_ODD = 2
_ODD_SHARE = 0.2
_ODD_RATIO = 4
_NOT_ASCII = re.compile(r"[^\x00-\x7f\xa0]")
_LATIN_END = "\u0370"
_WORDS_END = "\u0600"  # behind it words are written without blanks, or with marks
_LETTERS_OF_SIGNS = frozenset("ªºƒµˆˇ")
_WITHIN_WORDS = frozenset("’‘·\xad–—…")
_HIGH_BYTES = bytes(range(0x80, 0x100))
# Characters of control that no wire uses: 7-bit formats have SOH to ETX, BEL to SI, SYN, ESC, US.
_BINARY = re.compile(r"[\x00\x06\x0b\x10-\x15\x17-\x19\x1c-\x1e\x80-\x9f\ufffd]")
_MAX_BINARY_SHARE = 0.02
# Punctuation that typists of cp1252 use; other symbols between letters betray another set.
_CP1252_MARKS = frozenset("‘’“”„‚«»‹›–—…•€£¥§©®™°·¿¡ªº´`¨\xa0½¼¾±²³×¢¶†‡‰\xad")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was in, and warnings about guesses."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode `data`; `declared` (of a header or prolog) is tried where UTF-8 does not fit.

    Raises `FaultError` of kind `undecodable` for what is not text.
    """
    decoded = _by_mark(data) or _by_nulls(data) or _by_escapes(data) or _utf8(data, declared)
    decoded = decoded or _declared(data, declared) or _eight_bit(data)
    sample = decoded.text[:_SAMPLE_BYTES]
    if sample and len(_BINARY.findall(sample)) > max(2, _MAX_BINARY_SHARE * len(sample)):
        raise FaultError("undecodable", "the bytes are not text", f"read as {decoded.encoding}")
    return decoded


def known_encoding(label: str) -> str:
    """Return Python's name of the encoding that `label` stands for; raises `UsageError` if none."""
    name = _name(label)
    if name is None:
        raise UsageError("no such encoding", given=label)
    return name


def is_encoding(label: str) -> bool:
    """Say whether `label` stands for an encoding of text."""
    return _name(label) is not None


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], encoding)
    return None


def _by_nulls(data: bytes) -> Decoded | None:
    """UTF-16 without a mark: Latin text has a zero in every other byte."""
    sample = data[:1000]
    if len(sample) < 4 or 0 not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > 0.6 * half and others < 0.05 * half:
            found = _lenient(data, encoding)
            note = f"read as {encoding} without a byte order mark"
            return Decoded(found.text, encoding, (note, *found.warnings))
    return None


def _by_escapes(data: bytes) -> Decoded | None:
    """Read sets of seven bits that change letters by escapes, as in mail (RFC 1468, RFC 1557)."""
    found = _ESCAPE.search(data[:_SAMPLE_BYTES]) if b"\x1b$" in data else None
    if not found or not data.isascii():
        return None
    name = "iso2022_kr" if found["korean"] else "iso2022_jp_2"
    try:
        return Decoded(data.decode(name), name, (f"read as {name} by its escapes",))
    except UnicodeDecodeError:
        return None


def _lenient(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        text = data.decode(encoding, "replace")
        return Decoded(text, encoding, (f"not valid {encoding} at byte {error.start}",))


def _utf8(data: bytes, declared: str | None) -> Decoded | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _mostly_utf8(data, error.start)
    warnings: tuple[str, ...] = ()
    if declared and not data.isascii() and _name(declared) not in {None, "utf-8", "ascii"}:
        warnings = (f"declared {declared}, but is utf-8",)
    return Decoded(text, "utf-8", warnings)


def _mostly_utf8(data: bytes, first: int) -> Decoded | None:
    """UTF-8 with stray bytes of another set: those are read as cp1252."""
    high = len(data) - len(data.translate(None, delete=_HIGH_BYTES))
    good = sum(m.end() - m.start() for m in _SEQUENCE.finditer(data))
    if good < 3 * (high - good):
        return None
    text = data.decode("utf-8", _STRAY)
    return Decoded(text, "utf-8", (f"not valid utf-8 at byte {first}",))


def _declared(data: bytes, declared: str | None) -> Decoded | None:
    name = _name(declared)
    if name in {"iso8859-1", "cp1252"}:  # the same to all that write it (WHATWG Encoding, 4.2)
        return Decoded(_decode_cp1252(data), "cp1252")
    if name in {"utf-8", "ascii", "utf-16", "utf-32"} or name is None:
        return None
    try:
        return Decoded(data.decode(name), name)
    except (UnicodeDecodeError, LookupError):
        return None


def _name(declared: str | None) -> str | None:
    """Python's name of a declared text encoding; codecs that are no charset do not count."""
    if not declared:
        return None
    label_given = declared.strip().strip("\"'")[:_MAX_NAME_CHARS]
    others = (pattern.sub(name, label_given) for pattern, name in _LABELS)
    for label in (label_given, *others):
        if _is_known(label):
            break
    else:
        return None
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _is_known(name: str) -> bool:
    """Say whether Python has a codec under this name.

    `codecs.lookup` remembers every name that it was ever asked for in vain.
    """
    return normalize_encoding(name[:_MAX_NAME_CHARS]).lower() in _CODECS


def _cp1252(data: bytes) -> str:
    """Decode cp1252 as browsers read it: its five undefined bytes are the controls of Latin-1."""
    return "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in data)


_CP1252 = {byte: _cp1252(bytes((byte,))) for byte in range(0x80, 0xA0)}


def _eight_bit(data: bytes) -> Decoded:
    """Return the text in the eight-bit set that its letters speak for; of too few letters in
    cp1252.

    A language that the bytes name decides between sets; it is not asked where that gives no text.
    """
    found = _of_windows(data)
    sample = data[:_SAMPLE_BYTES]
    if found.encoding in _WESTERN_SETS and (central := _central(sample)):
        return _read_as(data, central, f"guessed {central} for the names in it")
    begin = _HIGH.search(sample)
    sample = sample[max(begin.start() - 1, 0) :][:_ODD_BYTES] if begin else b""
    odd, letters = _oddities(sample, found.encoding)
    if odd < _MIN_ODD or odd < _ODD_SHARE * letters:
        return found
    dos = _dos_set(sample)
    if dos is None or _ODD_RATIO * _oddities(sample, dos)[0] > odd:
        return found
    return _read_as(data, dos, f"guessed {dos}")


def _of_windows(data: bytes) -> Decoded:
    """Return the text in the set that its letters speak for, sets of DOS aside but for those that
    their vowels or capitals give away."""
    sample = data[:_SAMPLE_BYTES]
    stated = _LANGUAGE.search(sample.lower())
    language = next((g for g in stated.groups() if g), b"").decode("ascii") if stated else ""
    high = _HIGH.findall(sample)
    if dos := _dos(sample, len(high)):
        return _read_as(data, dos, f"guessed {dos}")
    western = len(high) < 0.2 * len(sample) and _reads_well("".join(map(_cp1252, high)), sample)
    own = _charsets().get(language, ())
    if own[:1] == ("cp1252",) and western:
        return _read_as(data, "cp1252", "read as cp1252")
    words = _MARKUP.sub(b" ", sample) if sample.lstrip()[:1] == b"<" else sample
    if western and not own and (len(high) <= _FEW_HIGH or _is_western(words)):
        return _read_as(data, "cp1252", "read as cp1252")
    found, confidence = _guess(words, own)
    found = _romanian(sample, found)
    if own and found in own:
        return _read_as(data, found, f"read as {found} for its language, {language}")
    few = len(high) <= _FEW_HIGH or confidence < _MIN_CONFIDENCE
    if not found or found in {"iso8859-1", "cp1252"} or (western and few):
        return _read_as(data, "cp1252", "read as cp1252")
    return _read_as(data, found, f"guessed {found}")


def _central(sample: bytes) -> str | None:
    """Return the central European set of names within a text of a western language.

    Letters of Polish names are signs in cp1252, and no sign stands within a word; a text whose
    other letters would become others (`č` for `è`) is western all the same.
    """
    if len(sample) - len(sample.translate(None, _SIGNS_IN_NAMES)) < _MIN_ODD:
        return None
    signs = len(_NAME_SIGN.findall(sample))
    others = len(sample) - len(sample.translate(None, _OTHER_LETTERS))
    if signs < _MIN_ODD or others > 2 * signs + _MIN_ODD:
        return None
    begin = _HIGH.search(sample)
    around = sample[max(begin.start() - 1, 0) :][:_ODD_BYTES] if begin else b""
    odd = {name: _oddities(around, name)[0] for name in ("cp1250", "iso8859-2", "cp1252")}
    best = min(odd, key=lambda name: odd[name])
    return best if best != "cp1252" and not odd[best] else None


def _romanian(sample: bytes, found: str | None) -> str | None:
    """Return ISO 8859-16 where letters are Romanian and its quotes and euro signs stand around
    them; another set where it was found for letters that it alone does not have."""
    if found == "iso8859-16":
        return found if _ROMANIAN.search(sample) else "cp1252"
    if found not in {"iso8859-2", "cp1250"} or not _ROMANIAN.search(sample):
        return found
    if _CONTROLS.search(sample):
        return found
    signs = _EURO if found == "cp1250" else _SIGNS_OF_16
    return "iso8859-16" if signs.search(sample) else found


def _dos(sample: bytes, high: int) -> str | None:
    """Return the set of DOS that the letters speak for, None where they speak for another.

    Of western and central sets the vowels stand where cp1252 has punctuation, which no text has
    between two letters; of the Russian one no byte is where cp1251 and KOI8 have their capitals.
    """
    may_be = high and len(sample) - len(sample.translate(None, _DOS_VOWEL_BYTES)) > 1
    vowels = len(_DOS_VOWEL.findall(sample)) if may_be else 0
    is_latin = vowels >= 2 and vowels >= _DOS_SHARE * high and high < 0.2 * len(sample)
    russian = len(_DOS_RUSSIAN.findall(sample)) if high > 0.3 * len(sample) else 0
    if not is_latin and (russian < _MIN_DOS_RUSSIAN or russian < 0.98 * high):
        return None
    name = _dos_set(sample)
    return name if is_latin or name == "cp866" else None


_NO_MATCH = 0.1
"""How sure chardet is of what it returns where no set fits."""


def _dos_set(sample: bytes) -> str | None:
    """Return the set of DOS that the letters are likeliest in."""
    import chardet

    found = chardet.detect(
        sample,
        encoding_era=chardet.EncodingEra.DOS,
        compat_names=False,
        no_match_encoding="cp437",  # its own default is no set of DOS, of which it warns
    )
    return _name(found["encoding"]) if found["confidence"] > _NO_MATCH else None


def _oddities(sample: bytes, encoding: str) -> tuple[int, int]:
    """Return how many characters above ASCII stand where none of their kind does, and how many
    there are.

    Odd are controls, signs between two letters, capitals behind small letters, and letters of
    other scripts beside Latin ones: what a text is full of that is read in another set.
    """
    text = _read_as(sample, encoding, "").text
    found = [match.start() for match in _NOT_ASCII.finditer(text)]
    return sum(_is_odd(text[max(n - 1, 0) : n + 2], min(n, 1)) for n in found), len(found)


def _is_odd(around: str, at: int) -> bool:
    """Say whether a character is odd between those beside it."""
    sign, before, after = around[at], around[:at], around[at + 1 :]
    is_inner = before.isalpha() and after.isalpha()
    if sign.isalpha() and sign not in _LETTERS_OF_SIGNS:
        is_latin = sign < _LATIN_END
        mixed = not is_latin and (before + after).isascii() and (before + after).isalpha()
        return mixed or (sign.isupper() and before.islower())
    kind = unicodedata.category(sign)
    is_inner = is_inner and kind[0] != "M" and max(before, after) < _WORDS_END
    return kind == "Cc" or (is_inner and sign not in _WITHIN_WORDS)


def _is_western(sample: bytes) -> bool:
    """Say whether the words are those of a western language, by the short ones: a look costs
    little."""
    words = sample[:_WORDS_BYTES].lower().split()
    found = [word for word in words if word in _WESTERN_WORDS]
    enough = len(found) >= _WESTERN_SHARE * len(words)
    return enough and len(set(found)) >= _MIN_WESTERN_WORDS


def _read_as(data: bytes, encoding: str, note: str) -> Decoded:
    text = _decode_cp1252(data) if encoding == "cp1252" else data.decode(encoding, "replace")
    return Decoded(text, encoding, (f"not utf-8: {note}",))


@cache
def _charsets() -> dict[str, tuple[str, ...]]:
    """Return the eight-bit sets of each language, the usual one first."""
    table: dict[str, tuple[str, ...]] = {}
    for languages, sets in tsv.rows("pipeline.parse.text", "charsets.tsv"):
        table.update(dict.fromkeys(languages.split(), tuple(sets.split())))
    return table


def _decode_cp1252(data: bytes) -> str:
    return data.decode("latin-1").translate(_CP1252)


def _reads_well(high: str, sample: bytes) -> bool:
    """Say whether the characters above ASCII are those of western text, read as cp1252."""
    odd = sum(1 for c in high if c not in _CP1252_MARKS and unicodedata.category(c)[0] != "L")
    inside = len(re.findall(rb"[A-Za-z][\xa0-\xbf\xd7\xf7][A-Za-z]", sample))
    return odd + inside <= 0.1 * len(high)


def _read_stray(error: UnicodeError) -> tuple[str, int]:
    """Read stray bytes within UTF-8 as cp1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _cp1252(error.object[error.start : error.end]), error.end


codecs.register_error(_STRAY, _read_stray)


def _guess(sample: bytes, own: tuple[str, ...] = ()) -> tuple[str | None, float]:
    """Python's name of the likeliest set, by the letters of languages, and how likely it is.

    Of the sets `own`, where there are any; sets that wires are not written in do not count.
    """
    import chardet

    nothing = own[0] if own else "ascii"  # it has to be a set that may be found, or chardet warns
    found = chardet.detect(
        sample,
        encoding_era=chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO,
        include_encodings=own or None,
        compat_names=False,
        no_match_encoding=nothing,
    )
    if (found["encoding"], found["confidence"]) == (nothing, _NO_MATCH):
        return None, 0.0
    name = _name(found["encoding"])
    return (None, 0.0) if name == "ascii" or not name else (name, found["confidence"])
