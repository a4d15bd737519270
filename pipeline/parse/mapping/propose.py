"""A mapping proposed for records of an unknown shape, from the names and the values they have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median

from pipeline.parse.markup.values import Json
from pipeline.parse.text import dates
from pipeline.tabular import BODIES, HEADLINES, plain_name

_LONG_CHARS = 200
_LINE_CHARS = 250
_EPOCH_S = (300_000_000, 5_000_000_000)
_FORMATS = ("%m/%d/%Y", "%d.%m.%Y", "%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M",
            "%d/%m/%Y %H:%M", "%d-%m-%Y",
            "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%Y%m%d%H%M%S", "%B %d, %Y", "%b %d, %Y",
            "%Y-%m-%d %H:%M:%S.%f", "%A, %B %d, %Y")  # fmt: skip
_MONTH_FIRST = {
    "%m/%d/%Y": "%d/%m/%Y",
    "%m-%d-%Y": "%d-%m-%Y",
    "%m/%d/%Y %H:%M": "%d/%m/%Y %H:%M",
}
_EITHER = _MONTH_FIRST | {day: month for month, day in _MONTH_FIRST.items()}
# Only Americans write the month first: not under a name in another language.
_OTHER_NAME = re.compile(r"datum|fecha|data\b|dato|erschein|tarih|tanggal|fecha", re.I)
_UNPARTED = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{3,}")
_LIST_DEPTH = 2
_LIST_ITEMS = 20
_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "id",
        "nr",
        "number",
        "guid",
        "uuid",
        "_id",
        "docid",
        "doc_id",
        "article_id",
        "news_id",
        "url",
        "link",
    ),
    "byline": ("byline", "author", "authors", "writer", "journalist", "autor", "auteur"),
    "provider": (
        *("provider", "source", "publisher", "publication", "agency", "outlet", "domain"),
        *("quelle", "agentur", "fuente", "fonte", "kilde", "källa", "bron", "źródło", "zdroj"),
        *("источник", "kaynak", "ajans"),
    ),
    "language": ("language", "lang", "sprache", "langue", "idioma"),
    "section": ("section", "category", "topic", "desk", "ressort", "rubrik"),
    "summary": ("summary", "description", "abstract", "lead", "teaser", "standfirst"),
    "keywords": ("keywords", "tags", "schlagworte"),
    "dateline": ("dateline",),
    "slugline": ("slugline", "slug"),
    "status": ("status", "pubstatus", "post_status", "publication_status", "state", "visibility"),
    "embargo_until": ("embargo", "embargo_until", "embargoed", "sperrfrist", "sperrefrist"),
    "rights": ("rights", "copyright"),
}  # fmt: skip
_OF_OTHERS = frozenset(word for words in _NAMES.values() for word in words)
_CHANGED = re.compile(
    r"updat|modif|chang|revis|version|edited|aktuali|geändert|geaendert|änderung|aggiorn|actuali"
    r"|mise?_?à_?jour|oppdat|uppdat|opdat|gewijzigd|обновл|измен|güncel",
    re.I,
)
_HELD = re.compile(r"embarg|sperrfrist|sperrefrist|hold_?until|not_?before", re.I)
_DATE_WORDS = re.compile(r"date|time|publish|datum|fecha|created|seen|sent|stamp|day", re.I)


def flat(item: dict[str, Json], prefix: str = "", depth: int = 3) -> dict[str, list[str]]:
    """Return the texts of an object by their paths: what a mapping could name."""
    found: dict[str, list[str]] = {}
    for name, value in item.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and depth:
            found.update(flat(value, f"{path}.", depth - 1))
        elif isinstance(value, list):
            plain = [str(v) for v in value if isinstance(v, (str, int, float))]
            if plain:
                found[path] = ["\n".join(plain)]
            for inner in value:
                for key, texts in (
                    flat(inner, f"{path}[].", depth - 1).items()
                    if (isinstance(inner, dict) and depth)
                    else ()
                ):
                    held = found.setdefault(key, [""])
                    held[0] = "\n".join(filter(None, (held[0], *texts)))
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            found[path] = [str(value)]
    return found


def propose(items: Sequence[dict[str, Json]], names: Sequence[str] = ()) -> str | None:
    """Return a mapping as TOML; None where no value of the records looks like the text of a story.

    `names` are those made up for the columns of a table without a header row.
    """
    columns: dict[str, list[str]] = {}
    for item in items:
        for path, texts in flat(item).items():
            columns.setdefault(path, []).extend(text for text in texts if text.strip())
    columns = {path: texts for path, texts in columns.items() if texts}
    fields: dict[str, str] = {}
    body = _body(columns)
    times = {path: form for path in columns if (form := _time(path, columns[path]))}
    rank = sorted(times, key=lambda path: (not _is_publication(path), path.count(".")))
    best = next((path for path in rank if not _HELD.search(path)), None)
    if best:
        fields["published_at"] = _entry(best, time=times[best])
    if changed := next((p for p in rank if p != best and _CHANGED.search(p)), None):
        fields["version_time"] = _entry(changed, time=times[changed])
    if held := next((p for p in rank if p not in {best, changed} and _HELD.search(p)), None):
        fields["embargo_until"] = _entry(held, time=times[held])
    left = [path for path in columns if path != body and path not in times]
    headline = _headline(columns, left)
    if headline:
        left.remove(headline)
    for name, words in _NAMES.items():
        named = next((p for word in words for p in left if word in _parts(p)), None)
        if named:
            left.remove(named)
            fields[name] = _entry(named)
    if not body and not headline:
        return None
    lines = [f"columns = [{', '.join(map(_quoted, names))}]"] if names else []
    if best and (other := _EITHER.get(times[best])) and all(_fits(t, other) for t in columns[best]):
        lines.append(f"# Either may be the month in {_quoted(best)}: {times[best]} or {other}")
    lines.append("[fields]")
    lines += [f"headline = {_entry(headline)}"] if headline else []
    lines += [f"body = {_entry(body, text=_form(columns[body]))}"] if body else []
    lines += [f"{name} = {value}" for name, value in fields.items()]
    return "\n".join(lines) + "\n"


def propose_list(item: dict[str, Json]) -> str | None:
    """Return a mapping for the articles that one object holds in a list, as APIs answer.

    None where it holds none that look like articles, or is one itself.
    """
    own = propose([item])
    if not own or not re.search(r"^(?:body|headline) = .*\[\]", own, re.M):
        return None
    for path, articles in _lists(item):
        found = propose(articles)
        if found and "body = " in found and "headline = " in found:
            return f"items = [{_quoted(path)}]\n{found}"
    return None


def _lists(item: dict[str, Json], prefix: str = "") -> Iterator[tuple[str, list[dict[str, Json]]]]:
    for name, value in item.items():
        path = f"{prefix}{name}"
        if isinstance(value, list):
            objects = [inner for inner in value if isinstance(inner, dict)]
            if objects:
                yield path, objects[:_LIST_ITEMS]
        elif isinstance(value, dict) and path.count(".") < _LIST_DEPTH:
            yield from _lists(value, f"{path}.")


def _last(path: str) -> str:
    return plain_name(re.split(r"[.\]]", path)[-1] or path)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(plain_name(part) for part in re.split(r"[.\[\]]+", path) if part)


def _body(columns: dict[str, list[str]]) -> str | None:
    """Return the column of the longest texts, one that is named for it before others."""

    def weight(path: str) -> tuple[bool, float]:
        return _is_body(path), median(map(len, columns[path]))

    wordy = [
        path
        for path, texts in columns.items()
        if median(map(_words, texts)) >= 5
        and not all(re.match(r"https?://\S+$", text) for text in texts)
    ]
    likely = [p for p in wordy if median(map(len, columns[p])) >= _LONG_CHARS or _is_body(p)]
    if likely:
        return max(likely, key=weight)
    other = [path for path in wordy if _last(path) not in HEADLINES]
    return max(other, key=weight, default=None)


def _is_body(path: str) -> bool:
    return bool(BODIES & {_last(path), *_last(path).split("_")})


def _headline(columns: dict[str, list[str]], left: Sequence[str]) -> str | None:
    named = [path for path in left if _last(path) in HEADLINES] or [
        path for path in left if HEADLINES & {*_last(path).split("_")}
    ]
    if named:
        return min(named, key=lambda path: path.count("."))
    lines = [
        path
        for path in left
        if max(map(len, columns[path])) <= _LINE_CHARS
        and not any(text.startswith("http") for text in columns[path])
    ]
    long = [path for path in lines if median(map(_words, columns[path])) > 2]
    if long:
        return max(long, key=lambda path: median(map(len, columns[path])))
    short = [
        path
        for path in lines
        if median(map(_words, columns[path])) == 2
        and not _OF_OTHERS.intersection(_parts(path))
        and any(map(str.isalpha, "".join(columns[path])))
    ]
    # Two words may be a person's name or a place, whose words are all written large.
    return max(short, key=lambda path: _sizes_of_headline(columns[path]), default=None)


def _sizes_of_headline(texts: Sequence[str]) -> tuple[float, int, float]:
    small = sum(any(word[0].islower() for word in text.split()) for text in texts)
    return small / len(texts), len(set(texts)), median(map(len, texts))


def _words(text: str) -> int:
    """Return how many words a text has; of one written without blanks two characters are one."""
    words = text.split()
    eastern = sum(len(run) for run in _UNPARTED.findall(text))
    return len(words) + eastern // 2


def _is_publication(path: str) -> bool:
    return bool(re.search(r"publi|pubbl|ver(?:ö|oe)ff|^date|datum|sent", path, re.I))


def _time(path: str, texts: Sequence[str]) -> str | None:
    """Say how the values are written, if all of them are times."""
    if all(re.fullmatch(r"\d{9,13}(?:\.\d+)?", text) for text in texts):
        low, high = _EPOCH_S
        seconds = [float(text) for text in texts]
        if not _DATE_WORDS.search(path):
            return None
        if all(low <= value <= high for value in seconds):
            return "epoch"
        return "epoch_ms" if all(low <= value / 1000 <= high for value in seconds) else None
    if all(dates.moment(text) for text in texts):
        return "iso" if _DATE_WORDS.search(path) or not all(map(str.isdecimal, texts)) else None
    forms = [form for form in _FORMATS if all(_fits(text, form) for text in texts)]
    if forms and forms[0] in _MONTH_FIRST and _OTHER_NAME.search(path):
        return next((form for form in forms if form not in _MONTH_FIRST), forms[0])
    return forms[0] if forms else None


def _fits(text: str, form: str) -> bool:
    from datetime import datetime

    try:
        datetime.strptime(text.strip(), form)
    except ValueError:
        return False
    return True


def _form(texts: Sequence[str]) -> str:
    if any("</p>" in text or "<br" in text or "</div>" in text for text in texts):
        return "html"
    if any("\n\n" in text for text in texts):
        return "plain"
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return "lines" if median(map(len, lines)) > 100 and len(lines) > len(texts) else "plain"


def _entry(path: str, **more: str) -> str:
    """Return the field's TOML: its path alone, or a table with what it needs besides."""
    more = {name: value for name, value in more.items() if (name, value) != ("time", "iso")}
    if not more:
        return _quoted(path)
    rest = ", ".join(f"{name} = {_quoted(value)}" for name, value in more.items())
    return f"{{ path = {_quoted(path)}, {rest} }}"


def _quoted(text: str) -> str:
    kept = "".join(c if c.isprintable() else " " for c in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
