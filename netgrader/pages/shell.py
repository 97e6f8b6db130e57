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
    """Render a whole page, with each text of `view` and of ours as the course says it.

    `script` and `style` are ours and further to those of all pages, put inline; the page reads without them. Text of `view` is
    escaped unless it is Markup that the sanitiser made.
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
    """A policy that lets a page use this style, this script and pictures inside itself, and nothing else."""
    allowed = f"'sha256-{_digest(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src {allowed}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@functools.cache
def stylesheet(name: str) -> str:
    """Return one of our style sheets."""
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
    """What a template shows of a value: a text in the course's language, all else as it is."""
    return _unbroken(context["texts"].say(value) if isinstance(value, Text) else value)


def _unbroken(value: object) -> object:
    """Return text without a line break between a number and its percent sign; HTML code unchanged."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"(?<=\d) %", f"{NO_BREAK}%", value)


def percent(share: float) -> str:
    """A share of one as a percentage, with a space that does not break: 92.65 %."""
    written = f"{100 * share:.2f}".rstrip("0").rstrip(".")
    return f"{written}{NO_BREAK}%"


def points(value: float) -> str:
    """Points as one writes them: 3, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"


def up_to(value: float) -> Text:
    """Up to how many points a step brings, as one writes them."""
    written = points(value)
    return words.NEXT_UP_TO.of(1 if written == "1" else 2, points=written)


@pass_context
def with_code(context: Context, text: Said) -> Markup:
    """A sentence in which code stands between backticks."""
    shown = str(escape(_shown(context, text)))
    return Markup(re.sub(r"`([^`\n]+)`", r'<code class="own" translate="no">\1</code>', shown))  # noqa: S704  (escaped)


def breakable(name: str) -> Markup:
    """A name that may be broken after its underscores, where a narrow column needs it."""
    return Markup("<wbr>").join(Markup("{}").format(part) for part in re.split(r"(?<=_)(?=\w)", name))
