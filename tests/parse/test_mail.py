"""Mail and news messages: what of a message becomes the story."""

from __future__ import annotations

from base64 import b64encode
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from pipeline.parse.sniff import find_format
from tests.parse.golden import one, record
from tests.support.laws import law

_WORDS = st.lists(st.text("abcdeéüñßЖ中", min_size=2, max_size=8), min_size=3, max_size=9)
_BODY = st.lists(_WORDS.map(lambda w: "So " + " ".join(w) + "."), min_size=1, max_size=4)


def _message(body: str, encoding: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Desk <wire@example.org>"
    message["Subject"] = "SUBJECT"
    message.set_content(body, cte=encoding)
    return message


@law(50)
@given(_WORDS, _BODY, st.sampled_from(["base64", "quoted-printable", "8bit"]), st.booleans())
def test_a_written_mail_is_read_back(
    words: list[str], body: list[str], encoding: str, with_html: bool
) -> None:
    """Whatever way the text and the subject are encoded, alone or beside HTML and a picture."""
    subject = "On " + " ".join(words)
    message = _message("\n\n".join(body) + "\n", encoding)
    if with_html:
        message.add_alternative("<p>Another text.</p>", subtype="html")
        message.add_attachment(b"\x89PNG", "image", "png", filename="x.png")
    word = f"=?utf-8?B?{b64encode(subject.encode()).decode()}?="
    story = one(message.as_bytes().replace(b"SUBJECT", word.encode()))
    assert (story.format, story.headline, story.paragraphs) == ("mail", subject, tuple(body))
    assert story.warnings == (("not read: image/png, x.png",) if with_html else ())
    assert one(story.raw).revision_id == story.revision_id


def test_an_update_in_another_mail_joins_the_family() -> None:
    """The ids of messages are no ids of stories."""
    first, second = (
        f"From: a@reuters.com\nSubject: {mark}Oil rises\nMessage-ID: <{n}@x>\n"
        "Date: Mon, 4 Apr 2022 1{n}:00:00 +0000\n\nVIENNA (Reuters) - Oil rose.\n"
        for n, mark in enumerate(("", "UPDATE 1-"))
    )
    stories = one(first.encode()), one(second.encode())
    assert stories[0].story_id == stories[1].story_id
    assert [story.version for story in stories] == [1, 2]


def test_a_kill_by_mail() -> None:
    """The subject's marks are read as a headline's."""
    data = b"From: a@ap.org\nSubject: BC-EU--Oil, KILL\n\nKill the story BC-EU--Oil.\n"
    assert one(data).status == "canceled"


def test_a_message_in_the_text() -> None:
    """A mail that carries ANPA messages is read as those; of two, each can stand alone."""
    wire = (
        "\x01a0012\r\nu i BC-Oil 04-04 0010\r\n\x02Oil rises\r\n\r\nVIENNA (AP) - It rose.\r\n\x03"
    )
    head = "From: a@ap.org\nTo: b@example.org\nSubject: wire\n\n"
    assert one((head + wire).encode()).format == "iptc7901"
    items = parse_record(record((head + wire + wire.replace("rises", "falls")).encode()))
    assert [item.format for item in items if isinstance(item, Story)] == ["iptc7901"] * 2
    for item in items:
        assert one(item.raw or b"").revision_id == getattr(item, "revision_id", None)


@pytest.mark.parametrize(
    "text",
    [
        "Subject: peace talks in Geneva\n\nThe talks went on, he said. No end was in sight.\n",
        "Headline: From: the front\nDate: 2022-04-04\nSource: AFP\n\nIt was quiet.\n",
        "To: the editors\nThe story of Monday is right.\nFrom: London\n\nText.\n",
    ],
)
def test_text_that_only_looks_like_mail(text: str) -> None:
    """One field of mail, or fields among sentences, are not a mail's head."""
    assert find_format(text.encode()).name == "text"


@pytest.mark.parametrize("depth", [20, 2_000])
def test_parts_within_parts_have_a_bound(depth: int) -> None:
    """Messages nested without end are refused; a few are read."""
    heads = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    data = f"From: a@b.org\nSubject: Oil rises\n{heads}\nThe price rose. It was high.\n".encode()
    (item,) = parse_record(record(data))
    if depth == 20:
        assert isinstance(item, Story) and item.headline == "Oil rises"
    else:
        assert isinstance(item, Reject) and (item.kind, item.raw) == ("malformed", data)


def test_a_mail_without_text_is_kept_as_a_reject() -> None:
    """Its bytes are there to be looked at."""
    data = b"From: a@b.org\nTo: c@d.org\nContent-Type: image/png\n\nxx"
    (item,) = parse_record(record(data))
    assert isinstance(item, Reject)
    assert (item.kind, item.raw) == ("no_text", data)
