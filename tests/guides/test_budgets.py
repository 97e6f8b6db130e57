"""The size of each package stays within budgets.toml, and whatever exceeds it is a sentence."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("size", ROOT / "scripts" / "size.py")
size = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(size)

TEXT = """
LIMIT = 3
PAIR = 1.5, -2
FLAG = True


def f(x):
    for one in [y for y in x if y]:
        assert one and x or one
    return 1 if x else 2
"""


def test_decisions_and_numbers_are_counted():
    found = size.measured([TEXT, TEXT])
    # the loop, the comprehension and its filter, the assertion, "and", "or", the conditional expression
    assert (found["decisions"], found["numbers"], found["above_10"]) == (2 * 7, 2 * 2, 0)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "netgrader" / "cage").mkdir(parents=True)
    (tmp_path / "netgrader" / "cage" / "a.py").write_text(TEXT)
    (tmp_path / "netgrader" / "b.py").write_text("X = 1\n")

    def with_budget(most):
        (tmp_path / "budgets.toml").write_text(
            f'[budgets.cage]\ndecisions = {most}\n[budgets."."]\nnumbers = 1\n[budgets.all]\ndecisions = 99\n'
        )
        return tmp_path

    return with_budget


def test_above_its_budget_the_package_and_by_how_much_is_said(tree, capsys):
    assert size.main(["--check"], tree(5)) == 1
    assert "cage has 7 decisions, 2 above its budget" in capsys.readouterr().err


def test_a_package_without_a_budget_is_said(tree, capsys):
    root = tree(7)
    (root / "netgrader" / "new").mkdir()
    (root / "netgrader" / "new" / "c.py").write_text("")
    assert size.main(["--check"], root) == 1
    assert "budgets.toml has no budget for new." in capsys.readouterr().err


def test_every_package_has_a_budget_and_every_change_a_date_and_a_reason():
    written = tomllib.loads((ROOT / "budgets.toml").read_text(encoding="utf-8"))
    assert set(size.sizes(ROOT)) == set(written["budgets"])
    assert all(change["date"] and change["reason"] for change in written["changes"])
