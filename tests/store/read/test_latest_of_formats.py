"""The later report of each wire format is the one in force, live and in replay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.model import EnrichedStory, Record, Story
from pipeline.parse import parse_record
from tests.store.read.test_views import ENRICHMENT, ledger, shown
from tests.support.rows import enriched

DAY = datetime(2026, 10, 3, tzinfo=UTC)
HOURS = (10, 14)
FAMILIES = range(4)


def rss(n: int, at: datetime, dead: str) -> str:
    return (
        '<rss version="2.0"><channel><title>Bay Post</title><item>'
        f"<title>Ferry goes down {n}</title><link>https://bay.example/{n}</link>"
        f'<guid isPermaLink="false">bay-{n}</guid>'
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>The ferry went down; {dead} people died.</description>"
        "</item></channel></rss>"
    )


def nitf(n: int, at: datetime, dead: str) -> str:
    return (
        f'<nitf><head><docdata><doc-id regsrc="bay.example" id-string="bay-{n}"/>'
        f'<date.issue norm="{at:%Y%m%dT%H%M%SZ}"/></docdata></head><body><body.head><hedline><hl1>'
        f"Ferry goes down off Port Elwin {n}</hl1></hedline></body.head><body.content><p>The ferry "
        f"went down; {dead} people died.</p></body.content></body></nitf>"
    )


def json(n: int, at: datetime, dead: str) -> str:
    return (
        f'{{"id": "bay-{n}", "title": "Ferry goes down off Port Elwin {n}", "source": "Bay Post",'
        f' "date": "{at.isoformat()}", "text": "The ferry went down; {dead} people died."}}'
    )


def mail(n: int, at: datetime, dead: str) -> str:
    return (
        f"From: desk@bay.example\nTo: wire@bay.example\nDate: {at:%a, %d %b %Y %H:%M:%S} +0000\n"
        f"Subject: Ferry goes down off Port Elwin {n}\n\n"
        f"The ferry went down on Saturday. In all {dead} people died.\n"
    )


def anpa(n: int, at: datetime, dead: str) -> str:
    return (
        f"\x01a0123 US\x1f\r\nu i BC-Ferry-{n} {at:%m-%d} 0105\r\n\x02Ferry goes down {n}\r\n\r\n"
        f"PORT ELWIN (AP) _ The ferry went down; {dead} people died.\r\n"
        f"\x03AP-NY-{at:%m-%d-%y %H%M}GMT\r\n\x04"
    )


def text(n: int, at: datetime, dead: str) -> str:
    """Gives the day only: what arrived later is the later one."""
    return (
        f"Ferry goes down off Port Elwin {n}\n\nPORT ELWIN, Oct 3, {at:%Y} (AFP) - The ferry went"
        f" down on Saturday; {dead} people died.\n\nThe coastguard said so.\n"
    )


FORMATS = {"rss": rss, "nitf": nitf, "json": json, "mail": mail, "anpa": anpa, "text": text}


def delivered(kind: str, order: tuple[int, int], *, live: bool) -> list[EnrichedStory]:
    """Both reports of each family, the hours in this order of arrival."""
    stories = []
    for hour in order:
        for n in FAMILIES:
            dead = "five" if hour == max(HOURS) else "three"
            value = FORMATS[kind](n, DAY + timedelta(hours=hour), dead).encode()
            received = DAY + timedelta(minutes=len(stories)) if live else None
            record = Record("a", len(stories), value, received_at=received)
            (item,) = parse_record(record)
            assert isinstance(item, Story), item
            stories.append(enriched(item))
    return stories


@pytest.mark.parametrize("live", [True, False], ids=["live", "replay"])
@pytest.mark.parametrize("kind", FORMATS)
def test_the_later_report_is_in_force(kind: str, live: bool) -> None:
    """Whichever came first, where the format says an hour; else the one that came last."""
    orders = [HOURS] if kind == "text" else [HOURS, HOURS[::-1]]
    for order in orders:
        stories = delivered(kind, order, live=live)
        assert len({entry.story.story_id for entry in stories}) == len(FAMILIES)
        rows = shown(stories, ledger(ENRICHMENT), DAY + timedelta(days=1))
        assert len(rows) == len(FAMILIES)
        assert all("five" in row["body"] for row in rows)
