"""An error is told by the line that says what was wrong, without the pages that TensorFlow puts before it."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from netgrader.checks.diagnose import said_of, without_prelude


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


@pytest.mark.parametrize(
    "other", ["", "too large", "two\nlines", "Graph execution error:", "Graph execution error:\nx"]
)
def test_any_other_message_stays_as_it_is(other: str) -> None:
    assert without_prelude(other) == other


def test_where_python_read_a_cell_from_is_left_out() -> None:
    said = said_of("SyntaxError", "'(' was never closed (1234567.py, line 3)")
    assert said == "SyntaxError: '(' was never closed (line 3)"
