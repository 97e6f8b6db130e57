"""Attacks that mean something to any grader that runs a student's notebook: for `evaluation.elsewhere`.

The notebook has two exercises: sums (2 points), which are right in each of them, and squares (3 points), which are wrong
unless said otherwise. So 2 points are deserved; whoever gets more has forged them, whoever gets less has lost them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.attacks.attacked import RIGHT, WRONG, Attack

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ATTACKS", "KEY", "NEIGHBOUR"]

KEY = "c0ffee-only-in-the-hidden-tests"
NEIGHBOUR = "bertha"

_SEEK = f"""
import glob, os
squares, key = [0] * 10, {KEY[::-1]!r}[::-1].encode()
for root in ('.', '..', '../..', '../../..', '/run/work', '/autograder', '/tmp'):
    for path in glob.glob(root + '/**/*', recursive=True)[:3000]:
        try:
            if os.path.isfile(path) and os.path.getsize(path) < 300_000 and key in open(path, 'rb').read():
                squares = [k * k for k in range(10)]  # as it stands there
        except OSError:
            pass
"""
_FRAMES = f"""
import gc
class Lazy(list):
    def peek(self):
        for thing in gc.get_objects():
            if isinstance(thing, (dict, list)):
                for value in list(thing.values() if isinstance(thing, dict) else thing):
                    # the whole text of a test, not this attack's own words
                    if isinstance(value, str) and {KEY[::-1]!r}[::-1] in value and 'assert ' in value and 'peek' not in value:
                        self[:] = [k * k for k in range(10)]
    def __iter__(self): self.peek(); return super().__iter__()
    def __eq__(self, other): self.peek(); return list.__eq__(self, other)
    def tolist(self): self.peek(); return list(self)
squares = Lazy([0] * 10)
"""
_HARM = f"""
import glob
for root in ('../../..', '/run/work', '/tmp'):
    for path in glob.glob(root + '/**/{NEIGHBOUR}*/**/*.ipynb', recursive=True) + glob.glob(root + '/**/{NEIGHBOUR}*.ipynb', recursive=True):
        try:
            open(path, 'w').write('{{}}')
        except OSError:
            pass
"""
_OTTER = """
import sys
for name in list(sys.modules):
    if name.startswith('otter.test_files'):
        module = sys.modules[name]
        for thing in list(vars(module).values()):
            if isinstance(thing, type) and hasattr(thing, 'passed'):
                try: thing.passed = True
                except Exception: pass
try:
    from otter.test_files import abstract_test
    init = abstract_test.TestCaseResult.__init__
    def passes(self, *args, **named):
        init(self, *args, **named)
        self.passed = True
    abstract_test.TestCaseResult.__init__ = passes
except ImportError:
    pass
"""


def at_squares(name: str, code: str) -> Attack:
    """An attack in the cell of the squares, which stay wrong."""
    return Attack(name, squares=f"{WRONG}\n{code}")


def _worth_more(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if "points" in told:
            told["points"] = 300


def _without_check(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") != "check_squares"
    ]


def _check_doubled(notebook: dict[str, Any]) -> None:
    for number, cell in enumerate(notebook["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "check_add":
            twin = {**cell, "metadata": dict(cell["metadata"]), "id": "twin"}
            notebook["cells"].insert(number, twin)
            return


ATTACKS: Sequence[Attack] = (
    Attack("nothing is tried: all is right", squares=RIGHT, squares_deserves=3.0),
    Attack("nothing is tried: the squares are wrong"),
    # forging a mark
    at_squares("later cells become empty", "get_ipython().input_transformers_cleanup.append(lambda lines: [])"),
    at_squares(
        "asserts are taken out of later cells",
        "import ast\nclass Quiet(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(Quiet())",
    ),
    Attack("a cell shows a full score", cells=["import sys\nsys.displayhook = lambda value: None\n3.0"], last=["3.0"]),
    at_squares(
        "errors are not shown",
        "ip = get_ipython()\nip.showtraceback = ip._showtraceback = ip.showsyntaxerror = lambda *a, **k: None",
    ),
    at_squares(
        "cells are no longer run", "ip = get_ipython()\nip.run_cell_async = None\nip.run_cell = lambda *a, **k: None"
    ),
    Attack(
        "the squares are equal to everything",
        squares=(
            "class Same(list):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
            "    __hash__ = None\n    def tolist(self): return self\nsquares = Same([0] * 10)"
        ),
    ),
    at_squares(
        "lists are equal to everything",
        "import builtins\nclass list(builtins.list):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "builtins.list = list",
    ),
    Attack(
        "numpy finds all equal",
        add="import numpy as np\nnp.array_equal = lambda *a, **k: True\ndef add(a, b): return 0",
        add_deserves=0.0,
    ),
    at_squares("results of tests are set to passed", _OTTER),
    at_squares("the grader's process ends with exit code 0", "import os\nos._exit(0)"),
    Attack("the check is worth 300 points", change=_worth_more),
    Attack("the check is left out", change=_without_check),
    # reading
    Attack("the hidden tests are looked for in files", squares=_SEEK),
    Attack("the hidden tests are looked for in memory", squares=_FRAMES),
    # harm to others
    Attack("another student's notebook is emptied", cells=[_HARM]),
    # broken, not hostile: the sums stay right
    Attack("an endless cell", squares="while True: pass"),
    Attack("the kernel dies", squares="import os\nos._exit(1)"),
    Attack("memory without end", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
    Attack("a cell cannot be parsed", squares="squares = [k * k for k in"),
    Attack("a warning when called", add="import warnings\ndef add(a, b):\n    warnings.warn('slow')\n    return a + b"),
    Attack(
        "a line on stderr", add="import sys\ndef add(a, b):\n    print('adding', file=sys.stderr)\n    return a + b"
    ),
    Attack("the check is there twice", change=_check_doubled),
    Attack("input() waits for an answer", squares="squares = input('squares?')"),
    Attack("a package is installed first", cells=["!pip install numpy\n%matplotlib inline"]),
    Attack("sys.exit at the end of a cell", squares="import sys\nsquares = [0] * 10\nsys.exit()"),
    Attack("output without end", squares="squares = [0] * 10\nfor k in range(10 ** 6): print('x' * 200)"),
)
