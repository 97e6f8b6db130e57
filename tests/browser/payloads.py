"""Payloads that try to run or load something in a reader's browser: the groups of ``payloads.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

RUN = "document.documentElement.setAttribute('data-ran-{name}','1')"
GROUPS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
MARKUP, MARKDOWN, LATEX, DRAWINGS = GROUPS.values()
EVERYTHING = {name: payload for group in GROUPS.values() for name, payload in group.items()}


def filled(payload, name, port):
    """`payload` with its script and its address."""
    run = RUN.format(name=name)
    return payload.replace("RUN", run).replace("URL", f"http://127.0.0.1:{port}/{name}")
