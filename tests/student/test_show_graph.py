"""show_graph: a TensorFlow graph drawn under the cell, with real graphs."""

import re
import xml.etree.ElementTree as ET

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from netgrader.student.graph_outline import Kind, outline
from netgrader.student.notebook_cells import quietly
from netgrader.student.show_graph import graph_svg, show_graph

with quietly():
    import tensorflow.compat.v1 as tf

SVG = "{http://www.w3.org/2000/svg}"


def layer(x, n_output, name, activation=None):
    with tf.variable_scope(name):
        w = tf.get_variable("W", [int(x.shape[-1]), n_output], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        z = tf.matmul(x, w) + b
        return z if activation is None else activation(z)


def network(*widths, use_resource=False, dropout=False):
    graph = tf.Graph()
    with graph.as_default(), tf.variable_scope("", use_resource=use_resource):
        x = tf.placeholder(tf.float32, [None, 784], name="X")
        y = tf.placeholder(tf.float32, [None, 10], name="Y")
        h = x
        for i, width in enumerate(widths):
            h = layer(h, width, f"layer_{i + 1}", tf.nn.relu)
            if dropout:
                h = tf.nn.dropout(h, rate=0.5)
        logits = layer(h, 10, "output")
        with tf.name_scope("loss"):
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
        tf.train.AdamOptimizer(0.003).minimize(loss)
        tf.global_variables_initializer()
    return graph


def drawn(graph, **options):
    return outline(graph.as_graph_def(add_shapes=True), **options)


def node(drawing, name):
    return next(each for each in drawing.root.nodes() if each.name == name)


@pytest.mark.parametrize("use_resource", [False, True], ids=["reference variables", "resource variables"])
def test_a_network_is_drawn_as_its_inputs_variables_operations_and_one_node_for_training(use_resource):
    drawing = drawn(network(use_resource=use_resource))
    kinds = {each.name: each.kind for each in drawing.root.nodes()}
    assert kinds == {
        "X": Kind.PLACEHOLDER,
        "Y": Kind.PLACEHOLDER,
        "output/W": Kind.VARIABLE,
        "output/b": Kind.VARIABLE,
        "output/MatMul": Kind.OPERATION,
        "output/add": Kind.OPERATION,
        "loss/softmax_cross_entropy_with_logits_sg": Kind.OPERATION,
        "loss/Mean": Kind.OPERATION,
        "Adam": Kind.FOLDED,
    }


def test_edges_follow_the_data_and_only_the_loss_goes_into_training():
    assert set(drawn(network()).edges) == {
        ("X", "output/MatMul"),
        ("output/W", "output/MatMul"),
        ("output/MatMul", "output/add"),
        ("output/b", "output/add"),
        ("output/add", "loss/softmax_cross_entropy_with_logits_sg"),
        ("Y", "loss/softmax_cross_entropy_with_logits_sg"),
        ("loss/softmax_cross_entropy_with_logits_sg", "loss/Mean"),
        ("loss/Mean", "Adam"),
    }


def test_a_rate_that_is_fed_is_seen_to_go_into_training():
    graph = tf.Graph()
    with graph.as_default():
        rate = tf.placeholder(tf.float32, [], name="rate")
        w = tf.get_variable("w", [3])
        tf.train.GradientDescentOptimizer(rate).minimize(tf.reduce_sum(tf.square(w), name="loss"))
    assert ("rate", "GradientDescent") in drawn(graph).edges


def test_a_network_of_twenty_layers_is_folded_until_it_fits_a_page():
    drawing = drawn(network(*[10] * 20))
    nodes = list(drawing.root.nodes())
    assert len(nodes) <= 44
    assert any(each.kind is Kind.FOLDED and each.name.startswith("layer_") for each in nodes)
    assert {"X", "Y", "Adam"} <= {each.name for each in nodes}


def test_a_loop_is_drawn_although_it_goes_in_a_circle():
    graph = tf.Graph()
    with graph.as_default():
        tf.disable_control_flow_v2()
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    ET.fromstring(graph_svg(drawn(graph), "loop", "k"))  # noqa: S314 (we drew it)


def test_the_picture_has_a_title_and_says_in_words_what_uses_what():
    drawing = drawn(network())
    picture = ET.fromstring(graph_svg(drawing, "My network", "k"))  # noqa: S314 (we drew it)
    assert picture.get("role") == "img"
    title, words = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert picture.get("aria-labelledby").split() == [title.get("id"), words.get("id")]
    assert title.text == "My network"
    assert "output/MatMul (? × 10) of X, output/W" in words.text


def test_names_from_the_graph_cannot_break_out_of_the_picture():
    definition = tf.GraphDef()
    definition.node.add(name='<script>alert("1")</script>&', op="NoOp<b>")
    svg = graph_svg(outline(definition), "<i>", "k")
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert ET.fromstring(svg).find(f"{SVG}title").text == "<i>"  # noqa: S314 (we drew it)


def relative_luminance(colour):
    """As WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_has_enough_contrast_on_every_fill():
    from netgrader.student.show_graph import COLOURS, INK, PAPER, SCOPE_COLOURS, SOFT

    for text in (INK, SOFT):
        for fill in (PAPER, SCOPE_COLOURS[0], *(fill for fill, _ in COLOURS.values())):
            light, dark = relative_luminance(fill), relative_luminance(text)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, fill)


@pytest.fixture
def shell():
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def shown(graph):
    with capture_output() as captured:
        show_graph(graph)
    (output,) = captured.outputs
    return output.data


@pytest.mark.parametrize(
    "given",
    [lambda graph: graph, lambda graph: tf.Session(graph=graph), lambda graph: graph.get_tensor_by_name("X:0")],
    ids=["graph", "session", "tensor"],
)
def test_whatever_has_a_graph_is_drawn_inline_without_a_network(shell, given):
    data = shown(given(network()))
    assert "<svg" in data["text/html"]
    assert "X (placeholder" in data["text/plain"]
    addresses = set(re.findall(r"https?://[^\"' <]+", data["text/html"]))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_two_pictures_in_one_notebook_do_not_share_ids(shell):
    ids = [set(re.findall(r' id="([^"]+)"', shown(network(*widths))["text/html"])) for widths in ([], [20])]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_where_tensorboard_does_not_start_the_command_is_said(shell, monkeypatch, capsys):
    from datetime import timedelta

    from tensorboard import manager

    def fails(arguments, timeout):
        assert timeout <= timedelta(minutes=2)
        return manager.StartFailed(exit_code=1, stdout="", stderr="It broke.")

    monkeypatch.setattr(manager, "start", fails)
    show_graph(network(), tensorboard=True)
    said = capsys.readouterr().out
    found = re.search(r"--logdir (\S+)", said)
    from pathlib import Path

    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    (file,) = Path(found[1]).iterdir()
    graphs = [event.graph_def for event in EventFileLoader(str(file)).Load() if event.graph_def]
    assert "output/MatMul" in {each.name for each in tf.GraphDef.FromString(graphs[0]).node}
