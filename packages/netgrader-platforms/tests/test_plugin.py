"""netgrader has the package's commands if it is installed, and works without it."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from types import SimpleNamespace

import typer
from typer.main import get_command

from netgrader import cli

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
THEIRS = {"collect", "export", "grade-on"}


def commands(monkeypatch, *plugins):
    """The names of netgrader's commands where these packages offer some."""
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: plugins)
    return set(get_command(cli.with_plugins()).commands)


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


def test_a_package_that_cannot_be_imported_is_named_and_leaves_the_other_commands(monkeypatch, capsys):
    (ours,) = importlib.metadata.entry_points(group="netgrader.commands")
    broken = importlib.metadata.EntryPoint("mine", "nowhere_at_all.cli:app", ours.group)
    found = commands(monkeypatch, broken, ours)
    assert found == commands(monkeypatch, ours)
    assert "the commands of nowhere_at_all.cli:app are left out" in capsys.readouterr().err


def test_a_group_of_commands_is_taken_as_well(monkeypatch):
    group, offered = typer.Typer(name="mine"), typer.Typer()
    group.command("one")(print)
    group.command("two")(print)
    offered.add_typer(group)
    plugin = SimpleNamespace(value="mine:app", load=lambda: offered)
    assert "mine" in commands(monkeypatch, plugin) - commands(monkeypatch)
