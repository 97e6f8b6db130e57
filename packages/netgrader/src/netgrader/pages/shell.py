"""Render a page as one HTML file that loads nothing, runs only its own script, and escapes."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from markupsafe import Markup, escape

from graphread.text import Said, Text
from netgrader.line_chart import NO_BREAK
from netgrader.pages import words

if TYPE_CHECKING:
    from jinja2.runtime import Context

    from netgrader.catalogue import CourseTexts

__all__ = ["content_security_policy", "percent", "piece", "points", "render", "stylesheet", "up_to"]

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, texts: CourseTexts, /, *, script: str = "", style: str = "", **view: Any) -> str:
    """Return a whole page as HTML, with all texts in the course's words.

    `script` and `style` are trusted additions to those of all pages, inlined; the page is readable without them. Text of
    `view` is escaped unless it is Markup from the sanitizer.
    """
    style = "".join([*(stylesheet(name) for name in ("base.css", template.replace(".html.j2", ".css"))), style])
    return (
        _environment()
        .get_template(template)
        .render(
            policy=content_security_policy(style, script),
            style=Markup(style),  # noqa: S704  (ours)
            script=Markup(script),  # noqa: S704  (ours)
            texts=texts,
            **view,
        )
    )


def piece(macro: str, texts: CourseTexts, /, *arguments: Any, **named: Any) -> Markup:
    """Render a macro of ``pieces.html.j2``: charts and other parts that are made before the page."""
    module = _environment().get_template("pieces.html.j2").make_module({"texts": texts})
    return Markup(getattr(module, macro)(*arguments, **named).strip())  # noqa: S704  (the template escapes)


def content_security_policy(style: str, script: str) -> str:
    """Return a policy that allows a page only this style, this script and embedded pictures."""
    allowed = f"'sha256-{_digest(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src {allowed}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@functools.cache
def stylesheet(name: str) -> str:
    """Return the content of one of our style sheets."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    environment.filters["up_to"] = up_to
    environment.filters["breakable"] = breakable
    environment.filters["with_code"] = with_code
    environment.globals["words"] = words
    return environment


@pass_context
def _shown(context: Context, value: object) -> object:
    """Return a value as a template shows it: a text in the course's language, other values unchanged."""
    return _unbroken(context["texts"].say(value) if isinstance(value, Text) else value)


def _unbroken(value: object) -> object:
    """Return text with a no-break space between number and percent sign; Markup unchanged."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"(?<=\d) %", f"{NO_BREAK}%", value)


def percent(share: float) -> str:
    """Return a fraction as a percentage with a no-break space: 92.65 %."""
    written = f"{100 * share:.2f}".rstrip("0").rstrip(".")
    return f"{written}{NO_BREAK}%"


def points(value: float) -> str:
    """Return points in short form: 3, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"


def up_to(value: float) -> Text:
    """Return the text for the points that a step brings at most."""
    written = points(value)
    return words.NEXT_UP_TO.of(1 if written == "1" else 2, points=written)


@pass_context
def with_code(context: Context, text: Said) -> Markup:
    """Return a sentence as HTML, with code between backticks marked up."""
    shown = str(escape(_shown(context, text)))
    return Markup(re.sub(r"`([^`\n]+)`", r'<code class="own" translate="no">\1</code>', shown))  # noqa: S704  (escaped)


def breakable(name: str) -> Markup:
    """Return a name as HTML that may break after its underscores in a narrow column."""
    return Markup("<wbr>").join(Markup("{}").format(part) for part in re.split(r"(?<=_)(?=\w)", name))
