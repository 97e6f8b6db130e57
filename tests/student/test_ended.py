"""What sessions trained is known after their end, however a notebook opens, keeps and closes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netgrader.student.ended import MOST

RATES = [0.001, 0.01, 0.1]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).parent / "ended_side.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize(
    "style",
    ["with_statement", "closed_by_hand", "left_to_python", "function_of_one_rate", "interactive", "kept_open"],
)
def test_the_weights_at_each_rate_are_known_in_any_style(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"rates": RATES, "unknown": 0, "weights": RATES, "names": ["W1", "W2"]}


def test_a_rate_in_a_variable_is_known_and_may_have_been_another(told: dict[str, Any]) -> None:
    assert told["in_a_variable"] == {"rates": [], "unknown": 1, "weights": [0.5], "names": ["W1", "W2"]}


def test_a_rate_that_falls_is_no_plain_number(told: dict[str, Any]) -> None:
    assert told["falling"] == {"rates": [], "unknown": 1, "weights": [], "names": ["W1", "W2"]}


def test_a_session_that_nothing_was_run_in_has_a_rate_and_no_weights(told: dict[str, Any]) -> None:
    assert told["never_trained"] == {"rates": RATES, "unknown": 0, "weights": [], "names": []}


def test_an_example_of_one_number_is_no_network(told: dict[str, Any]) -> None:
    assert told["no_network"] == {"rates": [], "unknown": 0, "weights": [], "names": []}


def test_not_more_is_kept_than_fits(told: dict[str, Any]) -> None:
    assert told["most"] == {"kept": MOST, "noted": MOST + 5}
    assert told["large"] == {"kept": 0, "noted": MOST + 6}
