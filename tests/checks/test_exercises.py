"""The exercises' parameters: read, refused with a sentence, and the same questions on both sides."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from netgrader.checks.exercises import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    BadExerciseError,
    Exercises,
    load_exercises,
    net_at,
)
from netgrader.network import activations, losses, optimizers

SOURCE = Path(__file__).resolve().parents[2] / "source" / "digits" / "checks"


def exercises(tmp_path, text: str) -> Exercises:
    file = tmp_path / "exercises.toml"
    file.write_text(text, encoding="utf-8")
    return load_exercises(file)


def test_the_course_asks_for_its_one_layer_network_as_the_contract_says():
    asked = load_exercises(SOURCE).network("one_layer_network")
    assert asked.name == "one_layer_network"
    assert (asked.widths, asked.activations, asked.inputs) == ((10,), ("none",), 784)
    assert (asked.loss, asked.optimizer, asked.learning_rate) == ("softmax-cross-entropy", "adam", 0.003)
    assert asked.bias is True


def test_a_network_can_be_asked_for_at_another_rate():
    assert load_exercises(SOURCE).network("one_layer_network", 0.02).learning_rate == 0.02


def test_other_rates_depend_on_the_seed_alone_and_lie_apart():
    known = load_exercises(SOURCE)
    rates = known.asked_rates("one_layer_network", 7)
    assert rates == load_exercises(SOURCE).asked_rates("one_layer_network", 7)
    assert rates != known.asked_rates("one_layer_network", 8)
    assert rates == known.asked_rates("one_layer_network", 7)
    for seed in range(50):
        asked = [0.003, *known.asked_rates("one_layer_network", seed)]
        assert len(asked) == 3
        assert all(0.0003 <= rate <= 0.03 for rate in asked)
        logs = sorted(math.log(rate) for rate in asked)
        assert min(b - a for a, b in itertools.pairwise(logs)) > math.log(1.5)


def test_rates_are_the_same_on_every_machine():
    assert load_exercises(SOURCE).asked_rates("one_layer_network", 0) == (0.0113, 0.000655)


def test_an_exercise_without_further_rates_is_asked_for_once(tmp_path):
    assert exercises(tmp_path, "[deep_network]\nmin_layers = 3").asked_rates("deep_network", 1) == ()


def test_items_of_networks_have_names_of_their_own():
    assert net_at(0) == "net@1"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[a]\nwidths = 10", "widths"),
        ("[a]\nwidths = [0]", "widths"),
        ("[a]\nwidths = [true]", "widths"),
        ('[a]\nwidths = [10, 10]\nactivations = ["none"]', "one for each layer"),
        ("[a]\nactivations = [1]", "activations"),
        ("[a]\nlearning_rate = -1", "learning_rate"),
        ("[a]\nlearning_rate = inf", "learning_rate"),
        ('[a]\nlearning_rate = "fast"', "learning_rate"),
        ("[a]\nmin_layers = 0", "min_layers"),
        ("[a]\nother_rates = 2", "rates_between"),
        ("[a]\nrates_between = [1, 0.1]", "rates_between"),
        ("[a]\nrates_between = 3", "rates_between"),
        ("[a]\nwidths = [1500, 11]", "a neuron for each of the 10 classes"),
        ('[a]\nwidths = [10]\nactivations = ["rely"]', "'rely'"),
        ('[a]\nloss = "cross-entropy"', "one of softmax-cross-entropy"),
        ('[a]\noptimizer = "Adam"', "one of adadelta, adagrad, adam,"),
        ('[a]\nbias = "yes"', "true or false"),
        ("[a]\ntarget = 98.5", "such as 0.985 for 98.5 %, not 98.5"),
        ("[a]\nfull = 0.97\nnone = 0.98", "none must lie below full"),
        ("[a]\ntarget = 0.98\nfull = 0.985", "full must not lie above target"),
        ("[a]\nleast_accuracy = 0.8\nleast_of_a_faulty_one = 0.9", "not lie above least_accuracy"),
        ("[a]\nepochs = 0", "epochs must be a whole number above 0, not 0"),
        ("[a]\ndecades = -2", "decades"),
        ("[a]\ncalls = [{ n_epochs = 1 }]", "mini_batch_size"),
        ("[a]\ncases = []", "cases"),
        ("[a]\nwidth = [10]", "'width', which nothing reads; is it widths"),
        ("a = 3", "table"),
        ("[a", "TOML"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_its_name(tmp_path, text, word):
    with pytest.raises(BadExerciseError, match=word) as caught:
        exercises(tmp_path, text)
    assert str(tmp_path) in str(caught.value)


def test_every_kind_that_can_be_asked_for_is_one_that_the_reader_tells():
    assert {*activations.BANK, "leaky-relu"} >= ACTIVATIONS
    assert {fused.kind for fused in optimizers.FUSED.values()} >= OPTIMIZERS
    assert {losses.CROSS_ENTROPY} == LOSSES


def test_a_table_may_have_parameters_of_its_own_for_tests_of_ones_own(tmp_path):
    assert exercises(tmp_path, "[ink]\nimages = 40\ncolour = 'blue'").table("ink")["images"] == 40


def test_rates_too_close_together_are_refused(tmp_path):
    text = "[a]\nlearning_rate = 0.1\nother_rates = 2\nrates_between = [0.09, 0.11]"
    with pytest.raises(BadExerciseError, match="too narrow"):
        exercises(tmp_path, text).asked_rates("a", 0)


def test_a_missing_file_and_a_missing_table_are_named(tmp_path):
    with pytest.raises(BadExerciseError, match="cannot be read"):
        load_exercises(tmp_path / "exercises.toml")
    with pytest.raises(BadExerciseError, match=r"\[b\]"):
        exercises(tmp_path, "[a]").table("b")
