"""Renders a page as one HTML file that loads nothing, runs nothing but its own script, and escapes by default."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from netgrader.pages import charts, safe, words

__all__ = ["content_security_policy", "render"]

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, /, *, script: str = "", **view: Any) -> str:
    """A whole page.

    Parameters
    ----------
    template
        Name of the template, e.g. ``feedback.html.j2``.
    script
        Our own JavaScript, put inline; the page reads without it.
    view
        What the template shows. Text is escaped unless it is Markup that the sanitiser made.
    """
    environment = _environment()
    style = "".join(_source(environment, name) for name in ("base.css", template.replace(".html.j2", ".css")))
    return environment.get_template(template).render(
        policy=content_security_policy(style, script),
        style=Markup(style),  # noqa: S704  (ours)
        script=Markup(script),  # noqa: S704  (ours)
        words=words,
        **view,
    )


def content_security_policy(style: str, script: str) -> str:
    """A policy that lets a page use this style, this script and pictures inside itself, and nothing else."""
    allowed = f"'sha256-{_digest(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src {allowed}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None  # noqa: S101  (for the type checker)
    return environment.loader.get_source(environment, name)[0]


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
    environment.filters["percent"] = charts.percent
    environment.filters["number"] = charts.number
    environment.filters["points"] = points
    environment.filters["line"] = safe.line
    environment.filters["paragraphs"] = safe.paragraphs
    environment.filters["breakable"] = breakable
    environment.globals["swatch"] = charts.swatch
    environment.globals["dot_swatch"] = charts.dot_swatch
    return environment


def _unbroken(value: object) -> object:
    """Text in which no line breaks between a number and its sign of percent; HTML, and code in it, as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(r"(?<=\d) %", f"{charts.NO_BREAK}%", value)


def points(value: float) -> str:
    """Points as one writes them: 3, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "0"


def breakable(name: str) -> Markup:
    """A name that may be broken after its underscores, where a narrow column needs it."""
    return Markup("<wbr>").join(Markup("{}").format(part) for part in re.split(r"(?<=_)(?=\w)", name))
