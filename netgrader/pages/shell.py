"""Renders a page as one HTML file that loads nothing, runs nothing but its own script, and escapes by default."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from netgrader.pages import words

__all__ = ["NO_BREAK", "content_security_policy", "number", "percent", "piece", "points", "render", "stylesheet"]

TEMPLATES = Path(__file__).parent / "templates"
NO_BREAK = "\u00a0"


def render(template: str, /, *, script: str = "", style: str = "", **view: Any) -> str:
    """Render a whole page.

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
            **view,
        )
    )


def piece(macro: str, /, *arguments: Any, **named: Any) -> Markup:
    """Render a macro of ``pieces.html.j2``: charts and other pieces of a page that are put together before the page is."""
    made = getattr(_environment().get_template("pieces.html.j2").module, macro)(*arguments, **named)
    return Markup(made.strip())  # noqa: S704  (the template escapes)


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
        finalize=_unbroken,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points
    environment.filters["breakable"] = breakable
    environment.filters["with_code"] = with_code
    environment.globals["words"] = words
    return environment


def _unbroken(value: object) -> object:
    """Text in which no line breaks between a number and its sign of percent; HTML, and code in it, as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"(?<=\d) %", f"{NO_BREAK}%", value)


def number(value: float) -> str:
    """A number as one writes it: 0.003, 1500, 2.5e-05."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return words.written(f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}")
    return words.written(f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}")


def percent(share: float, digits: int | None = None) -> str:
    """A share of one as a percentage, with a space that does not break: 92.65 %."""
    written = f"{100 * share:.2f}".rstrip("0").rstrip(".") if digits is None else f"{100 * share:.{digits}f}"
    return f"{words.written(written)}{NO_BREAK}%"


def points(value: float) -> str:
    """Points as one writes them: 3, 2.5, 0.33."""
    return words.written(f"{value:.2f}".rstrip("0").rstrip(".")) if abs(value) >= 0.005 else "0"


def with_code(text: str) -> Markup:
    """A sentence in which code stands between backticks."""
    return Markup(re.sub(r"`([^`\n]+)`", r'<code class="own" lang="en">\1</code>', str(escape(_unbroken(text)))))  # noqa: S704  (escaped)


def breakable(name: str) -> Markup:
    """A name that may be broken after its underscores, where a narrow column needs it."""
    return Markup("<wbr>").join(Markup("{}").format(part) for part in re.split(r"(?<=_)(?=\w)", name))
