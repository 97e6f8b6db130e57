"""Evidence common to several probes: fed arrays, a trained network, reported curves."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.student.course_data import data_spec, given_data
from netgrader.student.fed import left_at_default, took_steps, usual_batch
from netgrader.student.fed_rows import test_rows_fed
from netgrader.student.probes import WrongReturn, export_graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgrader.evidence import EvidenceWriter, Json
    from netgrader.student.probes import Student

__all__ = ["hand_over_arrays", "hand_over_curves", "hand_over_errors", "hand_over_trained"]

WIDEST = 8  # bytes per number
FEW = 1_000_000
"""Numbers that are accepted in any shape, so that an extra column is reported as such."""


def hand_over_arrays(student: Student, out: EvidenceWriter) -> None:
    """Hand over ``x_train``, ``x_test`` and their targets, such as ``y_train_1_hot``, from the notebook.

    Images are handed over as the lookup table that made them from the given gray levels, if there is one; other inputs as
    they are. `DataSpec.labels_of` gives the names of the targets.
    """
    spec = data_spec()
    (x_train, _), (x_test, _) = given_data()
    given = {"x_train": ("x_train_2d", x_train), "x_test": ("x_test_2d", x_test)} if spec.scaling == "largest" else {}
    most = max(len(x_train), len(x_test)) * max(spec.size, spec.outputs)
    for name in ("x_train", spec.labels_of("train"), "x_test", spec.labels_of("test")):
        with student.capturing(out, name):
            out.array(name, _numbers(student.value(name), most), given.get(name))


def hand_over_curves(student: Student, out: EvidenceWriter) -> None:
    """Hand over ``acc_trn`` and ``acc_val``, float64 (n,)."""
    _hand_over_lists(student, out, ("acc_trn", "acc_val"))


def hand_over_errors(student: Student, out: EvidenceWriter) -> None:
    """Hand over ``err_trn`` and ``err_val``, float64 (n,): a regression's errors after each epoch."""
    _hand_over_lists(student, out, ("err_trn", "err_val"))


def _hand_over_lists(student: Student, out: EvidenceWriter, names: Iterable[str]) -> None:
    for name in names:
        with student.capturing(out, name):
            out.array(name, np.asarray(student.value(name), dtype=np.float64).reshape(-1))


def hand_over_trained(student: Student, out: EvidenceWriter) -> None:
    """Hand over the student's ``net`` with its session's values, open or closed, and steps taken."""
    with student.capturing(out, "net"):
        session = student.value("sess") if student.has("sess") else None
        if session is not None and not hasattr(session, "run"):
            raise WrongReturn(
                session, "a session, as sess has to be, with everything returned in the order that is asked for"
            )
        net = student.value("net")
        left: list[Json] = [*left_at_default(net)]
        noted: dict[str, Json] = {"stepped": took_steps(net), "batch": usual_batch(net), "left_at_default": left}
        with contextlib.suppress(Exception):  # arrays of any kind, which other cells answer for
            noted["fed_test"] = test_rows_fed(session, net, student.value("x_train"), student.value("x_test"))
        noted["closed"] = bool(getattr(session, "_closed", False))
        out.graph("net", export_graph(net, session, noted))


def _numbers(value: object, most: int) -> npt.NDArray[Any]:
    """Return an array of numbers of a common dtype, with at most `most` numbers (or `FEW`, if more)."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > WIDEST or array.size > max(most, FEW):
        what = f"an array of shape {array.shape} of the type {array.dtype}" if isinstance(value, np.ndarray) else ""
        raise WrongReturn(value, "an array of numbers of the shape that is asked for", what)
    return array
