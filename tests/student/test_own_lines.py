"""A cell's traceback shows the student's own lines, and library lines only on request."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from netgrader.student import own_lines

LIBRARY = """
def call(function, *arguments):
    return _deeper(function, *arguments)

def _deeper(function, *arguments):
    try:
        return function(*arguments)
    except ZeroDivisionError as error:
        raise ValueError(TEXT) from error

TEXT = \"\"\"Graph execution error:

Detected at node 'x':
  File a
Node: 'x'
all wrong
\t [[{{node x}}]]

Original stack trace for 'x':
  File b\"\"\"
"""
CELL = """
import library

def student(function):
    return library.call(function, 1)  # mine

student({})  # below
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A notebook's shell in which errors are shown so, and a library that is installed."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "library.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    shell = InteractiveShell()
    own_lines.install(shell)
    return shell


@pytest.fixture
def shown(shell, capsys):
    def run(cell, shell=shell):
        capsys.readouterr()
        shell.run_cell(cell)
        return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)

    return run


def test_lines_of_a_library_and_its_pages_are_left_out_and_shown_when_asked_for(shown):
    said = shown(CELL.format("lambda one: one / 0"))
    assert "# mine" in said
    assert "# below" in said
    assert "lambda one: one / 0" in said
    assert "ZeroDivisionError: division by zero" in said
    assert said.count("ValueError: all wrong\n") == 1
    assert said.rstrip().endswith("type %tb Verbose in a new cell to see them.")
    assert [left for left in ("_deeper", "Original stack", "node x", "Graph execution") if left in said] == []
    assert "_deeper" in shown("%tb Verbose")
    shown("%xmode Verbose")
    assert "_deeper" in shown(CELL.format("lambda one: one / 0"))


def test_who_stops_a_cell_is_told_where_it_was(shown):
    said = shown(CELL.format("library._deeper"))
    assert "TypeError" in said
    assert "Original" not in said
    said = shown("import library\ndef stop(): raise KeyboardInterrupt\nlibrary.call(exec, stop.__code__)  # mine")
    assert "# mine" in said
    assert "KeyboardInterrupt: stopped here, before the end of the cell" in said
    assert "_deeper" not in said


@pytest.mark.parametrize(
    "cell", ["1 / 0", "def f(:", "raise ValueError('mine')", "import library\nlibrary.nothing", "exit_now"]
)
def test_what_is_the_students_own_alone_is_shown_as_ever(shown, cell):
    ours = shown(cell)
    assert "Error" in ours
    assert ours == shown(cell, InteractiveShell())


def test_an_error_that_cannot_be_printed_is_told_all_the_same(shown):
    said = shown(
        "import library\nclass Odd(Exception):\n    def __str__(self): raise OSError\ndef odd(): raise Odd\nlibrary.call(odd)"
    )
    assert "Odd" in said
    assert "in odd()" in said


def test_a_library_s_words_are_told_to_their_end_unless_they_are_pages_of_tensorflow_s(shown):
    odd = "import library\nlibrary.TEXT = {!r}\nlibrary.call(lambda one: one / 0, 1)"
    said = shown(odd.format("no inverse of\n[[1 1]\n [1 1]]\nrow 1 is row 0"))
    assert "ValueError: no inverse of\n[[1 1]\n [1 1]]\nrow 1 is row 0\n" in said
    assert "ValueError: a\n" in shown(odd.format("a" + "\n" * 1999))  # cubic time would be minutes
    assert "ValueError: a\n" in shown(odd.format("a\n\t [[node x]]"))
