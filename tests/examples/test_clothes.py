"""The example course *clothes*: each of its checks names a beginner's mistake, and what is right earns everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.files import decode
from netgrader.results import CheckResult, Outcome
from tests.checks.test_students import codes_of, said_of
from tests.examples import clothes_students as clothes
from tests.examples import prices_students as prices
from tests.examples import programs

pytestmark = pytest.mark.timeout(3600)  # all that is asked for is run in the first test's setup

CLOTHES, PRICES = "clothes", "prices"

# Assignment, cell, mistakes by name: their codes, and the work.
MISTAKES = [
    (CLOTHES, clothes.DATA, clothes.DATA_MISTAKES),
    (CLOTHES, clothes.NETWORK, clothes.NETWORKS),
    (CLOTHES, clothes.SWEEP_CELL, clothes.SWEEPS),
    (CLOTHES, clothes.SWEEP_CELL, clothes.TRAINED_ANEW),
    (CLOTHES, clothes.TRAINING, clothes.TRAININGS),
    (PRICES, prices.DATA, prices.DATA_MISTAKES),
    (PRICES, prices.NETWORK, prices.NETWORKS),
    (PRICES, prices.TRAINING, prices.TRAININGS),
    (PRICES, prices.TRAINING, prices.UNTRAINED),
]
RIGHT = [
    (CLOTHES, clothes.DATA, clothes.RIGHT_DATA),
    (CLOTHES, clothes.NETWORK, clothes.RIGHT_NETWORKS),
    (CLOTHES, clothes.SWEEP_CELL, clothes.RIGHT_SWEEPS),
    (CLOTHES, clothes.TRAINING, clothes.RIGHT_TRAININGS),
    (PRICES, prices.DATA, prices.RIGHT_DATA),
    (PRICES, prices.NETWORK, prices.RIGHT_NETWORKS),
    (PRICES, prices.TRAINING, prices.RIGHT_TRAININGS),
]
WRONG_ONES = [
    (f"{assignment}: {cell}: {mistake}", codes)
    for assignment, cell, mistakes in MISTAKES
    for mistake, (codes, _) in mistakes.items()
]
UNKNOWN = f"{PRICES}: {prices.NETWORK}: a loss of no known formula"
RIGHT_ONES = [f"{assignment}: {cell}: right, {name}" for assignment, cell, works in RIGHT for name in works]


def entries(assignment: str, wanted: set[str]) -> list[dict]:
    """Return what the process is asked to run: what is trained once is shared by all works that only say something of it."""
    given = programs.CLOTHES_GIVEN if assignment == CLOTHES else programs.PRICES_GIVEN
    data = programs.CLOTHES_DATA if assignment == CLOTHES else programs.PRICES_DATA
    shared: dict[str, list[str]] = {
        clothes.DATA: [given],
        (clothes.NETWORK if assignment == CLOTHES else prices.NETWORK): [given, data],
        clothes.SWEEP_CELL: [given, data, programs.CONVOLUTIONAL[0], *clothes.SWEEP_SOURCES],
        clothes.TRAINING: (
            [given, data, programs.CONVOLUTIONAL[0], programs.SWEEP, clothes.TRAINED]
            if assignment == CLOTHES
            else [given, data, programs.REGRESSION[0], programs.REGRESSION_TRAINED]
        ),
    }
    made: list[dict] = []
    for cell, sources in shared.items():
        works = [
            {"name": name, "cell": cell, "source": source}
            for name, source in sources_of(assignment, cell)
            if name in wanted
        ]
        anew = [work for work in works if "def convolutional_network" in work["source"] and cell == clothes.SWEEP_CELL]
        made += [{"sources": sources[:2], "works": [work]} for work in anew]
        if rest := [work for work in works if work not in anew]:
            made.append({"sources": sources, "works": rest})
    return made


def sources_of(assignment: str, cell: str) -> list[tuple[str, str]]:
    """Return all works of a cell, by their names."""
    wrong = [
        (f"{assignment}: {cell}: {mistake}", source)
        for of, its, mistakes in MISTAKES
        if (of, its) == (assignment, cell)
        for mistake, (_, source) in mistakes.items()
    ]
    right = [
        (f"{assignment}: {cell}: right, {name}", source)
        for of, its, works in RIGHT
        if (of, its) == (assignment, cell)
        for name, source in works.items()
    ]
    unknown = prices.UNKNOWN if (assignment, cell) == (PRICES, prices.NETWORK) else {}
    return [*right, *wrong, *((f"{UNKNOWN}, {name}", source) for name, source in unknown.items())]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked) -> dict[str, dict]:
    """What came of every piece of work that is asked for, in a process for each assignment."""
    folder, found = tmp_path_factory.mktemp("examples"), {}
    wanted = set(asked("name"))
    for assignment in (CLOTHES, PRICES):
        order, told = folder / f"{assignment}.json", folder / f"{assignment}-verdicts.json"
        works = entries(assignment, wanted)
        if not works:
            continue
        order.write_text(json.dumps(works), encoding="utf-8")
        script = Path(__file__).with_name("grade_side.py")
        done = subprocess.run(
            [sys.executable, str(script), assignment, str(order), str(told)],
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found |= json.loads(told.read_text(encoding="utf-8"))
    return found


def checks_of(verdicts, name: str) -> list[CheckResult]:
    return [decode(CheckResult, check) for check in verdicts[name]["checks"]]


SAMPLE = [
    *(name for name in RIGHT_ONES if name.endswith("network: right, by hand")),
    *(name for name, _ in WRONG_ONES if name.endswith(("channels first", "less a row", "own mean"))),
]
CODES = dict(WRONG_ONES)


def require_verdict(told, name: str) -> None:
    """Right work has all points; of a mistake its code is named and no other."""
    checks = [decode(CheckResult, check) for check in told["checks"]]
    codes = CODES.get(name, set())
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == codes, said_of(checks)
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)
    assert told["log"] == []
    assert (cell_points(checks, 4) == 4) is not bool(codes), said_of(checks)


@pytest.mark.parametrize("name", RIGHT_ONES)
def test_what_is_right_keeps_all_points(verdicts, name):
    require_verdict(verdicts[name], name)


@pytest.mark.parametrize("name", CODES)
def test_a_mistake_is_named_with_its_code_and_no_other(verdicts, name):
    require_verdict(verdicts[name], name)


@pytest.mark.parametrize("name", SAMPLE)
def test_some_of_each_are_judged_so(verdicts, name):
    require_verdict(verdicts[name], name)


@pytest.mark.parametrize("name", [f"{UNKNOWN}, {spelling}" for spelling in prices.UNKNOWN])
def test_a_loss_that_cannot_be_told_is_for_a_person_and_earns_nothing(verdicts, name):
    checks = {check.check.partition("::")[2]: check for check in checks_of(verdicts, name)}
    of_the_loss = [checks["test_the_loss_is_an_error_of_each_prediction"], checks["test_the_loss_is_a_mean"]]
    assert {(check.outcome, check.credit, check.faults) for check in of_the_loss} == {(Outcome.UNGRADABLE, 0.0, ())}
    assert codes_of(checks.values(), Outcome.FAILED, Outcome.PARTIAL) == set(), said_of([*checks.values()])
    assert 0 < cell_points([*checks.values()], 4) < 4


def test_no_two_mistakes_have_one_name_and_the_sample_has_some_of_each():
    assert len(CODES) == len(WRONG_ONES)
    assert len(SAMPLE) == 5
