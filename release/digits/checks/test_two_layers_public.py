"""Public checks of notebook 2: check("…") runs them in your notebook, and grading reruns them."""

from netgrader.checks import Severity, Text, fail, fail_all, grades
from netgrader.judges.accuracy import curves, recomputed, require_values, seen_test_images
from netgrader.judges.input_gradients import gradients, require_each, require_largest, require_shapes
from netgrader.judges.shown import show_claim, show_gradients, wrong_images
from netgrader.judges.structure import (
    note_form,
    note_parts,
    note_reduction,
    require_alike,
    require_graph,
    require_loss,
    require_optimizer,
    require_probabilities,
    require_rate,
    require_role,
    require_share,
    require_step,
)
from netgrader.judges.sweep_proofs import doubts
from netgrader.judges.sweep_runs import require_trained
from netgrader.judges.sweeps import note_kind, require_best, require_chosen, require_grid, student_sweep
from netgrader.judges.training import require_training
from netgrader.judges.training_remarks import note_training

NETWORK = "check_two_layer_network"
SWEEP = "check_learning_rate_sweep"
TRAINING = "check_two_layer_training"
GRADIENTS = "check_input_gradients"


# ---- two_layer_network ---------------------------------------------------------------------------------------------


@grades(NETWORK, credit=0, faults=("layer-not-connected",))
def test_layers_lead_from_images_to_classes(network):  # the fixture fails the test if they do not
    """Trained layers lead from the 784 pixels of an image to ten logits"""


@grades(
    NETWORK,
    credit=2,
    faults=("missing-tensor", "misnamed-part", "built-in-default-graph", "wrong-placeholder"),
)
def test_network_has_all_its_parts(bench, cell_evidence, network, refuse, remark):
    """The network has all parts that the exercise lists, in the graph that it returns"""
    require_graph(cell_evidence.graph("net"))
    require_step(cell_evidence.graph("net"), network)
    refuse(network)
    if bench.quick:
        note_parts(cell_evidence.graph("net"), remark)


@grades(
    NETWORK,
    credit=6,
    faults=(
        "layer-not-connected",
        "too-many-layers",
        "too-few-layers",
        "shared-weights",
        "built-twice",
        "unused-layer",
    ),
)
def test_two_layers_follow_one_another(network, refuse):
    """Two layers follow one another between the images and the loss"""
    refuse(network)


@grades(NETWORK, credit=2, faults=("wrong-width",))
def test_network_has_1500_and_10_neurons(network, refuse):
    """The first layer has 1500 neurons, the second ten"""
    refuse(network)


@grades(
    NETWORK,
    credit=6,
    faults=("missing-activation", "softmax-in-hidden-layer", "relu-on-logits", "logits-are-probabilities"),
)
def test_a_nonlinearity_stands_between_the_layers(network, refuse):
    """There is a nonlinearity between the layers, and none after the last one"""
    refuse(network)


@grades(NETWORK, credit=2, faults=("wrong-activation",))
def test_the_nonlinearity_is_a_relu(network, refuse):
    """The nonlinearity is a ReLU"""
    refuse(network)


@grades(NETWORK, credit=2, faults=("missing-bias",))
def test_neurons_have_a_bias(network, refuse):
    """Both layers have a bias"""
    refuse(network)


@grades(
    NETWORK,
    credit=6,
    faults=(
        "softmax-before-loss",
        "sigmoid-before-loss",
        "mse-on-softmax",
        "mse-on-logits",
        "sigmoid-cross-entropy",
        "wrong-loss",
        "loss-over-wrong-axis",
        "labels-logits-swapped",
        "labels-not-one-hot",
        "unclipped-log",
        "loss-not-mean",
    ),
)
def test_loss_is_softmax_cross_entropy(network, refuse, remark):
    """The loss is the softmax cross-entropy of the logits"""
    refuse(network)
    require_loss(network)
    note_reduction(network, remark)
    note_form(network, remark)


@grades(NETWORK, credit=6, faults=("maximises-loss", "minimises-wrong-tensor", "layers-not-trained"))
def test_training_lowers_the_loss(network, refuse):
    """A training step lowers the loss and changes both layers"""
    refuse(network)
    require_optimizer(network)


@grades(NETWORK, credit=2, faults=("wrong-optimizer",))
def test_the_optimizer_is_adam(network, refuse):
    """The optimizer is Adam"""
    refuse(network)
    require_optimizer(network)


@grades(NETWORK, credit=2, faults=("learning-rate-not-as-stated",))
def test_the_rate_is_the_one_given(network, networks, exercise, refuse):
    """The learning rate is 0.001 unless another one is given"""
    for rate, other in networks.items():
        refuse(other)
        require_rate(other, rate)
    require_rate(network, exercise["learning_rate"], severity=Severity.SLIGHT)
    refuse(network)


@grades(NETWORK, credit=2, faults=("prediction-wrong", "prediction-uses-labels"))
def test_prediction_is_the_strongest_class(network, refuse):
    """The prediction is the softmax of the logits"""
    refuse(network)
    require_role(network, "prediction")
    require_probabilities(network)


@grades(
    NETWORK,
    credit=4,
    faults=(
        "accuracy-over-wrong-axis",
        "accuracy-without-argmax",
        "accuracy-not-mean",
        "accuracy-wrong",
        "evaluated-on-part",
    ),
)
def test_accuracy_is_the_share_of_right_predictions(bench, cell_evidence, network, refuse):
    """The accuracy is the fraction of images whose digit is predicted correctly"""
    refuse(network)
    require_role(network, "accuracy")
    require_share(bench.lab, cell_evidence.graph("net"), network)


@grades(
    NETWORK,
    credit=2,
    faults=("dropout-at-evaluation", "batchnorm-not-updated", "keep-rate-swapped", "rows-mixed", "fixed-batch-size"),
)
def test_evaluation_is_the_same_each_time(network, refuse):
    """Evaluation gives the same answer each time, for each image by itself"""
    refuse(network)


@grades(NETWORK, credit=4)
def test_the_whole_is_what_was_asked_for(network, networks, refuse_others):
    """Nothing else is wrong with the network, at any learning rate"""
    refuse_others(network)
    rate = next(iter(networks))
    require_alike(network, rate, networks[rate])


# ---- learning_rate_sweep -------------------------------------------------------------------------------------------


@grades(SWEEP, faults=("sweep-too-narrow",))
def test_the_sweep_is_wide(bench):
    """The sweep has five or more rates over two or more decades"""
    require_trained(bench)
    require_grid(student_sweep(bench))


@grades(SWEEP, faults=("best-not-from-sweep", "sweep-of-one-network"))
def test_the_best_rate_is_the_sweeps(bench, remark):
    """The best rate is the one with the highest accuracy of the sweep"""
    require_trained(bench)
    require_chosen(bench)
    require_best(student_sweep(bench))
    if bench.quick:  # grading uses its own runs
        for found, expected in doubts(bench):
            remark(
                Text("Grading may judge this sweep differently. Restart the kernel, run all cells, and check again."),
                found=found,
                expected=expected,
            )


@grades(SWEEP, credit=0, faults=("accuracy-not-mean", "wrong-return"))
def test_the_sweep_is_written_as_asked(bench, remark):
    """The sweep is a dict of learning rate → test accuracy, with one fraction from 0 to 1 for each rate"""
    fail_all(student_sweep(bench).odd)
    note_kind(bench, remark)


# ---- two_layer_training --------------------------------------------------------------------------------------------


@grades(TRAINING, credit=0, faults=("too-few-epochs", "too-many-epochs"))
def test_there_is_an_accuracy_for_each_epoch(bench, cell_evidence, remark):
    """There is an accuracy on training and on test images for each of the five epochs"""
    acc_trn, acc_val = curves(cell_evidence)
    epochs = bench.exercises.table("two_layer_training")["epochs"]
    if len(acc_trn) != epochs or len(acc_val) != epochs:
        code = "too-few-epochs" if min(len(acc_trn), len(acc_val)) < epochs else "too-many-epochs"
        fail(code, found=f"{len(acc_trn)} and {len(acc_val)} accuracies", expected=f"{epochs} of each")
    most = max(*acc_trn, *acc_val)
    if bench.quick and not most <= 1:  # grading compares them with the network's accuracy
        expected = Text("fractions from 0 to 1, as net.accuracy gives them")
        remark(Text("Grading will not find these accuracies."), found=f"{most:g}", expected=expected)


@grades(
    TRAINING,
    credit=2,
    faults=(
        "train-op-not-run",
        "accuracy-too-low",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "learning-rate-diverges",
        "answers-looked-up",
        "trained-on-test",
        "prediction-uses-labels",
        "weights-not-trained-here",
        "evaluated-in-fresh-session",
        "missing-tensor",
        "dead-units",
        "large-batch",
    ),
)
def test_the_two_layer_network_is_trained(bench, cell_evidence, measured, show, remark):
    """The network in the session is trained: it recognizes test images that the grader holds"""
    require_values(cell_evidence)
    note_training(bench, TRAINING, remark)
    result = recomputed(bench, TRAINING)
    measured["test_accuracy"], measured["train_accuracy"] = round(result.counted, 4), round(result.train, 4)
    show_claim(show, cell_evidence, result.notebook)
    show(wrong_images(result.found, bench.dataset.y_test))
    measured["test_images_seen"] = seen_test_images(result)
    require_training(bench, TRAINING)


# ---- input_gradients -----------------------------------------------------------------------------------------------


@grades(GRADIENTS, credit=0, faults=("gradient-wrong-shape",))
def test_there_are_ten_gradients_of_the_shape_of_the_images(bench):
    """There are ten gradients, each with a value for each pixel of each image"""
    require_shapes(gradients(bench))


@grades(
    GRADIENTS,
    credit=2,
    faults=("gradient-of-logits", "gradient-of-loss", "gradient-of-wrong-tensor", "gradients-out-of-order"),
)
def test_each_gradient_is_that_of_a_softmax_output(bench):
    """Gradient number d shows how the softmax output of digit d changes with each pixel"""
    require_each(gradients(bench))


@grades(
    GRADIENTS,
    credit=1,
    faults=("gradient-of-logits", "gradient-of-loss", "gradient-of-wrong-tensor", "gradient-wrong-shape"),
)
def test_the_largest_outputs_gradient_is_right(bench, show):
    """The last gradient shows how the largest softmax output of each image changes with each pixel"""
    show_gradients(bench, TRAINING, show)
    require_largest(gradients(bench))
