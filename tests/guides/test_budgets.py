"""Each package stays within budgets.toml, and each excess is reported in a sentence."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path

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


def test_a_package_above_its_budget_or_without_one_is_said_with_by_how_much(tmp_path, capsys):
    for name, text in (("cage/a.py", TEXT), ("new/c.py", ""), ("b.py", "X = 1\n")):
        path = tmp_path / "packages/netgrader/src/netgrader" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    budgets = '[budgets.cage]\ndecisions = 5\n[budgets."."]\nnumbers = 1\n[budgets.all]\ndecisions = 99\n'
    (tmp_path / "budgets.toml").write_text(budgets)
    assert size.main(["--check"], tmp_path) == 1
    said = capsys.readouterr().err
    assert "cage has 7 decisions, 2 above its budget" in said
    assert "budgets.toml has no budget for new." in said


def test_every_package_has_a_budget_and_every_change_a_date_and_a_reason():
    written = tomllib.loads((ROOT / "budgets.toml").read_text(encoding="utf-8"))
    assert set(size.sizes(ROOT)) == set(written["budgets"])
    assert all(change["date"] and change["reason"] for change in written["changes"])
