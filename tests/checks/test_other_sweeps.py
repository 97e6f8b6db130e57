"""Sweeps over other hyperparameters than the learning rate, in a course of three classes and 12 by 9 pixels."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphread.lab.local import LocalLab
from netgrader.checks import Failed, TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.evidence import read_evidence
from netgrader.judges.hyperparameters import require_followed
from netgrader.judges.sweep_runs import require_run
from netgrader.judges.sweeps import StudentSweep, Swept, require_best, require_chosen, require_grid, student_sweep
from tests.checks.sweep_side import CELL
from tests.datasets import DIGITS, signs, toml_of

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/ask-for-a-sweep.md").read_text(encoding="utf-8")
BLOCKS = {
    file: text.replace("dropout_sweep", "the_sweep")
    for file, text in re.findall(r"```(?:python|toml)\n# in (\S+)\n(.*?)```", GUIDE, re.DOTALL)
}
"""The sweep over dropout as the guide writes it."""
PROBE = (
    BLOCKS["probes_flowers_sweep.py"]
    + """
from netgrader.student.handing_over import hand_over_arrays


@probe("check_prepare_data")
def prepare_data(student, out):
    hand_over_arrays(student, out)


@probe("check_network")
def network(student, out):
    student.networks(out, "network")
"""
)
TABLES = """
[exercises]
prepare_data = "data"
network = "free-network"
the_sweep = "sweep"

[network]
min_layers = 1

[the_sweep]
network = "network"
"""
GRIDS = {
    "dropout": BLOCKS["exercises.toml"]
    .partition("\n")[2]
    .replace('network = "network"', "")
    .replace('parameter = "dropout"', ""),
    "learning_rate": "rates = 4\ndecades = 2",
    "width": 'argument = "n_hidden"\nvalues = 3\ndecades = 1',
    "layers": "values = 3",
    "l2": "values = 3\ndecades = 2",
    "momentum": "values = 3",
}

NETWORK = """
def network({argument}):
    graph = tf.Graph()
    with graph.as_default():
        X, Y = tf.placeholder(tf.float32, [None, 108]), tf.placeholder(tf.float32, [None, 3])
        initial = tf.glorot_uniform_initializer()
        def dense(x, n):
            W = tf.Variable(initial([int(x.shape[-1]), n]))
            weights.append(W)
            return x @ W + tf.Variable(tf.zeros([n]))
        weights = []
        training = tf.placeholder_with_default(False, ())
        h = tf.nn.relu(dense(X, {width}))
        {hidden}
        logits = dense(h, 3)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits)) {penalty}
        train_op = {optimizer}.minimize(loss)
        accuracy = {accuracy}
        prediction = tf.nn.softmax(logits)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss, train_op=train_op,
                           accuracy=accuracy, {more})
"""
SWEEP = """
sweep = {{}}
for value in {values}:
    net = network({given})
    with tf.Session(graph=net.graph) as sess:
        with net.graph.as_default():
            sess.run(tf.global_variables_initializer())
        for epoch in range(2):
            order = np.random.permutation(len(x_train))
            for k in range(0, len(order), {batch}):
                rows = order[k:k + {batch}]
                sess.run(net.train_op, {{net.X: x_train[rows], net.Y: y_train_1_hot[rows], **getattr(net, "train_feed", {{}})}})
        sweep[value] = sess.run(net.accuracy, {{net.X: x_test, net.Y: y_test_1_hot}})
{best} = {choice}
"""
ADAM, HIGHEST = "tf.train.AdamOptimizer(0.003)", "max(sweep, key=sweep.get)"
ACCURACY = "tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, {axis}), tf.argmax(Y, {axis})), tf.float32))"


def student(
    argument: str,
    values: str,
    *,
    hidden: str = "pass",
    width: str = "40",
    penalty: str = "",
    optimizer: str = ADAM,
    more: str = "",
    given: str | None = None,
    batch: str = "100",
    accuracy: str = ACCURACY.format(axis=1),
    best: str | None = None,
    choice: str = HIGHEST,
) -> str:
    """Return what a student writes: a network with an argument, and the sweep over it."""
    made = NETWORK.format(
        argument=argument,
        hidden=hidden,
        width=width,
        penalty=penalty,
        optimizer=optimizer,
        more=more,
        accuracy=accuracy,
    )
    name = argument.partition("=")[0]
    return made + SWEEP.format(
        values=values,
        given="value" if given is None else given,
        batch=batch,
        best=best or f"best_{name}",
        choice=choice,
    )


DROPPED = "h = tf.nn.dropout(h, rate=dropout * tf.cast(training, tf.float32))"
BRANCHES = "h = tf.cond(training, lambda: tf.nn.dropout(h, rate=dropout), lambda: h)"
SWITCH = "train_feed={training: True}, eval_feed={training: False}"
RATES = "(0.0, 0.3, 0.6, 0.9)"
L2 = "+ l2 * sum(tf.reduce_sum(tf.square(W)) for W in weights)"
DEEPER = "for _ in range(layers - 1):\n            h = tf.nn.relu(dense(h, 20))"


# ---- a sweep of the learning rate, honest and not -------------------------------------------------------------------

AT = "0.003", "(1e-5, 3e-4, 3e-3, 1e-1)"
RATE = "tf.train.AdamOptimizer(learning_rate)"
OWN_ROWS = """
def scaled(images):
    return (images - images.mean(axis=1, keepdims=True)) / (images.std(axis=1, keepdims=True) + 1e-6)

x_train, x_test = scaled(x_train), scaled(x_test)
"""


def rate_sweep(before: str = "", *changes: tuple[str, str], **terms: str) -> str:
    """Return a sweep of the learning rate after some lines, with parts of it replaced."""
    made = student(f"learning_rate={AT[0]}", AT[1], optimizer=RATE, **terms)
    for old, new in changes:
        assert old in made, old
        made = made.replace(old, new)
    return before + made


BUILT = "    net = network(value)\n"
NOTHING, ONE = "sweep-result-not-reproduced", "sweep-of-one-network"
# Sweeps that were never run are those of `tests/attacks/test_unmeasured.py`.
RATE_SWEEPS: dict[str, tuple[str, str, str | None]] = {
    f"rate, {how}": ("learning_rate", source, code)
    for how, source, code in (
        ("as asked", rate_sweep(), None),
        ("each row scaled by itself", rate_sweep(OWN_ROWS), None),
        ("all accuracies over the images", rate_sweep(accuracy=ACCURACY.format(axis=0)), None),
        ("the value is not passed on", rate_sweep("", (BUILT, "    net = network()\n")), ONE),
        ("losses for accuracies", rate_sweep("", ("sess.run(net.accuracy", "0.2 * sess.run(net.loss")), NOTHING),
    )
}

STUDENTS: dict[str, tuple[str, str, str | None]] = {
    "dropout": ("dropout", student("dropout=0.5", RATES, hidden=DROPPED, more=SWITCH), None),
    "dropout, no train_feed": (
        "dropout",
        student("dropout=0.5", RATES, hidden=BRANCHES).replace(
            '**getattr(net, "train_feed", {})', "net.graph.get_tensor_by_name('PlaceholderWithDefault:0'): True"
        ),
        None,
    ),
    "dropout, fed": (
        "dropout",
        student(
            "dropout=0.5",
            RATES,
            hidden="share = tf.placeholder_with_default(0.0, ()); h = tf.nn.dropout(h, rate=share)",
            more="train_feed={share: dropout}, eval_feed={share: 0.0}",
        ),
        None,
    ),
    "dropout ignored": (
        "dropout",
        student("dropout=0.5", RATES, hidden=DROPPED.replace("rate=dropout", "rate=0.5"), more=SWITCH),
        "hyperparameter-not-as-stated",
    ),
    "dropout kept": (
        "dropout",
        student("dropout=0.5", RATES, hidden=DROPPED.replace("rate=dropout", "rate=(1 - dropout)"), more=SWITCH),
        "keep-rate-swapped",
    ),
    "dropout made up": (
        "dropout",
        student("dropout=0.5", "()", hidden=DROPPED, more=SWITCH, choice="0.3")
        + "\nsweep = {0.0: 0.95, 0.3: 0.97, 0.6: 0.96, 0.9: 0.9}",
        "sweep-result-not-reproduced",
    ),
    "dropout, narrow": (
        "dropout",
        student("dropout=0.5", "(0.1, 0.3, 0.4)", hidden=DROPPED, more=SWITCH),
        "sweep-too-narrow",
    ),
    "width": ("width", student("n_hidden=40", "(4, 16, 64)", width="n_hidden"), None),
    "width ignored": ("width", student("n_hidden=40", "(4, 16, 64)", choice="4"), "hyperparameter-not-as-stated"),
    "layers": ("layers", student("layers=2", "(1, 2, 3)", hidden=DEEPER), None),
    "layers ignored": (
        "layers",
        student("layers=2", "(1, 2, 3)", hidden=DEEPER.replace("layers - 1", "1")),
        "hyperparameter-not-as-stated",
    ),
    "l2": ("l2", student("l2=0.0", "(0.0, 1e-5, 1e-4, 1e-3)", penalty=L2), None),
    "l2 ignored": (
        "l2",
        student("l2=0.0", "(1e-5, 1e-4, 1e-3)", penalty=L2.replace("l2", "1e-4")),
        "hyperparameter-not-as-stated",
    ),
    "momentum": (
        "momentum",
        student("momentum=0.9", "(0.0, 0.5, 0.9)", optimizer="tf.train.MomentumOptimizer(0.1, momentum)"),
        None,
    ),
    "momentum ignored": ("momentum", student("momentum=0.9", "(0.0, 0.5, 0.9)"), "hyperparameter-not-as-stated"),
    **RATE_SWEEPS,
}


@pytest.fixture(scope="module")
def handed_over(request, tmp_path_factory) -> Path:
    """Evidence of the students that are tried, each in a folder, and the courses that they are in."""
    mine = [item for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    tried = {item.callspec.params.get("name") for item in mine}
    folder = tmp_path_factory.mktemp("sweeps")
    data = toml_of(signs(folder))
    for parameter, grid in GRIDS.items():
        checks = folder / f"checks {parameter}"
        checks.mkdir()
        tables = f'{data}{TABLES}parameter = "{parameter}"\n{grid}\n'
        (checks / "exercises.toml").write_text(tables, encoding="utf-8")
        (checks / "probes_flowers_sweep.py").write_text(PROBE, encoding="utf-8")
    jobs = {
        str(folder / name): {"source": source, "checks": str(folder / f"checks {parameter}")}
        for name, (parameter, source, _) in STUDENTS.items()
        if name in tried
    }
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("sweep_side.py")), str(folder / "jobs.json")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NETGRADER_DATA": str(folder), "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def opened(folder: Path, name: str) -> TestContext:
    """Return what tests of a student's sweep work on."""
    outside = {"challenges": {CELL: 5}, "cells": [{"name": "the_sweep", "cpu_seconds": 9.0, "evidence": CELL}]}
    exercises = load_exercises(folder / f"checks {STUDENTS[name][0]}")
    return TestContext(folder / name, exercises, LocalLab, data=folder / "signs.npz", outside=outside)


def verdict(folder: Path, name: str) -> tuple[str | None, list[str]]:
    """Return the code of the first fault that the checks of a sweep find, if they find one, and those of remarks."""
    bench = opened(folder, name)
    remarks: list[str] = []
    try:
        judge(bench, lambda code, **_: remarks.append(code))
    except Failed as failed:
        return failed.faults[0].code, remarks
    finally:
        bench.close()
    return None, remarks


def judge(bench: Any, remark: Any) -> None:
    """Do what public and hidden checks of a sweep do."""
    sweep = student_sweep(bench)
    require_chosen(bench)
    require_grid(sweep)
    require_best(sweep)
    if not sweep.asked.is_rate:
        require_followed(bench)
    require_run(bench, remark)


CONSEQUENCES = {"rate, all accuracies over the images"}
"""Sweeps that were run, whose results only what was made wrong before them gives."""


@pytest.mark.parametrize("name", STUDENTS)
def test_a_sweep_is_judged_by_what_its_networks_are_and_came_to(handed_over, name):
    evidence = read_evidence(handed_over / name / CELL)
    assert evidence.problem is None
    assert not evidence.errors
    assert verdict(handed_over, name) == (STUDENTS[name][2], [NOTHING] if name in CONSEQUENCES else [])


@pytest.mark.parametrize(
    ("name", "points"), [("dropout", 4.0), ("dropout ignored", 3.0), ("dropout, narrow", 3.0), ("dropout made up", 1.0)]
)
def test_the_checks_of_the_guide_tell_what_is_right_and_what_is_not(handed_over, tmp_path, name, points):
    files = [tmp_path / "test_flowers_sweep_public.py", tmp_path / "test_flowers_sweep.py"]
    for file in files:
        file.write_text(BLOCKS[file.name], encoding="utf-8")
    checks = handed_over / "checks dropout"
    (checks / "faults.toml").write_text(BLOCKS["faults.toml"], encoding="utf-8")
    bench = opened(handed_over, name)
    found = run_tests(bench, files[:1], files[1:])
    bench.close()
    assert found.log == ()
    results = found.checks[CELL]
    assert sum(check.credit for check in results) == points, [check.message for check in results]
    told = [check.message for check in results if "sweep-too-narrow" in check.faults]
    assert all("too much alike" in str(message) for message in told)
    assert bool(told) is (name == "dropout, narrow")


ASKED = Swept("sweep", "network", "width", "width", values=3)
WIDTHS, ACCURACIES = np.array([4.0, 8, 16, 32, 64]), np.array([0.7, 0.9, 0.97, 0.99, 0.98])


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"values": 5}, True),
        ({"values": 6}, False),
        ({"span": 60.0}, True),
        ({"span": 70.0}, False),
        ({"decades": 1.2}, True),
        ({"decades": 1.5}, False),
        ({"between": (4.0, 64.0)}, True),
        ({"between": (5.0, 64.0)}, False),
        ({"between": (1.0, 50.0)}, False),
    ],
)
def test_a_grid_is_as_wide_as_the_exercise_asks_for(asked, fits):
    sweep = StudentSweep(WIDTHS, ACCURACIES, 16, DIGITS, asked=replace(ASKED, **asked))
    if fits:
        require_grid(sweep)
        return
    with pytest.raises(Failed) as caught:
        require_grid(sweep)
    assert caught.value.faults[0].code == "sweep-too-narrow"
