"""Commands of a package are netgrader's where it is installed, and netgrader works without it."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from typer.main import get_command

from netgrader import cli

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
THEIRS = {"collect", "export", "grade-on"}


def commands(monkeypatch, *plugins):
    """The names of netgrader's commands where these packages offer some."""
    own = [one for one in cli.app.registered_commands if one.callback.__module__ == cli.__name__]
    monkeypatch.setattr(cli.app, "registered_commands", own)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: plugins)
    cli.with_plugins.cache_clear()
    try:
        return set(get_command(cli.with_plugins()).commands)
    finally:
        cli.with_plugins.cache_clear()


def test_what_the_readme_types_is_a_command():
    (shell,) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    typed = set(re.findall(r"^netgrader ([\w-]+)", shell, re.MULTILINE))
    assert typed <= set(get_command(cli.with_plugins()).commands)
    assert typed & THEIRS == {"collect", "export"}


def test_the_commands_come_and_go_with_the_package(monkeypatch):
    (ours,) = importlib.metadata.entry_points(group="netgrader.commands")
    without = commands(monkeypatch)
    assert {"grade", "release"} <= without
    assert without.isdisjoint(THEIRS)
    assert commands(monkeypatch, ours) == without | THEIRS
