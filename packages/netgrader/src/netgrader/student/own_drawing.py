"""`drawing_pad(net, sess)`: a pad below the cell, answered by the student's own network."""

from __future__ import annotations

from typing import Any

from graphread.lab.local import LocalLab
from graphread.plain_network import PlainNetwork, plain_layer
from graphread.text import Text
from netgrader.checks.context import Dataset
from netgrader.drawing_pad import FALLBACK, can_be_drawn, frame_of, pad_html, script, style
from netgrader.judges.pads import pad_of
from netgrader.observations import Pad
from netgrader.student.course_data import data_spec, given_data, own_texts
from netgrader.student.graphs import export_graph

__all__ = ["drawing_pad"]

NO_IMAGES = Text("The drawing pad works for networks that classify gray {images}; those of this course are different.")


def drawing_pad(net: Any, sess: Any = None) -> None:
    """Show a pad to draw on; your trained network answers while you draw.

    It works offline, with mouse, finger, pen or keyboard, and is not graded.

    Parameters
    ----------
    net
        A trained network with the parts ``X`` and ``logits``; or a network of one layer as plain data, a list of its weights
        (number of pixels, number of classes) with its biases.
    sess
        The session that trained it, open or closed; if None, the last session of its graph.
    """
    spec, say = data_spec(), own_texts().say
    if not can_be_drawn(spec):
        print(say(NO_IMAGES))  # noqa: T201 (a notebook cell's own output)
        return
    (x_train, y_train), (x_test, y_test) = given_data()
    if isinstance(net, list):
        layers = tuple(plain_layer(table, "none") for table in net)
        pad = Pad(PlainNetwork(layers), frame_of(x_test, spec.largest))
    else:
        pad = _pad_of(net, sess, Dataset(spec, x_train, y_train, x_test, y_test))
    if pad.network is None or pad.frame is None:
        print(say(pad.refused))  # noqa: T201 (likewise)
        return
    from IPython.display import display  # noqa: PLC0415 (reading the data should not wait for IPython)

    page = pad_html(pad.network, pad.frame, spec, pad.tried, say, alone=True)
    page = f"<style>{style()}</style>{page}<script>{script()}</script>"
    display({"text/html": page, "text/plain": say(FALLBACK)}, raw=True)


def _pad_of(net: Any, sess: Any, dataset: Dataset) -> Pad:
    lab = LocalLab()
    try:
        return pad_of(lab, export_graph(net, sess), dataset)
    finally:
        lab.close()
