"""The exercises' parameters: read, rejected with a sentence, and the same on both sides."""

from __future__ import annotations

import ast
import itertools
import math
import tomllib
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from graphread.find import activations, losses, optimizers, target_losses
from netgrader.checks.exercises import BadExerciseError, Exercises, exercises_of, load_exercises
from netgrader.checks.parameters import (
    OF_CLASSES,
    OWN,
    Activation,
    CaseActivation,
    ClassLoss,
    CourseLimits,
    ErrorLoss,
    Optimizer,
)
from netgrader.judges import dense
from netgrader.toml_tables import SenselessTableError
from netgrader.which_course import find_course

SOURCE = Path(__file__).resolve().parents[2] / "source" / "digits" / "checks"


def exercises(tmp_path, text: str) -> Exercises:
    file = tmp_path / "exercises.toml"
    file.write_text(text, encoding="utf-8")
    return load_exercises(file)


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


DATA = """
[data]
file = "digits.npz"
sha256 = "%s"
train = { inputs = "x", targets = "y", rows = 60_000 }
test = { inputs = "x", targets = "y", rows = 10_000 }
shape = [28, 28]
classes = 10
worthless = 0.8
""" % (64 * "0")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[a]\nwidths = 10", "widths"),
        ("[a]\nwidths = [0]", "widths"),
        ('[a]\nwidths = [10, 10]\nactivations = ["none"]', "must have an entry for each layer"),
        ("[a]\nactivations = [1]", "activations"),
        ("[a]\nlearning_rate = -1", "learning_rate"),
        ("[a]\nother_rates = 2", "rates_between"),
        ("[a]\nrates_between = [1, 0.1]", "rates_between"),
        ("[a]\nwidths = [20_001, 10]", "widths, each a whole number from 1 to 20,000"),
        ("[a]\nwidths = [1500, 11]", "widths must end with 10, the outputs of the last layer"),
        ('[a]\nwidths = [10]\nactivations = ["rely"]', "'rely'"),
        ('[a]\nloss = "cross-entropy"', "one of .*softmax-cross-entropy"),
        ('[a]\noptimizer = "Adam"', "one of adadelta, adagrad, adam,"),
        ('[a]\nbias = "yes"', "true or false"),
        ("[a]\ntarget = 98.5", "such as 0.5 for 50 %, not 98.5"),
        ('[exercises]\na = "target"\n[a]\ntarget = 0.99\nfull = 0.97\nnone = 0.98', "none must lie below full"),
        ('[exercises]\na = "target"\n[a]\ntarget = 0.98\nnone = 0.9\nfull = 0.985', "full must be at most target"),
        ("[a]\ntarget = nan", "target must be a share between 0 and 1"),
        ('[exercises]\na = "free-training"\n[a]\nleast_accuracy = 0.7', "least_accuracy must be above 0.8"),
        ("[a]\nepochs = 0", "epochs must be a whole number from 1 to 100, not 0"),
        ("[a]\nmin_layers = 300", "min_layers must be a whole number from 1 to 20, not 300"),
        ("[a]\nwidths = [20, 10]\nmin_layers = 3", "min_layers must ask for no more layers than there are \\(2\\)"),
        ("[a]\ndecades = 40", "decades must be a number from 0.5 to 10, not 40"),
        ("[a]\nruns = 3000", "runs must be a whole number from 1 to 10"),
        ('[exercises]\na = "free-network"\n[a]\nmin_layers = 2\nactivations = ["relu", "relu"]', "must end with none"),
        ('[a]\nactivations = ["none", "none"]', "unless nonlinear is false"),
        ("[a]\nwidths = [20_000, 20_000, 10]", "need no more memory than 4,000,000,000 bytes"),
        (
            "[limits]\nmemory_bytes = 600_000_000\n[a]\nwidths = [20_000, 2_000, 10]",
            "need no more memory than 600,000,000 bytes",
        ),
        ("[limits]\nmemory_bytes = 1000", "memory_bytes must be a whole number from 500,000,000"),
        ("[limits]\ncores = 0", "cores must be a number from 0.1"),
        ("[limits]\ncell_second = 5", "has no parameter cell_second; the nearest is cell_seconds"),
        (
            "[limits]\ncell_seconds = 900\nnotebook_seconds = 600",
            "must be at most notebook_seconds \\(600\\), not 900",
        ),
        ("[a]\ncalls = [{ n_epochs = 1 }]", "mini_batch_size"),
        ("[a]\ncases = []", "cases"),
        ('[exercises]\na = "free-network"\n[a]\nwidth = [10]', "has no parameter width; the nearest is widths"),
        (
            "[a]\nlearning_rate = 0.1\nother_rates = 2\nrates_between = [0.09, 0.11]",
            "rates_between must leave room for 2 other_rates",
        ),
        (
            '[exercises]\ndeep_network = "free-network"\n[depe_network]\nmin_layers = 3',
            r"\[deep_network\] lacks min_layers",
        ),
        ('[exercises]\na = "netwrok"', "a must be one of data, .*, network, .* on these data, not 'netwrok'"),
        ('[a]\nread = { loss = "cross-entropy" }', "read.loss must be one of"),
        ("[a]\nread = { heigth = 3 }", "read has no parameter heigth; "),
        ("a = 3", "table"),
        ("[a", "TOML"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_its_name(tmp_path, text, word):
    with pytest.raises(BadExerciseError, match=word) as caught:
        exercises(tmp_path, text + "\n" + DATA)
    assert str(tmp_path) in str(caught.value)


def test_every_kind_that_can_be_asked_for_is_one_that_the_reader_tells():
    assert {*activations.ACTIVATIONS, "leaky-relu"} >= {*get_args(Activation)}
    assert {fused.kind for fused in optimizers.FUSED.values()} >= {*get_args(Optimizer)}
    assert {losses.CROSS_ENTROPY} == {*get_args(ClassLoss)}
    assert set(target_losses.ASKED) == {*get_args(ErrorLoss)}


def test_what_a_graph_is_asked_that_is_read_by_itself_stands_in_a_table_of_its_own():
    known = load_exercises(SOURCE)
    assert known.networks == ("one_layer_network", "two_layer_network", "deep_network")
    assert known.network("two_layer_network").loss == "softmax-cross-entropy"
    assert known.network("deep_network").loss is None
    assert known.network_as_read("two_layer_network").initialisation == "glorot-uniform"
    assert known.network("two_layer_network").initialisation is None


def test_a_table_may_have_parameters_of_its_own_for_tests_of_ones_own(tmp_path):
    assert exercises(tmp_path, "[ink]\nimages = 40\ncolour = 'blue'").table("ink")["images"] == 40


KINDS_OF_THE_COURSE = tomllib.loads((SOURCE / "exercises.toml").read_text(encoding="utf-8"))["exercises"]

# What is changed in the course's own file, from what to what, and a part of what is said of it.
SENSELESS = [
    ("[deep_network]", "[depe_network]", "[depe_network] is called like no exercise; the nearest is deep_network."),
    ("target = 0.985\n", "", "[deep_accuracy] lacks target, which it must have"),
    (
        "mini_batch_size = 1600",
        "mini_batch_size = 100000",
        "[train] calls must have minibatches of at most 60,000 rows",
    ),
    ("n_epochs = 2", "n_epochs = 1", "[train] calls must have one with n_epochs of 2 or more"),
    ("seconds = 60 ", "seconds = 200 ", "[train] seconds must be lower: all calls together may last 300"),
    ('activation = "relu" }', 'activation = "curved" }', "[fully_connected_layer] cases must be a list of tables"),
    (
        '    { inputs = 784, outputs = 120, activation = "relu" },\n',
        "",
        "cases must be 2 in exercises.toml and 3 in hidden.toml next to the hidden tests",
    ),
    ("[train]", "[train", "not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "says"), SENSELESS, ids=[new[:40] for _, new, _ in SENSELESS])
def test_what_makes_no_sense_in_the_courses_own_file_is_one_sentence(tmp_path, old, new, says):
    text = (SOURCE / "exercises.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "exercises.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadExerciseError) as caught:
        load_exercises(tmp_path, find_course().assignment("digits").exercise_names)
    said = str(caught.value)
    assert says in said
    assert said.endswith(".")
    assert "\n" not in said


def needed_by(kind):
    """Return what the table of an exercise of this kind must have."""
    return [field.name for field in msgspec.structs.fields(OF_CLASSES[kind]) if field.required]


def test_a_new_exercise_has_a_table_of_its_own_once_the_notebooks_have_it(tmp_path):
    text = (SOURCE / "exercises.toml").read_text(encoding="utf-8") + "\n[ink]\nimages = 40\n"
    (tmp_path / "exercises.toml").write_text(text, encoding="utf-8")
    names = find_course().assignment("digits").exercise_names
    assert load_exercises(tmp_path, names | {"ink"}).table("ink") == {"images": 40}
    assert load_exercises(tmp_path).table("ink") == {"images": 40}  # beside a student's notebook
    with pytest.raises(BadExerciseError, match=r"\[ink\] is called like no exercise"):
        load_exercises(tmp_path, names)


def test_the_exercises_of_the_course_are_those_whose_parameters_are_known():
    names = find_course().assignment("digits").exercise_names
    tables = set(load_exercises(SOURCE, names).tables) - {"data", "exercises"}
    assert names >= set(KINDS_OF_THE_COURSE)
    assert tables == {name for name, kind in KINDS_OF_THE_COURSE.items() if needed_by(kind)}
    assert set(KINDS_OF_THE_COURSE.values()) == OF_CLASSES.keys() - {OWN}


def test_the_limits_that_stand_unless_others_are_set_may_be_written_out():
    written = {name: value for name, value in msgspec.to_builtins(CourseLimits()).items() if value is not None}
    assert exercises_of({"limits": written}).limits == CourseLimits()


def test_a_layer_is_asked_for_with_activations_that_the_probes_build_and_the_tests_compute():
    probes = ast.parse((SOURCE / "probes_one_layer.py").read_text(encoding="utf-8"))
    built = next(
        {ast.literal_eval(key) for key in node.value.keys}
        for node in probes.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ACTIVATIONS"
    )
    assert built == {*get_args(CaseActivation)} <= set(dense.ACTIVATIONS)


def test_rates_that_are_allowed_are_found_whatever_the_seed(tmp_path):
    text = "[a]\nlearning_rate = 0.1\nother_rates = 10\nrates_between = [0.001, 10]"
    known = exercises(tmp_path, text)
    assert all(len(set(known.asked_rates("a", seed))) == 10 for seed in range(20))


def test_a_missing_file_and_a_missing_table_are_named(tmp_path):
    with pytest.raises(BadExerciseError, match="cannot be read"):
        load_exercises(tmp_path / "exercises.toml")
    with pytest.raises(BadExerciseError, match=r"\[b\]"):
        exercises(tmp_path, "[a]").table("b")


def test_what_is_asked_for_in_grading_only_goes_on_the_lists_of_the_file(tmp_path):
    hidden = SOURCE.parents[2] / "grader_tests" / "hidden.toml"
    public = load_exercises(SOURCE).table("fully_connected_layer")["cases"]
    asked = load_exercises(SOURCE / "exercises.toml", hidden=hidden).table("fully_connected_layer")["cases"]
    assert (len(public), len(asked), asked[:2]) == (2, 5, public)
    for file in (SOURCE / "exercises.toml", hidden):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_exercises(tmp_path).table("fully_connected_layer")["cases"] == asked  # as in a cage


@pytest.mark.parametrize("text", ["[a_layer]\ncases = []", "[train]\nseconds = [1]", "cases = []", "[train"])
def test_what_goes_on_nothing_is_one_sentence(tmp_path, text):
    (tmp_path / "hidden.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadExerciseError) as caught:
        load_exercises(SOURCE / "exercises.toml", hidden=tmp_path / "hidden.toml")
    assert "\n" not in str(caught.value)


PRICES = {
    "file": "prices.npz",
    "sha256": "0" * 64,
    "train": {"inputs": "x", "targets": "y", "rows": 100},
    "test": {"inputs": "xt", "targets": "yt", "rows": 50},
    "shape": [13],
    "scaling": "standard",
}


def test_without_classes_an_exercise_asks_for_numbers_to_come_close_to():
    known = exercises_of(
        {"data": PRICES, "prices": {"widths": [8, 1], "activations": ["relu", "none"], "targets": [5, 50]}}
    )
    asked = known.network("prices")
    assert (asked.inputs, asked.outputs, asked.classes, asked.loss) == (13, 1, None, None)
    assert asked.targets == (5, 50)
    assert known.texts.regression


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"loss": "softmax-cross-entropy"}, "loss must be one of huber, mean"),
        ({"widths": [8, 2]}, "widths must end with 1, the outputs of the last layer"),
        ({"targets": [5, 5]}, "targets must be two numbers, the smaller one first"),
    ],
)
def test_what_no_regression_can_be_asked_for_is_refused(table, word):
    tables = {"data": PRICES, "exercises": {"prices": "free-network"}, "prices": {"min_layers": 1, **table}}
    with pytest.raises(SenselessTableError, match=word):
        exercises_of(tables)


LINE = {"target": 3.0, "full": 3.0, "none": 6.0}


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({**LINE, "full": 2.0}, "full must not lie below target, not 2.0"),
        ({**LINE, "none": 3.0}, "none must be above full"),
        ({"target": 3.0}, "lacks full"),
        ({**LINE, "error": "mse"}, "error must be one of mean-absolute-error, root-mean-squared-error, not 'mse'"),
    ],
)
def test_a_line_for_an_error_falls(table, word):
    with pytest.raises(SenselessTableError, match=rf"\[error\] {word}"):
        exercises_of({"data": PRICES, "exercises": {"error": "target"}, "error": table})


def test_a_line_for_an_error_may_lie_below_that_of_all_points():
    asked = exercises_of(
        {"data": PRICES, "exercises": {"error": "target"}, "error": {**LINE, "full": 3.2, "runs": 2}}
    ).of_cell("check_error")
    assert (asked.full, asked.none, asked.runs) == (3.2, 6.0, 2)


def test_kinds_that_need_classes_are_refused_where_targets_are_numbers():
    with pytest.raises(SenselessTableError, match=r"fit must be one of data, .* on these data, not 'sweep'"):
        exercises_of({"data": PRICES, "exercises": {"fit": "sweep"}})
    tables = {"data": PRICES, "exercises": {"fit": "free-training"}}
    assert exercises_of({**tables, "fit": {"largest_error": 4}}).of_cell("fit").largest_error == 4
    with pytest.raises(SenselessTableError, match="largest_error"):
        exercises_of({**tables, "fit": {}})
