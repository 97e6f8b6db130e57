"""Evidence from notebook 1: the arrays that are fed to networks."""

import numpy as np

from netgrader.evidence import EvidenceWriter
from netgrader.student.data import given_data
from netgrader.student.probes import Student, WrongReturn, probe

MOST_VALUES = 60_000 * 28 * 28


@probe("check_prepare_data")
def prepare_data(student: Student, out: EvidenceWriter) -> None:
    """Hand over the four arrays; images as the table that made them from the grey levels, where there is one."""
    (x_train, _), (x_test, _) = given_data()
    given = {"x_train": ("x_train_2d", x_train), "x_test": ("x_test_2d", x_test)}
    for name in ("x_train", "y_train_1_hot", "x_test", "y_test_1_hot"):
        with student.capturing(out, name):
            out.array(name, numbers(student.value(name)), given.get(name))


def numbers(value: object) -> np.ndarray:
    """An array of numbers of an ordinary type and size."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or array.size > MOST_VALUES:
        raise WrongReturn(value, "an array of numbers of the shape that is asked for")
    return array
