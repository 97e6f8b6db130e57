"""Each example of a rejected line gets its own advice of ``advice.toml`` and no other."""

from __future__ import annotations

import re

import pytest

from graphread.text import Text
from netgrader.checks.advice import ADVICE, PLACES, advice


@pytest.mark.parametrize("one", ADVICE, ids=lambda one: one.example[:60])
def test_an_example_gets_its_answer_and_no_other_pattern_fits_it(one):
    told = str(Text(one.answer, **dict.fromkeys(PLACES, "VALUE")))
    assert re.fullmatch(re.escape(told).replace("VALUE", ".+"), str(advice(one.example, one.line)))
    text = one.example if one.line is None else f"{one.example}\n>>> {one.line}"
    assert [other.pattern for other in ADVICE if re.search(other.pattern, text, re.DOTALL)] == [one.pattern]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("object of type 'int' has no len()", "len(5)"),
        ("'numpy.ndarray' object has no attribute 'numpy'", "x.numpy()"),
        # No name was taken: NumPy has no such function, and a list no such attribute.
        ("module 'numpy' has no attribute 'nothing'", "np.nothing"),
        ("'list' object has no attribute 'add'", "x.add(1) + np.add(x, 1)"),
    ],
)
def test_where_nothing_is_known_nothing_is_said(error, line):
    assert not advice(error, line)
