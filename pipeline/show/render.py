"""Pages from templates: one stylesheet, one set of templates, nothing from outside, no trust.

What a story says is text: templates escape everything, control characters are shown and not obeyed,
and the page's content security policy allows its own style and script alone, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.show.facts import act, days, printable, side
from pipeline.store.codes.codes import region_name

if TYPE_CHECKING:
    from pipeline.show.report.charts import Drawn


def render(template: str, *, scripts: Sequence[str] = (), **values: object) -> str:
    """Return the page that `template` makes of `values`; `scripts` name files of this room."""
    style = _file("page.css")
    code = "\n".join(map(_file, scripts))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; "
        f"script-src {_hash(code) if code else repr('none')}; base-uri 'none'; form-action 'none'"
    )
    page = _environment().get_template(template)
    return page.render(
        **values,
        style=Markup(style),  # noqa: S704 (a file of ours)
        script=Markup(code),  # noqa: S704 (a file of ours)
        policy=policy,
    )


def render_live(template: str, **values: object) -> str:
    """Return the page or the part of one that `template` makes of `values` for a server.

    Style and scripts are files of the server; its header holds the content security policy.
    """
    return _environment().get_template(template).render(**values)


def stylesheet() -> str:
    """Return the one stylesheet of every page."""
    return _file("page.css")


def _file(name: str) -> str:
    return files("pipeline.show").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression of CSP (level 3, section 2.3.1) that allows `text` inline."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.show", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.globals.update(act=act, days=days, side=side, region_name=region_name, shape=_shape)
    return environment


def _shape(drawn: Drawn) -> Markup:
    """Return one thing drawn as SVG.

    Not by the template: a map has some thousand values, and each would be looked through alone.
    Numbers and paths are ours; what is written may be a story's.
    """
    at = tuple(f"{number:.1f}".removesuffix(".0") for number in drawn.at)
    title = f"<title>{escape(printable(drawn.title))}</title>" if drawn.title else ""
    css = escape(drawn.css)
    match drawn.kind:
        case "rect":
            x, y, width, height = at
            # A path says the same as <rect> in half as many letters.
            shape, end = f'<path class="{css}" d="M{x} {y}h{width}v{height}h-{width}z"', "path"
        case "circle":
            x, y, radius = at
            shape, end = f'<circle class="{css}" cx="{x}" cy="{y}" r="{radius}"', "circle"
        case "text":
            x, y = at
            shape, end = f'<text class="{css}" x="{x}" y="{y}"', "text"
            title = str(escape(printable(drawn.text)))
        case _:
            shape, end = f'<path class="{css}" d="{escape(drawn.d)}"', "path"
    text = f"{shape}>{title}</{end}>" if title else f"{shape}/>"
    return Markup(text)  # noqa: S704 (escaped above)


def _harmless(value: Any) -> Any:
    """Return what a template prints: markup of ours as it is, all else as text, None as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, Markup) else printable(value)
