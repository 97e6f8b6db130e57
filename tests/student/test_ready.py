"""`your_work`: given cells show students' results. `skipped_in_grading`: students' own experiments do not run there."""

import functools

import pytest

from netgrader.data import DATA_HASH
from netgrader.student.notebook_cells import is_stub, skipped_in_grading, your_work


def only_a_docstring(a, b=1):
    """Does nothing yet."""


def only_dots(a): ...


def raises(a, *, key=None):
    """Does nothing yet."""
    raise NotImplementedError


def noted(function):
    """Decorate as a student may: what is called does something, what it stands for may not."""

    @functools.wraps(function)
    def called(*given, **named):
        return function(*given, **named)

    return called


def computes(a):
    return a + 1


def works_and_kept_the_stub_below(a):
    return len(str(a))
    raise NotImplementedError


@pytest.mark.parametrize("function", [only_a_docstring, only_dots, raises, noted(raises)], ids=lambda f: f.__name__)
def test_a_function_as_the_notebook_came_with_it_is_a_stub(function):
    assert is_stub(function)


@pytest.mark.parametrize("value", [computes, works_and_kept_the_stub_below, noted(computes), len, 3, None, int])
def test_whatever_does_something_is_no_stub(value):
    assert not is_stub(value)


def answered(code, capsys, **namespace):
    """What a given cell prints that shows what students made by this code."""
    cell = f"with your_work():\n    {code}"
    exec(cell, {"your_work": your_work, **namespace})  # noqa: S102 (stands for a notebook's cell)
    return capsys.readouterr().out


def test_a_given_cell_shows_what_is_there(capsys):
    assert answered("print(computes(x_train))", capsys, computes=computes, x_train=1) == "2\n"


@pytest.mark.parametrize("code", ["computes(train)", "raises(3)", "net.graph"])
def test_what_is_missing_is_named(code, capsys):
    name = {"computes(train)": "train", "raises(3)": "raises", "net.graph": "net"}[code]
    said = answered(code, capsys, computes=computes, raises=raises)
    assert said == f"Not yet: `{name}` is still missing. Make it, then run this cell again.\n"


def misspells(x):
    return hiden(x)  # noqa: F821 (the mistake)


def forgets(x):
    if x > 10:
        y = 1
    return y


@pytest.mark.parametrize(("code", "named"), [("misspells(3)", "NameError"), ("forgets(3)", "UnboundLocalError")])
def test_a_mistake_in_what_is_there_is_not_taken_for_an_exercise_that_is_not_done(code, named, capsys):
    said = answered(code, capsys, misspells=misspells, forgets=forgets)
    assert said.startswith(f"This cell cannot show what you made above. {named}: ")


def refuses(tensor):
    raise NotImplementedError(
        f"Cannot convert a symbolic tf.Tensor ({tensor}:0) to a numpy array."
    )  # as TensorFlow does


def test_what_tensorflow_says_is_not_implemented_has_its_advice(capsys):
    said = answered("refuses('X')", capsys, refuses=refuses)
    assert "is still missing" not in said
    assert "NotImplementedError: Cannot convert a symbolic tf.Tensor" in said


def test_what_does_not_fit_is_one_sentence_and_what_to_do(capsys):
    closed = answered("fail('Attempted to use a closed Session.')", capsys, fail=fail)
    assert closed.startswith("This cell cannot show what you made above. RuntimeError: Attempted to use a closed")
    assert "Use an open session" in closed
    said = answered("fail('axis 1 is out of bounds\\nand more')", capsys, fail=fail)
    assert said.endswith("RuntimeError: axis 1 is out of bounds.\n")


def fail(message):
    raise RuntimeError(message)


def test_an_interrupt_goes_through():
    with pytest.raises(KeyboardInterrupt), your_work():
        raise KeyboardInterrupt


def test_a_function_that_grading_skips_does_nothing_there_and_is_itself_elsewhere(monkeypatch):
    tried = skipped_in_grading(computes)
    assert tried(1) == computes(1)
    assert tried.__name__ == "computes"
    monkeypatch.setenv(DATA_HASH, "of the data in the cage")
    assert tried(1) is None
    assert skipped_in_grading(raises)(1) is None
