"""What sessions trained is known after their end, however a notebook opens, keeps and closes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netgrader.student.sessions import MOST

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
    assert told[style] == {"rates": RATES, "unknown": 0, "different": 3, "lost": 0}


@pytest.mark.parametrize("style", ["in_a_variable", "falling"])
def test_a_rate_that_may_have_been_another_is_none(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"rates": [], "unknown": 1, "different": 1, "lost": 0}


@pytest.mark.parametrize("style", ["begun_anew", "restored"])
def test_what_a_session_trained_is_kept_before_its_variables_are_set_anew(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"rates": [], "unknown": 3, "different": 3, "lost": 0}


def test_networks_that_share_a_graph_are_told_apart(told: dict[str, Any]) -> None:
    assert told["in_one_graph"] == {"rates": [], "unknown": 3, "different": 3, "lost": 0}


@pytest.mark.parametrize("style", ["never_trained", "no_network"])
def test_a_session_that_holds_nothing_of_a_network_tells_of_none(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"rates": [], "unknown": 0, "different": 0, "lost": 0}


def test_not_more_is_kept_than_fits(told: dict[str, Any]) -> None:
    assert told["most"] == MOST
    assert told["large"] == 0


def test_what_an_optimizer_remembers_is_no_part_of_a_network(told: dict[str, Any]) -> None:
    assert told["shapes"] == [["W1", [30, 50]], ["W2", [50, 10]]]


def test_weights_that_could_not_be_read_are_counted(told: dict[str, Any]) -> None:
    assert told["lost"] == 1
