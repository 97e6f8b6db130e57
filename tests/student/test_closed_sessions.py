"""Trained values are known after their sessions end, however a notebook opens, keeps and closes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netgrader.student.sessions import Kept
from tests.processes import run_program


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    said = run_program(Path(__file__).with_name("ended_side.py"))
    seen: dict[str, Any] = json.loads(said.printed.splitlines()[-1])
    return seen


@pytest.mark.parametrize(
    "style",
    ["with_statement", "left_to_python", "function_of_one_rate", "interactive", "kept_open", "begun_anew", "restored"],
)
def test_the_weights_of_each_training_are_known_in_any_style(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"different": 3, "runs": 3}


def test_one_training_that_goes_on_is_known_at_each_evaluation(told: dict[str, Any]) -> None:
    assert told["trained_on"] == {"different": 3, "runs": 1}


def test_networks_that_share_a_graph_are_told_apart(told: dict[str, Any]) -> None:
    assert told["in_one_graph"] == {"different": 3, "runs": 1}


def test_weights_of_more_open_sessions_than_are_held_are_known_too(told: dict[str, Any]) -> None:
    assert told["many_open"] == {"different": Kept.MOST_OPEN + 2, "runs": Kept.MOST_OPEN + 2}


@pytest.mark.parametrize("style", ["never_trained", "no_network"])
def test_a_session_that_holds_nothing_of_a_network_tells_of_none(told: dict[str, Any], style: str) -> None:
    assert told[style] == {"different": 0, "runs": 0}


def test_not_more_is_kept_than_fits(told: dict[str, Any]) -> None:
    assert told["most"] == Kept.MOST
    assert told["large"] == 0


def test_a_training_that_is_evaluated_often_drives_out_no_other(told: dict[str, Any]) -> None:
    assert told["kept of each"] == [1, Kept.MOST - 2, 1]


def test_of_a_cell_that_ran_again_the_last_run_counts(told: dict[str, Any]) -> None:
    assert told["run_again"] == {"different": 9, "runs": 9}


def test_what_an_optimizer_remembers_is_no_part_of_a_network(told: dict[str, Any]) -> None:
    assert told["shapes"] == [["W1", [30, 50]], ["W2", [50, 10]]]
