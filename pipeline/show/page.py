"""A story as one HTML page that needs nothing else: no script, no font, no address outside.

What a story says is text here: everything is escaped, and the page's content security policy
forbids scripts and loads, whatever a provider delivers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from pipeline.show.facts import act, days, metadata, printable, provenance, side
from pipeline.show.find import Shown
from pipeline.show.marks import Mark, paragraphs, segments

_STYLED = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP"})


def page(shown: Shown) -> str:
    """Return the whole page."""
    story = shown.story
    style = files("pipeline.show").joinpath("page.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{_text(story["language"] or "")}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(story['headline'])}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            *_article(shown),
            *_entities(shown),
            *_events(shown),
            *_evidence(shown),
            *_list("Story", metadata(shown)),
            *_list("Provenance", provenance(shown)),
            "</body>",
            "</html>",
            "",
        ]
    )


def _text(value: object) -> str:
    return escape(printable(value), quote=True)


def _article(shown: Shown) -> Iterator[str]:
    story = shown.story
    yield "<article>"
    if story["status"] != "usable":
        yield f'<p class="notice">This revision is {_text(story["status"])}.</p>'
    if story["embargo_until"] is not None:
        yield f'<p class="notice">Embargo until {_text(story["embargo_until"])}.</p>'
    yield f'<h1 dir="auto">{_marked(shown, 0, len(story["headline"]))}</h1>'
    facts = [story["dateline"], ", ".join(story["bylines"]), story["provider"], story["date"]]
    said = "".join(f"<span>{_text(fact)}</span>" for fact in facts if fact)
    yield f'<p class="under">{said}<span class="region">{_text(story["region"])}</span></p>'
    for start, end in paragraphs(shown):
        yield f'<p dir="auto">{_marked(shown, start, end)}</p>'
    yield (
        '<p class="legend">'
        + "".join(f'<mark class="{kind}">{kind}</mark> ' for kind in sorted(_STYLED))
        + '<mark class="OTHER">other</mark> <span class="actor">source or target</span> '
        '<span class="trigger">trigger</span> <sup>its event</sup></p>'
    )
    yield "</article>"


def _marked(shown: Shown, start: int, end: int) -> str:
    parts = []
    for segment in segments(shown, start, end):
        text = _text(shown.text[segment.start : segment.end]).replace("\n", "<br>")
        layers = {mark.layer for mark in segment.marks}
        if layers & {"source", "target"}:
            text = f'<span class="actor">{text}</span>'
        if "trigger" in layers:
            text = f'<span class="trigger">{text}</span>'
        for mark in segment.marks:
            if mark.layer == "entity":
                text = _entity_mark(shown, mark, text, last=mark.end == segment.end)
        ended = {mark.row + 1 for mark in segment.ends if mark.layer == "trigger"}
        links = ",".join(f'<a href="#event-{number}">{number}</a>' for number in sorted(ended))
        parts.append(text + (f"<sup>{links}</sup>" if links else ""))
    return "".join(parts)


def _entity_mark(shown: Shown, mark: Mark, text: str, *, last: bool) -> str:
    entity = shown.entities[mark.row]
    facts = [entity["name"], entity["kind"], entity["country"], entity["role"]]
    title = " · ".join(str(fact) for fact in facts if fact)
    label = f"<small>{_text(entity['country'] or entity['kind'])}</small>" if last else ""
    return f'<mark class="{_kind(entity["kind"])}" title="{_text(title)}">{text}{label}</mark>'


def _kind(kind: str) -> str:
    return kind if kind in _STYLED else "OTHER"


def _entities(shown: Shown) -> Iterator[str]:
    rows = [
        (
            f'<mark class="{_kind(row["kind"])}">{_text(row["name"])}</mark>',
            _text(row["kind"]),
            _text(row["country"] or ""),
            _text(row["role"] or ""),
            _text(", ".join(dict.fromkeys(m["text"] for m in row["mentions"]))),
            str(row["mention_count"]),
            f"{row['salience']:.2f}",
        )
        for row in shown.entities
    ]
    heads = ("name", "kind", "country", "role", "named as", "mentions", "salience")
    yield from _table("Entities", heads, rows, right=2)


def _events(shown: Shown) -> Iterator[str]:
    yield "<section><h2>Events</h2>"
    if not shown.events:
        yield '<p class="none">none</p></section>'
        return
    yield '<div class="scroll"><table class="events">'
    heads = ("", "source", "act", "target", "when", "where", "sure")
    yield "<tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"
    sentence = None
    for number, row in enumerate(shown.events, start=1):
        if row["sentence_index"] != sentence:
            sentence = row["sentence_index"]
            yield f'<tr><td colspan="{len(heads)}" class="quote">{_text(row["sentence"])}</td></tr>'
        cells = (
            f"<b>{number}</b>",
            _text(side(row, "source")),
            f'<b class="act quad{row["quad_class"]}">{_text(act(row))}</b>',
            _text(side(row, "target")),
            f'<span class="days">{_text(days(row))}</span>',
            _text(row["place"] or row["place_country"] or ""),
            f"{row['confidence']:.2f}",
        )
        yield f'<tr id="event-{number}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</table></div></section>"


def _evidence(shown: Shown) -> Iterator[str]:
    evidence = shown.story["region_evidence"] or []
    most = max((row["weight"] for row in evidence), default=0.0) or 1.0
    rows = [
        (
            f'<span class="bar" style="width:{max(0.0, row["weight"] / most) * 8:.2f}em"></span> '
            f"{row['weight']:.2f}",
            _text(row["country"] or ""),
            _text(row["kind"]),
            _text(row["text"]),
        )
        for row in evidence
    ]
    title = f"Why {shown.story['region']}"
    yield from _table(title, ("weight", "country", "from", "words"), rows)


def _table(
    title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: int = 0
) -> Iterator[str]:
    """A table of cells that are HTML already; the last `right` columns are numbers."""
    yield f"<section><h2>{_text(title)}</h2>"
    if not rows:
        yield '<p class="none">none</p></section>'
        return
    numeric = len(heads) - right
    yield '<div class="scroll"><table>'
    yield "<tr>" + "".join(f"<th>{_text(head)}</th>" for head in heads) + "</tr>"
    for row in rows:
        cells = (
            f'<td class="number">{cell}</td>' if index >= numeric else f"<td>{cell}</td>"
            for index, cell in enumerate(row)
        )
        yield "<tr>" + "".join(cells) + "</tr>"
    yield "</table></div></section>"


def _list(title: str, facts: list[tuple[str, str]]) -> Iterator[str]:
    yield f"<section><h2>{_text(title)}</h2><dl>"
    for label, value in facts:
        yield f"<dt>{_text(label)}</dt><dd>{_text(value)}</dd>"
    yield "</dl></section>"
