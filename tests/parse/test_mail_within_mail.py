"""Mail that carries mail: messages sent on, digests, and the richest of the readable parts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.model import Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record

HEAD = (
    "From: desk@example.org\nTo: news@example.org\nDate: Mon, 05 Oct 2026 12:00:00 +0000\n"
    "Subject: {subject}\nMIME-Version: 1.0\n"
)
INNER = HEAD.format(subject="Lighthouse sold") + (
    "Content-Type: text/plain; charset=utf-8\n\nNORRBY, Oct 5 (Coast News) - The lighthouse was "
    "sold on Monday.\n\nNobody knows the buyer.\n"
)
PARAGRAPHS = ("The lighthouse was sold on Monday.", "Nobody knows the buyer.")


def mail(subject: str, kind: str, *parts: str) -> bytes:
    """A multipart message."""
    body = "".join(f"--X\n{part}\n" for part in parts)
    head = HEAD.format(subject=subject) + f'Content-Type: multipart/{kind}; boundary="X"\n\n'
    return f"{head}{body}--X--\n".encode()


def attached(message: str) -> str:
    """A message as a part."""
    return f"Content-Type: message/rfc822\n\n{message}"


def plain(text: str) -> str:
    """A plain part."""
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}"


def test_the_message_that_was_sent_on_is_the_story() -> None:
    """Its subject and text; the covering words are a note."""
    story = one(mail("FW: for you", "mixed", plain("Please run this."), attached(INNER)))
    assert (story.headline, story.paragraphs) == ("Lighthouse sold", PARAGRAPHS)
    assert "Please run this." in (story.editor_note or "")


def test_an_embargo_of_the_cover_holds() -> None:
    """Whoever sends a message on may withhold it."""
    cover = "EMBARGOED until 7 October 2026 10:00 GMT"
    story = one(mail("FW: for you", "mixed", plain(cover), attached(INNER)))
    assert story.embargo_until is not None and story.embargo_until.day == 7


def test_a_message_with_a_story_of_its_own_stays_one() -> None:
    """What is attached to it is named."""
    text = " ".join(f"Word number {n} of a long report." for n in range(30))
    story = one(mail("A long report", "mixed", plain(text), attached(INNER)))
    assert story.headline == "A long report"
    assert "not read: 1 messages within" in story.warnings


def test_a_message_sent_on_as_text() -> None:
    """Below the line that mail programs write, with its header fields."""
    text = (
        "fyi\n\n---------- Forwarded message ---------\nFrom: Port <port@example.org>\n"
        "Date: Sun, 4 Oct 2026 09:00:00 +0000\nSubject: Lighthouse sold\nTo: desk@example.org\n\n"
        "NORRBY (AP) - The lighthouse was sold on Monday.\n\nNobody knows the buyer.\n"
    )
    data = (HEAD.format(subject="Fwd: Lighthouse") + "Content-Type: text/plain\n\n" + text).encode()
    story = one(data)
    assert (story.headline, story.paragraphs) == ("Lighthouse sold", PARAGRAPHS)
    assert story.published_at is not None and story.published_at.day == 4


def test_the_messages_of_a_digest_are_stories_each() -> None:
    """Each with its own raw form, which gives the same story again."""
    other = INNER.replace("Lighthouse sold", "Fog in Visby").replace("lighthouse", "fog")
    first, second = parse_record(record(mail("Digest", "digest", f"\n{INNER}", f"\n{other}")))
    assert isinstance(first, Story) and isinstance(second, Story)
    assert (first.headline, second.headline) == ("Lighthouse sold", "Fog in Visby")
    assert one(second.raw).revision_id == second.revision_id


def test_html_is_read_where_the_plain_part_is_a_stub() -> None:
    """A plain part that says as much is read as before."""
    html = "<h1>Lighthouse sold</h1>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    rich = f"Content-Type: text/html; charset=utf-8\n\n{html}"
    stub = one(mail("Lighthouse sold", "alternative", plain("Open it online."), rich))
    assert stub.paragraphs == PARAGRAPHS
    full = one(mail("Lighthouse sold", "alternative", plain("\n\n".join(PARAGRAPHS)), rich))
    assert full.paragraphs == PARAGRAPHS


@pytest.mark.parametrize(
    ("above", "names"),
    [
        ("-----Opprinnelig melding-----", ("Fra", "Sendt", "Til", "Emne")),
        ("Début du message réexpédié :\n", ("De", "Date", "À", "Objet")),
        ("Inizio messaggio inoltrato:\n", ("Da", "Data", "A", "Oggetto")),
        ("-------- Doorgestuurd bericht --------", ("Van", "Datum", "Aan", "Onderwerp")),
        # Outlook draws a rule at most
        ("________________________________", ("From", "Sent", "To", "Subject")),
        ("", ("Från", "Skickat", "Till", "Ämne")),
        ("", ("Von", "Gesendet", "An", "Betreff")),
        ("", ("От", "Дата", "Кому", "Тема")),
    ],
)
def test_a_message_sent_on_in_the_words_of_other_mailers(
    above: str, names: tuple[str, ...]
) -> None:
    """The embargo of its cover holds, also behind other words of a line."""
    values = ("Press <press@example.net>", "5 Oct 2026 11:30", "news@example.org", "Lamp is out")
    block = "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    cover = "See below, please. Embargoed until 6 October 2026, 09:00 GMT!"
    text = f"{cover}\n\n{above}\n{block}\n\nThe lamp of Norrby is out.\n\nNobody lights it.\n"
    story = one((HEAD.format(subject="VS: Lamp") + "\n" + text).encode())
    assert story.headline == "Lamp is out"
    assert story.paragraphs == ("The lamp of Norrby is out.", "Nobody lights it.")
    assert story.embargo_until == datetime(2026, 10, 6, 9, tzinfo=UTC)


def test_fields_within_a_longer_text_are_no_message_sent_on() -> None:
    """Who tells a story of a mail quotes its fields below more than a cover."""
    told = "The harbour board read a mail aloud on Monday, and nobody in the room knew it. " * 4
    fields = "From: Ada\nSent: Monday\nSubject: Lamp"
    story = one((HEAD.format(subject="A mail") + f"\n{told}\n\n{fields}\n\nSo it ends.\n").encode())
    assert story.headline == "A mail"
