"""An error is told by the line that says what was wrong, without the pages that TensorFlow puts before it."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from netgrader.checks.advice import advice
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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("object of type 'zip' has no len()", "list(…) around it"),
        ("'map' object is not subscriptable", "list(…) around it"),
        ("object of type 'int' has no len()", ""),
        ("'numpy.ndarray' object has no attribute 'shuffle'", "np.random.permutation"),
        ("'numpy.ndarray' object has no attribute 'append'", "a list, as [] makes one"),
        ("'numpy.ndarray' object has no attribute 'numpy'", ""),
    ],
)
def test_what_to_write_is_said_where_it_would_mend_the_line(said: str, told: str) -> None:
    found = advice(said, "a line")
    assert told in found if told else not found


@pytest.mark.parametrize(
    ("said", "line", "told"),
    [
        ("inconsistent use of tabs and spaces in indentation", None, "by spaces alone"),
        ("invalid non-printable character U+00A0", "x = 1", "typed anew"),
        ("cannot unpack non-iterable coroutine object", "a, b = f()", "def without async"),
        ("No module named 'torch'", "import torch", "torch is not installed"),
        ("URL fetch failure on https://example.org: None", "mnist.load_data()", "nothing can be fetched"),
        ("module 'random' has no attribute 'eye'", "return np.eye(10)[labels]", "let no other line make np"),
        ("'int' object has no attribute 'matmul'", "h = tf.matmul(x, W)", "let no other line make tf"),
        ("module 'tensorflow' has no attribute 'placeholder'", None, "let no other line make tf"),
        ("too many values to unpack (expected 2)", "a, b = f()", "half is 0.5"),
        ("range() arg 3 must not be zero", "for i in range(0, n, size):", "1 or more"),
        ("'types.SimpleNamespace' object is not callable", "net(x)", "run by a session"),
        ("The initializer passed is not valid.", "tf.get_variable('W', [x.shape[0], n])", "x.shape[-1]"),
        ("`tf.data.Dataset` only supports Python-style iteration in eager mode", "model.fit(x)", "no model of Keras"),
        (
            "<built-in method TFE_Py_TapeWatch of PyCapsule> returned a result",
            "o.minimize(lambda: loss)",
            "minimize(loss)",
        ),
        (
            "Dimension value must be integer, got value '1.5' with type '<class 'float'>'",
            "layer(X, 1.500)",
            "1.500 is 1.5",
        ),
        (
            "Dimension value must be integer, got value ''9'' with type '<class 'str'>'",
            "layer(X, '9')",
            "without quotes",
        ),
        ("relu() missing 1 required positional argument: 'features'", "f=tf.nn.relu()", "without brackets behind it"),
        ("'layer 1' is not a valid root scope name.", "layer(X, 9, 'layer 1')", "without spaces"),
        ("'float' object cannot be interpreted as an integer", "for rate in range(0.001, 0.1):", "in a list"),
        ("Iterating over a symbolic `tf.Tensor` is not allowed.", "h, W = layer(X, 10)", "with commas between"),
        ("Iterating over a symbolic `tf.Tensor` is not allowed.", "for row in X:", "functions of TensorFlow's"),
        ("'SymbolicTensor' object has no attribute 'sum'", "p.sum().backward()", "a function of TensorFlow's"),
        ("slice index 10 of dimension 1 out of bounds.", "p[:, i]", "counted from 0"),
        (
            "Exception encountered when calling Dropout.call()",
            "h = Dropout(0.3)(h, training=on)",
            "as the recipes have",
        ),
        ("Too many arguments were given. Expected 4 but got 5", "rate=tf.where(on, 0,3, 0,0)", "half is 0.5"),
        (
            "Expected int32 passed to parameter 'e' of op 'Select', got 0.0 of type 'float'",
            "f(on, 1, 0.0)",
            "of one type",
        ),
        # Nothing was taken: NumPy has no such function, and a tensor no such attribute.
        ("module 'numpy' has no attribute 'nothing'", "np.nothing", ""),
        ("'list' object has no attribute 'add'", "x.add(1) + np.add(x, 1)", ""),
    ],
)
def test_what_pasted_code_stops_with_is_told_with_what_to_write(said: str, line: str | None, told: str) -> None:
    found = advice(said, line)
    assert told in found if told else not found


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
    assert (one and one.cell) == found
