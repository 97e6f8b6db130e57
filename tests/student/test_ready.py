"""`ready`: given cells wait for the student's. `skipped_in_grading`: the student's own experiments do not run there."""

import functools

import pytest

from netgrader.data import DATA_HASH
from netgrader.student.notebook_cells import is_stub, ready, skipped_in_grading


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


def asked(*names, namespace):
    """What a cell of a notebook is answered in which there are these names."""
    return eval(f"ready(*{names})", {"ready": ready, **namespace})  # noqa: S307 (our own)


def test_ready_when_all_names_are_filled_in(capsys):
    assert asked("train", "x_train", namespace={"train": computes, "x_train": [1]})
    assert capsys.readouterr().out == ""


def test_what_is_missing_is_named(capsys):
    assert not asked("net", "train", "x", namespace={"train": raises, "x": 0})
    assert capsys.readouterr().out == "Not yet: `net`, `train` still to be done. Then run this cell again.\n"


def test_a_function_that_grading_skips_does_nothing_there_and_is_itself_elsewhere(monkeypatch):
    tried = skipped_in_grading(computes)
    assert tried(1) == computes(1)
    assert tried.__name__ == "computes"
    monkeypatch.setenv(DATA_HASH, "of the data in the cage")
    assert tried(1) is None
    assert skipped_in_grading(raises)(1) is None
