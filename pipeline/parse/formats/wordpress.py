"""What WXR (WordPress's export, an RSS with elements of its own) says of a post besides.

https://developer.wordpress.org/plugins/ (WXR 1.0 to 1.2). Attachments, menus and the like are no
stories; what is not published is withheld. Text of the classic editor has no `<p>`: blank lines
part its paragraphs, and captions stand in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.parse import fields
from pipeline.parse.draft import FaultError
from pipeline.parse.markup.flow import local
from pipeline.parse.text.clean import line

_EXPORT = "wordpress.org/export/"
_NO_POSTS = frozenset(
    ("attachment", "nav_menu_item", "revision", "custom_css", "customize_changeset", "wp_block")
) | {"oembed_cache", "user_request", "wp_template", "wp_template_part", "wp_global_styles",
     "wp_navigation", "wp_font_family", "wp_font_face", "feedback"}  # fmt: skip
_CAPTION = re.compile(
    r"\[caption\b[^\]\[]{0,2000}\]\s*(?:(?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)?"
    r"(?P<words>[^\[]*)\[/caption\]",
    re.I,
)
_EMBEDDED = re.compile(
    r"\[embed\b[^\]\[]{0,200}\]\s*https?://[^\s\[\]<>]{1,2000}\s*\[/embed\]", re.I
)
_SHORTCODE = re.compile(r"\[/?(?P<name>[A-Za-z][\w-]{1,40})(?P<values>\b[^\]\[]{0,2000})\]")
_SHORTCODE_END = re.compile(r"\[/([A-Za-z][\w-]{1,40})\]")
_SHORTCODES = frozenset(
    ("gallery", "embed", "video", "audio", "playlist", "caption", "wp_caption", "more")
)
_VALUE = re.compile(r"[\w-]=[\"'\u201c\u201d\u2033]")
_PARAGRAPH = re.compile(r"<p\b", re.I)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


@dataclass(frozen=True, slots=True)
class Post:
    """Holds what an item says as a post of WordPress."""

    status: str = "usable"
    warning: str | None = None
    summary: str | None = None
    changed: str | None = None


def prepare_post(item: etree._Element, names: Mapping[str, str]) -> Post | None:
    """Return what a post says besides, its text made ready for RSS; None where the item is no post.

    `names` are the authors' names by their logins. Raises `FaultError` for what is no story.
    """
    own = {local(part): part for part in item if _EXPORT in str(part.tag)}
    if "post_type" not in own and "status" not in own:
        return None
    kind = line(_text(own.get("post_type"))) or "post"
    if kind in _NO_POSTS:
        raise FaultError("skipped.not_a_story", f"wordpress: an item of type {kind[:40]}")
    stated = line(_text(own.get("status"))) or "publish"
    status, warning = fields.status(stated)
    if status == "usable" and line(_text(own.get("post_password"))):
        status, warning = "withheld", "withheld: the post asks for a password"
    excerpt = next((part for part in item if "/excerpt/" in str(part.tag)), None)
    summary = line(_text(excerpt)) or None
    modified = line(_text(own.get("post_modified_gmt")))
    changed = None if modified.startswith("0000") else modified or None
    for part in list(item):
        if part is excerpt or part in own.values():
            item.remove(part)
        elif local(part) == "encoded":
            part.text = _html(_text(part))
        elif local(part) == "creator":
            login = line(_text(part))
            part.text = names.get(login, login)
        elif local(part) == "pubdate" and "-0001" in _text(part):
            item.remove(part)  # what WordPress writes for a draft without a date
    return Post(status, warning, summary, changed)


def author_names(root: etree._Element) -> dict[str, str]:
    """Return the authors' names as shown, by their logins."""
    found: dict[str, str] = {}
    for author in root.iter():
        if local(author) == "author" and _EXPORT in str(author.tag):
            named = {local(part).removeprefix("author_"): line(_text(part)) for part in author}
            if named.get("login") and named.get("display_name"):
                found[named["login"]] = named["display_name"]
    return found


def _html(text: str) -> str:
    """Return a post's text as HTML with its paragraphs and captions marked."""
    text = _CAPTION.sub(
        lambda m: f"\n\n<figure><figcaption>{m['words'].strip()}</figcaption></figure>\n\n", text
    )
    text = _without_shortcodes(_EMBEDDED.sub(" ", text))
    if _PARAGRAPH.search(text):
        return text
    return "".join(f"<p>{part}</p>" for part in _BLANK_LINE.split(text) if part.strip())


def _without_shortcodes(text: str) -> str:
    """Return a text without shortcodes, what they enclose in place.

    Those of plugins are told by a value (`[button url="…"]`) or by their end (`[/pullquote]`).
    """
    names = _SHORTCODES | set(_SHORTCODE_END.findall(text))

    def left(found: re.Match[str]) -> str:
        return " " if found["name"] in names or _VALUE.search(found["values"]) else found[0]

    return _SHORTCODE.sub(left, text)


def _text(element: etree._Element | None) -> str:
    return (element.text or "") if element is not None else ""
