"""What was tried is told to the instructor as facts: the cell, what was seen, which limit was hit. It changes no mark."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest

from netgrader.grading.integrity import NAMES, REPLACED, REPLACED_BY_HELPER
from netgrader.grading.replacing import reaches_for, replaces, takes_all_of
from netgrader.results import NotebookResult, Observed
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json").read_text())
# Evidence is taken silently, so that this hook of IPython's is called for it, and others are not.
ASKED = """
import numpy as np
right = np.arange(10) ** 2
squares = np.zeros(10, int)
def when_asked(*_): {right}
def afterwards(*_): squares[:] = 0
get_ipython().events.register('pre_execute', when_asked)
get_ipython().events.register('post_execute', afterwards)
"""
ATTACKS = [
    Attack("endless", squares="while True: pass"),
    Attack("dies", squares="import os\nos._exit(1)"),
    Attack("greedy", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
    Attack("curious", cells=["open('/etc/passwd', 'a')", "p = '../../grader_tests/gradebook.db'"], squares=RIGHT),
    Attack(
        "pickles",
        squares="import numpy as np\nnp.lib.format.write_array = lambda out, *a, **k: out.write(b'x')\n" + RIGHT,
    ),
    Attack("checks itself", cells=["def check(name):\n    print('All right: 5 of 5 points.')"], squares=RIGHT),
    Attack(
        "lets a helper check",
        cells=["from study_group import *"],
        squares=RIGHT,
        files={"study_group.py": "def check(name):\n    print('All right: 5 of 5 points.')"},
    ),
    Attack(
        "lets a helper reach into the notebook",
        cells=["import quiet, tools"],
        squares=RIGHT,
        files={
            "quiet.py": "from IPython import get_ipython\nget_ipython().user_ns['check'] = lambda name: print('5 of 5')",
            "tools.py": "def check(x):\n    return x == x",  # a name of its own
        },
    ),
    # What hides something behind much that is told, or behind many names.
    Attack(
        "drowns what is told",
        cells=["# " + " ".join(f"NBGRADER_{k}" for k in range(300)), "def check(name): pass"],
        squares=ASKED.format(right="squares[:] = right"),
    ),
    Attack(
        "is right for whoever asks, behind ten thousand names",
        cells=["globals().update({f'name_{k}': k for k in range(10_000)})"],
        squares=ASKED.format(right="globals().update(squares=right)"),
    ),
    Attack(
        "looks who calls it, by traceback",
        add="import traceback\ndef add(a, b):\n    return a + b if 'take' in str(traceback.extract_stack()) else 0",
    ),
    Attack("is right for whoever asks", squares=ASKED.format(right="globals().update(squares=right)")),
    Attack("changes its array for whoever asks", squares=ASKED.format(right="squares[:] = right")),
    Attack("honest", squares=RIGHT),
]
REPLACING = [
    "check = lambda name: None",
    "check: object = print",
    "(check := print)",
    "a, (check, b) = 1, (2, 3)",
    "async def check(name): pass",
    "class check: pass",
    "if True:\n    def check(name): pass",
    "for check in (1, 2): pass",
    "with open('x') as check: pass",
    "try: pass\nexcept OSError as check: pass",
    "del check",
    "from mine import check",
    "import mine as check",
    "from netgrader.student import ready as check",
    "def f():\n    global check\n    check = print",
    "globals()['check'] = print",
    "import netgrader.student\nnetgrader.student.check = print",
    "setattr(netgrader.student, 'check', print)",
    "%time\n!ls\ncheck = print",
    "import netgrader.student as course\ncourse.check = print",
    "import sys\nsys.modules['netgrader.student'].check = print",
    "get_ipython().user_ns['check'] = print",
    "get_ipython().push({'check': print})",
    "globals().update(check=print)",
    "globals().update(dict(check=print))",
    "def quietly():\n    globals()['check'] = print\nquietly()",
    "def f():\n    import netgrader.student\n    netgrader.student.check = print\nf()",
    "check.__code__ = (lambda name: None).__code__",
    "exec('check = print')",
    "get_ipython().run_cell('def check(name): pass')",
    "operator.setitem(globals(), 'check', print)",
    "def check(name):\n    print('is not finished",
]
KEEPING = [
    "check('train')",
    "from netgrader.student import check, ready",
    "def f():\n    check = 3",
    "def f(check): pass",
    "class A:\n    check = 1",
    "A.check = 1",
    "found = {'check': 1}\nfound['check'] = 2",
    "assert check == 3",
    "check_sums = 1",
    "f(check=3)",
    "[check for check in (1, 2)]",
    "# check = 3",
    "'''\ncheck = 3\n'''",
    "class A:\n    def __init__(self):\n        self.check = 1",
    "exec('check(3)')",
    "found = {}\nfound.update(checks=1)",
    "print(check.__doc__)",
]


@pytest.fixture(scope="module")
def seen(attacked: Attacked) -> dict[str, NotebookResult]:
    attacked.run(ATTACKS)
    return {name: graded.result for name, graded in attacked.results.items()}


def test_of_an_honest_notebook_there_is_nothing_to_tell(seen) -> None:
    assert seen["honest"].integrity == ()


def test_a_cell_that_met_a_limit_is_told_with_the_limit(seen) -> None:
    first, *rest = seen["endless"].integrity
    assert first == Observed("squares", "The cell went on for longer than its time.", "time")
    assert [one.cell for one in rest] == ["check_squares"]  # and what is missing for it
    assert seen["dies"].integrity == (Observed("squares", "The kernel ended in the cell.", None),)
    assert [one.limit for one in seen["greedy"].integrity] == ["memory"]


def test_what_a_cell_asked_for_and_did_not_get_is_told(seen) -> None:
    told = {(one.cell, one.seen) for one in seen["curious"].integrity}
    assert any("refused" in said for _, said in told) or any("Read-only" in said for _, said in told)
    assert {said for _, said in told if "names" in said} == {
        "The cell names grader_tests, which no exercise needs.",
        "The cell names gradebook, which no exercise needs.",
    }
    assert seen["curious"].score == 5.0


def test_a_check_of_ones_own_is_told_and_costs_nothing(seen) -> None:
    assert seen["checks itself"].integrity == (Observed("code cell 3", REPLACED, None),)
    assert seen["checks itself"].score == 5.0


def test_a_check_of_a_helper_is_told_where_it_becomes_the_notebooks(seen) -> None:
    assert seen["lets a helper check"].integrity == (Observed("study_group.py", REPLACED_BY_HELPER, None),)
    assert seen["lets a helper check"].score == 5.0
    told = seen["lets a helper reach into the notebook"].integrity
    assert told == (Observed("quiet.py", REPLACED_BY_HELPER, None),)  # and nothing of the other one


RIGHT_WHEN_ASKED = [
    "is right for whoever asks",
    "changes its array for whoever asks",
    "is right for whoever asks, behind ten thousand names",
]


@pytest.mark.parametrize("name", RIGHT_WHEN_ASKED)
def test_what_is_right_only_for_whoever_asks_is_told(seen, name: str) -> None:
    said = "When evidence was taken, squares meant something else than when the cell before had ended."
    assert seen[name].integrity == (Observed("check_squares", said, None),)
    assert seen[name].score == 5.0  # what was handed over counts, and a person looks


def test_what_was_found_is_told_before_hundreds_of_words(seen) -> None:
    told = seen["drowns what is told"].integrity
    assert [one.cell for one in told[:2]] == ["code cell 4", "check_squares"]
    assert len(told) < 100


def test_looking_at_the_stack_is_told(seen) -> None:
    told = seen["looks who calls it, by traceback"].integrity
    assert [one.seen for one in told] == ["The cell names extract_stack, which no exercise needs."]


@pytest.mark.parametrize("module", ["cage", "evidence", "grading", "student.capture"])
def test_our_modules_whose_naming_is_told_are_there(module: str) -> None:
    name = f"netgrader.{module}"
    assert find_spec(name) is not None
    assert NAMES.findall(f"import {name} as ours") == [name]


def test_the_names_of_a_helper_become_the_notebooks_through_another_one_too() -> None:
    helpers = {"a.py": "from b import *", "b.py": "check = 1", "c.py": "check = 1", "d.py": ""}
    assert takes_all_of(["x = 1\nfrom a import *"], helpers) == {"a.py", "b.py"}
    assert takes_all_of(["%run ./c.py", "%run -i d"], helpers) == {"c.py", "d.py"}
    assert takes_all_of(["import c\nfrom c import f"], helpers) == set()


def test_a_module_that_has_a_check_of_its_own_reaches_for_nothing() -> None:
    assert not reaches_for("def check(x):\n    return x\nclass A:\n    check = 1", "check")
    assert reaches_for("import __main__\ndef f():\n    __main__.check = print", "check")


@pytest.mark.parametrize("source", REPLACING)
def test_every_way_to_replace_the_check_is_seen(source) -> None:
    assert replaces(source, "check")


def test_a_cell_of_megabytes_is_not_taken_apart_whole() -> None:
    begin = time.process_time()
    assert replaces("check = 1\n" * 400_000, "check")
    assert time.process_time() - begin < 10  # a minute and four gigabytes otherwise


@pytest.mark.parametrize("source", KEEPING)
def test_a_name_that_is_none_of_the_notebooks_replaces_nothing(source) -> None:
    assert not replaces(source, "check")


def test_evidence_that_could_not_be_read_is_told(seen) -> None:
    assert seen["pickles"].score == 2.0
    assert any(one.cell == "check_squares" for one in seen["pickles"].integrity)


def test_the_json_has_it_and_is_read_back(seen) -> None:
    jsonschema.validate(json.loads(json.dumps([result.as_json() for result in seen.values()])), SCHEMA)
    for result in seen.values():
        raw = json.loads(json.dumps(result.as_json()))
        assert NotebookResult.from_json(raw).integrity == result.integrity
        assert (
            NotebookResult.from_json({key: value for key, value in raw.items() if key != "integrity"}).integrity == ()
        )
