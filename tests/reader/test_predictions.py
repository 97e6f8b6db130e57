"""A prediction in any form is right if it says the class with the largest logit, and named if it says another."""

import pytest
import tensorflow.compat.v1 as tf

from netgrader.course_reader import exercise_named
from tests.reader.networks import accuracy_of, cross_entropy, dense, read

RIGHT = {
    "softmax": tf.nn.softmax,
    "logits": lambda z: z,
    "logarithms": tf.nn.log_softmax,
    "hotter": lambda z: tf.nn.softmax(z / 3),
    "sigmoid": tf.sigmoid,
    "classes": lambda z: tf.argmax(z, 1),
    "small classes": lambda z: tf.argmax(z, -1, output_type=tf.int32),
    "classes as floats": lambda z: tf.cast(tf.argmax(tf.nn.softmax(z), 1), tf.float32),
    "a column": lambda z: tf.expand_dims(tf.argmax(z, 1), 1),
    "the best one": lambda z: tf.nn.top_k(z, 1).indices,
    "one-hot": lambda z: tf.one_hot(tf.argmax(z, 1), 10),
}
WRONG = {
    "the weakest": lambda z: tf.argmin(z, 1),
    "the sign lost": lambda z: tf.nn.softmax(-z),
    "counted from one": lambda z: tf.argmax(z, 1) + 1,
    "largest image of each class": lambda z: tf.argmax(z, 0),
    "how sure": lambda z: tf.reduce_max(tf.nn.softmax(z), 1),
}


ANSWERLESS = {
    "labels compared with themselves": lambda y: accuracy_of(y, y),
    "a number": lambda _: tf.constant(0.98),
}


@pytest.mark.parametrize("name", ANSWERLESS)
def test_an_accuracy_that_no_image_has_a_part_in_is_named(lab, name):
    def build(x, y):
        z = dense(x, 10)
        return {"logits": z, "prediction": tf.nn.softmax(z), "accuracy": ANSWERLESS[name](y)}

    assert read(lab, build, exercise_named("one_layer_network", 0.001)).codes == {"accuracy-wrong"}


@pytest.fixture
def codes(lab):
    """The codes of a right network with another prediction of scores and labels; `measure` says what its accuracy is of."""

    def codes(predict, measure=lambda z, _: z):
        def build(x, y):
            z = dense(x, 10)
            prediction = predict(z, y)
            return {"logits": z, "prediction": prediction, "accuracy": accuracy_of(y, measure(z, prediction))}

        return [fault.code for fault in read(lab, build, exercise_named("one_layer_network", 0.001)).faults]

    return codes


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_prediction_is_accepted_in_any_form(codes, name):
    assert codes(lambda z, _: RIGHT[name](z)) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_prediction_of_another_class_is_named(codes, name):
    assert codes(lambda z, _: WRONG[name](z)) == ["prediction-wrong"]


def test_an_accuracy_that_follows_from_the_prediction_is_no_second_fault(codes):
    assert codes(lambda z, _: WRONG["the sign lost"](z), lambda _, prediction: prediction) == ["prediction-wrong"]


@pytest.mark.parametrize(
    "predict",
    [
        lambda z, y: tf.nn.softmax(z + y),
        lambda _, y: y,
    ],
    ids=["added to the logits", "in their place"],
)
def test_a_prediction_that_needs_the_labels_is_named(codes, predict):
    assert codes(predict) == ["prediction-uses-labels"]


OVER_IMAGES = {
    "softmax": lambda z: tf.nn.softmax(z, axis=0),
    "by hand": lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z), 0, keepdims=True),
    "halved": lambda z: tf.nn.softmax(z / 2, axis=0),
}
LOSSES = {
    "logarithm": lambda y, _, p: -tf.reduce_mean(tf.reduce_sum(y * tf.log(p + 1e-9), 1)),
    "squares": lambda y, _, p: tf.reduce_mean((p - y) ** 2),
    "twice": lambda y, _, p: cross_entropy(y, p),
    "right": lambda y, z, _: cross_entropy(y, z),
}


def codes_of_images(lab, predict, loss):
    def build(x, y):
        z = dense(x, 10)
        prediction = predict(z)
        return {"logits": prediction, "prediction": prediction, "loss": loss(y, z, prediction)}

    return read(lab, build, named=False).codes


@pytest.mark.parametrize(
    ("spelled", "loss"), [(s, name) for s in OVER_IMAGES for name in LOSSES if (s, name) != ("halved", "right")]
)
def test_a_softmax_over_the_images_is_named(lab, spelled, loss):
    found = codes_of_images(lab, OVER_IMAGES[spelled], LOSSES[loss])
    assert found in ({"rows-mixed"}, {"loss-over-wrong-axis"})


def test_what_mixes_rows_otherwise_is_named_as_that(lab):
    def divided_by_the_largest(z):
        return tf.nn.softmax(z / tf.reduce_max(tf.abs(z)))

    assert codes_of_images(lab, divided_by_the_largest, LOSSES["right"]) == {"rows-mixed"}
