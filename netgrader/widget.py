"""Pieces of HTML that a script of ours makes live, on feedback pages and under cells of notebooks: they load and send nothing.

What each says stands in it as data. A widget's own script and style lie beside its module; what all share, beside this one.
"""

from __future__ import annotations

import functools
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["script", "style", "widget_html"]

SHARED = Path(__file__)
WRAPPED = '(function () {{\n"use strict";\n{}\n{}\n}})();\n'


def widget_html(kind: str, title: str, told: Mapping[str, Any], fallback: str, *, alone: bool = False) -> str:
    """Return a widget as HTML, to which `style` and `script` belong once on a page.

    Parameters
    ----------
    kind
        The class by which its script finds it.
    title
        What it is called to a screen reader.
    told
        What its script is told; it may hold anything.
    fallback
        HTML that stands there where no script runs, and on paper.
    alone
        Whether it stands in a notebook's output, whose colours are not the page's.
    """
    # Nothing in it may end the element or begin a comment.
    data = json.dumps(msgspec.to_builtins(told), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    classes = f"widget {kind} w-alone" if alone else f"widget {kind}"
    return (
        f'<div class="{classes}" role="group" aria-label="{html.escape(title)}">'
        f'<div class="w-fallback">{fallback}</div><script type="application/json">{data}</script></div>'
    )


@functools.cache
def script(module: str) -> str:
    """Return the script of the widgets of a module, by its ``__file__``."""
    return WRAPPED.format(_beside(SHARED, ".js"), _beside(Path(module), ".js"))


@functools.cache
def style(module: str) -> str:
    """Return the style of the widgets of a module, by its ``__file__``."""
    return _beside(SHARED, ".css") + _beside(Path(module), ".css")


def _beside(module: Path, suffix: str) -> str:
    return module.with_suffix(suffix).read_text(encoding="utf-8")
