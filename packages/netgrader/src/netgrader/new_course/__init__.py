"""Make a course, or an assignment, from data and a few answers; all of it works and can be changed."""

from __future__ import annotations

import functools
import io
import itertools
import json
import math
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from netgrader.checks.parameters import LOOP, kinds_on
from netgrader.checks.wording import percent
from netgrader.drawing_pad import can_be_drawn
from netgrader.errors import UsageError
from netgrader.files import write_text
from netgrader.limited import read_within_limits
from netgrader.new_course.datasets import read_data
from netgrader.own_files import DIGITS, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgrader.data import DataSpec

__all__ = ["NewAssignment", "copy_digits", "make_assignment", "make_config"]

NOTEBOOK_FORMAT = 5
DATA_SECONDS = 300.0  # for reading an instructor's data; 60,000 images take 20
LOOPED = 400  # training rows; 25 minibatches of 16 are enough to see an order
STEPS, MOST_EPOCHS, LEAST_EPOCHS = 3_000, 60, 5
"""Training steps of the reference solution, and bounds for its epochs."""
RIGHT, WRONG = "right", "wrong"
GIVEN_AS_LOGITS = {RIGHT: "logits", WRONG: "prediction"}
"""The loss's input: the wrong submission applies the softmax, or the sigmoid, twice."""
FORMS = {False: "one-hot", True: "a column of 0 and 1"}
"""The form of labels, by whether networks have one output."""
COLUMN = "tf.matmul(hidden, W2) + b2"
SCALED = {RIGHT: f"tf.squeeze({COLUMN}, axis=1)", WRONG: COLUMN}
"""The output of a regression's last layer: the wrong submission compares a column with a row of targets."""
PREFIXES = {"check": "check_"}
"""Prefixes of cell ids, by kind of cell."""
NUMBERS = "numbers/"
"""The folder of the templates for numeric targets."""
SCALING_ASKED = {
    "largest": ", its gray levels divided by {spec.largest}, so that they are from 0 to 1",
    "standard": ", each feature less its mean over the training rows and divided by its standard deviation there (0 where it "
    "is constant)",
    "none": "",
}
PREPARED = {
    "largest": "x_train = x_train_raw.reshape(len(x_train_raw), -1).astype(np.float32) / {spec.largest}\n"
    "x_test = x_test_raw.reshape(len(x_test_raw), -1).astype(np.float32) / {spec.largest}",
    "standard": "rows, test_rows = x_train_raw.reshape(len(x_train_raw), -1), x_test_raw.reshape(len(x_test_raw), -1)\n"
    "mean, deviation = rows.mean(axis=0), rows.std(axis=0)\n"
    "deviation[rows.min(axis=0) == rows.max(axis=0)] = 1\n"
    "x_train = ((rows - mean) / deviation).astype(np.float32)\n"
    "x_test = ((test_rows - mean) / deviation).astype(np.float32)",
    "none": "x_train = x_train_raw.reshape(len(x_train_raw), -1).astype(np.float32)\n"
    "x_test = x_test_raw.reshape(len(x_test_raw), -1).astype(np.float32)",
}


@dataclass(frozen=True)
class NewAssignment:
    """The instructor's answers."""

    name: str
    """The name of the assignment, and of its notebook."""
    data: Path
    """A file: see `netgrader.new_course.datasets.read_data`."""
    called: str = ""
    """What one input shows, in the singular; if empty, from the data: their target column, or image, class or value."""
    names: tuple[str, ...] = ()
    """The names of the classes; if empty, those in the data, or their numbers."""
    target: float = 0.9
    """The required test accuracy, between 0 and 1; in a regression, the mean absolute error on the test rows."""
    unit: str = ""
    """The unit of a regression's targets."""
    target_column: str = ""
    """The column of a table to predict."""
    one_output: bool = False
    """Whether networks separate two classes by one output."""


def copy_digits(root: Path) -> tuple[Path, ...]:
    """Copy the digits course, without submissions, into the empty folder `root`; return its notebooks."""
    course = DIGITS if DIGITS.is_dir() else PACKAGE.parents[3]
    for folder in ("source", "grader_tests", "data"):
        shutil.copytree(course / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(course / "LICENSE", root)
    write_text(root / "README.md", _render("digits.md.j2", {}))
    make_config(root)
    return tuple(sorted(root.glob("source/*/*.ipynb")))


def make_config(root: Path) -> None:
    """Write the ``nbgrader_config.py`` of a new course, and its folders for tests and submissions."""
    write_text(root / "nbgrader_config.py", _render("nbgrader_config.py.j2", {"course_id": root.resolve().name}))
    for folder in ("grader_tests", "submitted"):
        (root / folder).mkdir(exist_ok=True)


def make_assignment(root: Path, wanted: NewAssignment) -> tuple[Path, ...]:
    """Write an assignment into the course in `root`, with two example submissions; return the files.

    Raises
    ------
    UsageError
        If some of its files exist already, or the data are unusable.
    """
    name, notebook = wanted.name, f"1_{wanted.name}"
    source = root / "source" / name
    hidden = root / "grader_tests" / f"test_{name}.py"
    for path in (source, hidden):
        if path.exists():
            raise UsageError(f"{path} exists. Choose another name for the assignment, or remove it.")
    read = functools.partial(
        read_data,
        called=wanted.called,
        names=wanted.names,
        unit=wanted.unit,
        target_column=wanted.target_column,
        one_output=wanted.one_output,
    )
    spec, content = read_within_limits(wanted.data, read, wanted.data, seconds=DATA_SECONDS)
    terms = _terms(wanted, spec, content)
    folder = terms["folder"]
    data = root / "data" / spec.file
    if data.is_file() and data.read_bytes() != content:
        raise UsageError(f"{data} exists and holds something else. Give the data {wanted.data} another name.")
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_bytes(content)
    checks = source / "checks"
    checks.mkdir(parents=True)
    written = {
        checks / "exercises.toml": f"{folder}exercises.toml.j2",
        checks / f"probes_{name}.py": f"{folder}probes.py.j2",
        checks / f"test_{name}_public.py": f"{folder}test_public.py.j2",
        hidden: f"{folder}test_hidden.py.j2",
    }
    for path, template in written.items():
        write_text(path, _render(template, terms))
    if not (root / "README.md").exists():
        write_text(root / "README.md", _render("README.md.j2", terms))
    solved = source / f"{notebook}.ipynb"
    write_text(solved, _notebook(terms, RIGHT))
    for student in (RIGHT, WRONG):
        handed_in = root / "submitted" / student / name
        handed_in.mkdir(parents=True, exist_ok=True)
        write_text(handed_in / f"{notebook}.ipynb", _notebook(terms, student))
    return (solved, *written)


def _terms(wanted: NewAssignment, spec: DataSpec, content: bytes) -> dict[str, Any]:
    """Return the values for an assignment's templates.

    Raises
    ------
    UsageError
        If the target is out of range.
    """
    terms: dict[str, Any] = {
        "title": wanted.name.replace("_", " ").capitalize(),
        "name": wanted.name,
        "notebook": f"1_{wanted.name}",
        "short": wanted.name,
        "spec": spec,
        "target": wanted.target,
        "width": 128,
        "batch": 64,
        "folder": NUMBERS if spec.is_regression else "",
        "epochs": min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(STEPS * 64 / spec.train.rows))),
        "drawn": can_be_drawn(spec),
        "looped": _minibatch(spec) if LOOP in kinds_on(spec) and spec.train.rows >= LOOPED else 0,
        "y_train": spec.labels_of("train"),
        "y_test": spec.labels_of("test"),
        "asked_scaling": SCALING_ASKED[spec.scaling].format(spec=spec),
        "prepared": PREPARED[spec.scaling].format(spec=spec),
    }
    terms |= _of_numbers(wanted, spec, content) if spec.is_regression else _of_classes(wanted, spec)
    return terms | {"spec_lines": _toml(terms["spec"])}


def _of_classes(wanted: NewAssignment, spec: DataSpec) -> dict[str, Any]:
    """Return the values for templates of a classification.

    Raises
    ------
    UsageError
        If the target is out of range.
    """
    least_target = spec.above_chance(0.1)
    if not least_target <= wanted.target < 1:
        raise UsageError(f"With {spec.classes} classes the target must be between {least_target:.2f} and 1.")
    if wanted.target <= spec.nothing_for:
        spec = msgspec.structs.replace(spec, worthless=round((1 / spec.classes + wanted.target) / 2, 3))
    return {
        "spec": spec,
        "form": FORMS[spec.one_output],
        "names": repr([spec.name(number) for number in range(spec.classes)]),
        "least": round((spec.nothing_for + wanted.target) / 2, 3),
        "none_at": round(max(1 - 5 / 3 * (1 - wanted.target), spec.nothing_for), 4),
    }


def _minibatch(spec: DataSpec) -> int:
    """Return a minibatch size for trying a loop: about 90 per epoch, not a divisor of the rows."""
    return next(size for size in itertools.count(max(16, spec.train.rows // 90)) if spec.train.rows % size)


def _of_numbers(wanted: NewAssignment, spec: DataSpec, content: bytes) -> dict[str, Any]:
    """Return the values for templates of a regression.

    Raises
    ------
    UsageError
        If the target is out of range.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        train, test = (archive[part.targets].astype(np.float64) for part in (spec.train, spec.test))
    guessed = float(np.abs(test - np.median(test)).mean())
    if not 0 < wanted.target < 0.9 * guessed:
        raise UsageError(
            f"The target is the mean absolute error on the test rows, in the unit of the targets: above 0 and below "
            f"{0.9 * guessed:.3g}, since who always answers the same is off by {guessed:.3g}."
        )
    none_at = min(2 * wanted.target, (wanted.target + guessed) / 2)
    every = np.concatenate([train, test])
    return {
        "largest": float(f"{none_at:.3g}"),
        "none_at": float(f"{none_at:.3g}"),
        "targets": f"[{every.min():.6g}, {every.max():.6g}]",
        "told_target": f"{wanted.target:g} {spec.unit}".strip(),
        "axis": f"{spec.called}, {spec.unit}" if spec.unit else spec.called,
    }


def _render(template: str, terms: Mapping[str, object]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("netgrader.new_course", "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (these are programs and notebooks)
    )
    return environment.get_template(template).render(terms, percent=percent)


def _notebook(terms: Mapping[str, object], variant: str) -> str:
    """Return the notebook as JSON; a `variant` other than the right one has a mistake."""
    answers = {"given_as_logits": GIVEN_AS_LOGITS[variant], "scaled": SCALED[variant]}
    text = _render(f"{terms['folder']}notebook.j2", {**terms, **answers})
    book = new_notebook(cells=list(_cells(text)))
    book.metadata = nbformat.from_dict(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
    book.nbformat_minor = NOTEBOOK_FORMAT
    nbformat.validate(book)
    return f"{nbformat.writes(book)}\n"


def _cells(text: str) -> Iterator[nbformat.NotebookNode]:
    for block in f"\n{text}".split("\n%% ")[1:]:
        head, _, body = block.partition("\n")
        kind, *rest = head.split()
        body = body.strip("\n")
        if kind == "text":
            yield new_markdown_cell(body)
            continue
        cell = new_code_cell(body)
        if kind != "code":
            cell.metadata["nbgrader"] = _nbgrader(kind, *rest)
        yield cell


def _nbgrader(kind: str, name: str, points: str = "") -> dict[str, object]:
    """Return nbgrader's metadata of a cell; a check cell is named after its solution cell."""
    about: dict[str, object] = {
        "grade": kind == "check",
        "grade_id": f"{PREFIXES.get(kind, '')}{name}",
        "locked": kind != "solution",
        "schema_version": 3,
        "solution": kind == "solution",
        "task": False,
    }
    return {**about, "points": float(points)} if kind == "check" else about


def _toml(spec: DataSpec) -> str:
    """Return the table ``[data]`` without values that are defaults."""
    return "\n".join(f"{name} = {_value(told)}" for name, told in msgspec.to_builtins(spec).items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
