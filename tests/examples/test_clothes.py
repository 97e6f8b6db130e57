"""The example courses: each check names a beginner's mistake, and right work earns everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.files import decode
from netgrader.results import CheckResult, Outcome
from tests.checks.works import codes_of, said_of
from tests.processes import run_program
from tests.programs import programs, source

pytestmark = pytest.mark.timeout(3600)  # all that is asked for is run in the first test's setup

CLOTHES = [
    source("cells/given:clothes"),
    source("cells/clothes_prepare_data:as in the notebook"),
    source("cells/clothes_convolutional_network:by hand"),
    source("cells/given:clothes, training"),
    source("cells/given:clothes, sweep"),
]
PRICES = [
    source("cells/given:prices"),
    source("cells/prices_prepare_data:as in the notebook"),
    source("cells/prices_network:by hand"),
    source("cells/given:prices, trained"),
]
# By assignment and cell: what is run once before its works.
BEFORE = {
    ("clothes", "prepare_data"): CLOTHES[:1],
    ("clothes", "convolutional_network"): CLOTHES[:2],
    ("clothes", "dropout_sweep"): CLOTHES,
    ("clothes", "training"): [*CLOTHES[:4], source("cells/given:clothes, trained")],
    ("prices", "prepare_data"): PRICES[:1],
    ("prices", "network"): PRICES[:2],
    ("prices", "training"): PRICES,
}
WORKS = {
    f"{assignment}: {cell}: {name}": one
    for assignment, cell in BEFORE
    for name, one in programs(f"cells/{assignment}_{cell}").items()
}
UNKNOWN = [name for name, one in WORKS.items() if one.terms.get("unknown")]
RIGHT = [name for name, one in WORKS.items() if not one.codes and name not in UNKNOWN]
WRONG = [name for name, one in WORKS.items() if one.codes]
SAMPLE = [
    name for name in (*RIGHT, *WRONG) if name.endswith(("network: by hand", "channels first", "less a row", "own mean"))
]


def work_of(name):
    """What the process is told of a work."""
    text = WORKS[name].source + "".join(map(source, WORKS[name].terms.get("then", ())))
    return {"name": name, "cell": f"check_{name.split(': ')[1]}", "source": text}


def entries(assignment, wanted):
    """What the process is asked to run: what is trained once is shared by all works that only say something of it."""
    made = []
    for (of, cell), before in BEFORE.items():
        works = [name for name in wanted if of == assignment and name.startswith(f"{assignment}: {cell}: ")]
        own = [name for name in works if "then" in WORKS[name].terms]  # networks of their own, and what follows them
        made += [{"sources": before[:2], "works": [work_of(name)]} for name in own]
        if shared := [work_of(name) for name in works if name not in own]:
            made.append({"sources": before, "works": shared})
    return made


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    """What came of every piece of work that is asked for, in a process for each assignment."""
    folder, found = tmp_path_factory.mktemp("examples"), {}
    for assignment in ("clothes", "prices"):
        order, told = folder / f"{assignment}.json", folder / f"{assignment}-verdicts.json"
        works = entries(assignment, asked("name"))
        if not works:
            continue
        order.write_text(json.dumps(works), encoding="utf-8")
        script = Path(__file__).with_name("grade_side.py")
        run_program(script, assignment, order, told)
        found |= json.loads(told.read_text(encoding="utf-8"))
    return found


def checks_of(verdicts, name):
    return [decode(CheckResult, check) for check in verdicts[name]["checks"]]


def require_verdict(verdicts, name):
    """Right work has all points; of a mistake its code is named and no other."""
    checks, codes = checks_of(verdicts, name), WORKS[name].codes
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == codes, said_of(checks)
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)
    assert verdicts[name]["log"] == []
    assert (cell_points(checks, 4) == 4) is not bool(codes), said_of(checks)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_keeps_all_points(verdicts, name):
    require_verdict(verdicts, name)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named_with_its_code_and_no_other(verdicts, name):
    require_verdict(verdicts, name)


@pytest.mark.parametrize("name", SAMPLE)
def test_some_of_each_are_judged_so(verdicts, name):
    require_verdict(verdicts, name)


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_loss_that_cannot_be_told_is_for_a_person_and_earns_nothing(verdicts, name):
    checks = {check.check.partition("::")[2]: check for check in checks_of(verdicts, name)}
    of_the_loss = [checks["test_the_loss_is_an_error_of_each_prediction"], checks["test_the_loss_is_a_mean"]]
    assert {(check.outcome, check.credit, check.faults) for check in of_the_loss} == {(Outcome.UNGRADABLE, 0.0, ())}
    assert codes_of(checks.values(), Outcome.FAILED, Outcome.PARTIAL) == set(), said_of([*checks.values()])
    assert 0 < cell_points([*checks.values()], 4) < 4
