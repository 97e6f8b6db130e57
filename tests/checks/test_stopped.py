"""An error is reported by the line that explains it, without the pages that TensorFlow prints before."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from netgrader.checks.diagnose import said_of, stopped_before, without_prelude


@pytest.fixture(scope="module")
def message() -> str:
    """What TensorFlow says of a shape that does not fit."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="images")
        seven = tf.reshape(x, [7], name="seven")
        with pytest.raises(tf.errors.InvalidArgumentError) as raised:
            session.run(seven, {x: [1.0, 2.0]})
    return str(raised.value)


def test_of_tensorflows_errors_the_reason_is_told_and_no_file(message: str) -> None:
    assert __file__ in message  # it does stand there
    assert without_prelude(message) == "Input to reshape is a tensor with 2 values, but the requested shape has 7"
    assert said_of("InvalidArgumentError", message) == f"InvalidArgumentError: {without_prelude(message)}"


def test_of_an_error_in_a_layer_of_keras_what_was_wrong_is_told():
    message = "Exception encountered when calling Sequential.call().\n\n\x1b[1mInput 0 is wrong.\x1b[0m\n\nArguments received:"
    assert said_of("ValueError", message) == "ValueError: Input 0 is wrong"


@pytest.mark.parametrize(
    "other", ["", "too large", "two\nlines", "Graph execution error:", "Graph execution error:\nx"]
)
def test_any_other_message_stays_as_it_is(other: str) -> None:
    assert without_prelude(other) == other


def test_where_python_read_a_cell_from_is_left_out() -> None:
    said = said_of("SyntaxError", "'(' was never closed (1234567.py, line 3)")
    assert said == "SyntaxError: '(' was never closed (line 3)"


def stopped(name: str = "", *names: str, given: bool = False) -> dict[str, object]:
    """A cell that stopped, with its id and the names that it speaks of."""
    return {"name": name, "given": given, "error": {"kind": "ValueError", "message": "no", "names": list(names)}}


RAN, CHECK = {"name": ""}, {"name": "check_other", "evidence": "check_other"}
ASKED = {"name": "check_network", "evidence": "check_network"}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([stopped("net"), stopped("network"), stopped("", "net")], "the cell net"),
        ([stopped("network"), stopped("", "net"), stopped()], "the cell network"),
        ([stopped("", "net"), stopped("", "net"), stopped()], "code cell 2"),
        ([stopped(), RAN, stopped(), RAN], "code cell 3"),
        ([stopped(), CHECK, RAN], None),
        ([stopped("", "net"), CHECK, RAN], "code cell 1"),
        ([CHECK, stopped(), stopped(), CHECK, RAN], None),
        ([RAN, stopped(given=True)], None),
    ],
    ids=[
        "its name",
        "the exercise",
        "speaks of it",
        "the last",
        "before a check",
        "spoken of",
        "between checks",
        "given",
    ],
)
def test_what_is_missing_is_laid_to_the_cell_that_stopped(cells: list[object], found: str | None) -> None:
    one = stopped_before({"cells": [*cells, ASKED, stopped("late")]}, "check_network", "net")
    assert (one and str(one.cell)) == found
