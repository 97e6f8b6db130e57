"""The names that a cell defines are recorded, and the error that ended it, until another cell defines the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from netgrader.cell_names import made_by
from netgrader.student.cell_runs import CellRuns


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a, (b, *c) = 1, (2, 3)\nd: int = 4\n(e := 5)", "abcde"),
        ("def f():\n    local = 1\nclass g:\n    own = 2", "fg"),
        ("if a:\n    async def b(): pass\nfor c in a: pass", "bc"),
        ("a.b = 1\na[0] = 2", ""),
        ("del a", ""),
        ("a = 1\ndel a\ndef b(c):\n    del c", "ab"),
        ("try:\n    a = f()\nexcept E as e:\n    b = e\nelse:\n    del e", "ab"),
        ("%time a = f()\nb = c == d", "b"),
    ],
)
def test_a_cell_makes_what_it_binds_outside_of_functions(source: str, names: str) -> None:
    assert made_by(source) == set(names)


@pytest.mark.parametrize("later", ["del a", "try:\n    f()\nexcept E as e:\n    print(e)", "print(a)"])
def test_an_error_is_known_until_a_cell_makes_the_same(later: str) -> None:
    def ran(source: str, error: BaseException | None = None) -> None:
        info = SimpleNamespace(raw_cell=source, cell_id=None)
        runs.begin(info)
        runs.end(SimpleNamespace(info=info, error_before_exec=None, error_in_exec=error))

    runs, error = CellRuns(), ValueError()
    ran("try:\n    a = f()\nexcept E as e:\n    print(e)", error)
    ran(later)
    assert runs.error == {"a": error}
    ran("a = 1")
    assert runs.error == {}
