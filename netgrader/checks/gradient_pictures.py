"""A student's gradients with respect to an image, as pictures beside what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.input_gradients import CLASSES, PIXELS, each_gradient
from netgrader.observations import Images, signed_image
from netgrader.phrases import say
from netgrader.reader.lab.api import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.evidence import GraphEvidence
    from netgrader.reader.lab.api import Lab, LabSession

__all__ = ["gradient_pictures"]

Array = npt.NDArray[Any]

STEP = 0.02  # grey levels of 1, to either side
TITLE = (
    "How each of the ten outputs changes with each pixel of a test image, a {digit}: above by your gradients, below as we "
    "find it by moving each pixel a little"
)


def gradient_pictures(
    lab: Lab, graph: GraphEvidence, values: Mapping[str, Array], images: Array, digits: Array
) -> Images | None:
    """The gradients of the ten outputs for the image of which the network is least sure: others hardly have any.

    Parameters
    ----------
    graph
        The network with the parts ``X``, ``logits`` and ``each@0`` ….
    values
        The trained network's variables; those that it has not got start afresh.
    images, digits
        Scaled images, float (n, 784), and what they show (n,).

    Returns
    -------
    Images or None
        None where there are no ten gradients of the shape of an image, or the graph does not run.
    """
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in values.items() if name in loaded.variables})
        sure = _outputs(session, graph, images).max(axis=1)
        chosen = int(np.argmin(sure))
        yours = each_gradient(session, graph, images[[chosen]], digits[[chosen]])
        ours = _slopes(session, graph, images[chosen])
    except (LabError, ValueError):
        return None
    finally:
        session.close()
    if len(yours) != CLASSES or any(part is None or part.shape != (1, PIXELS) for part in yours):
        return None
    above = np.stack([part[0] for part in yours if part is not None])
    rows = tuple(_row(part) for part in (above, ours))
    return Images(say(TITLE, digit=int(digits[chosen])), tuple(map(str, range(CLASSES))), rows, signed=True)


def _row(gradients: Array) -> tuple[str, ...]:
    """Ten pictures on one scale."""
    scale = float(np.abs(np.nan_to_num(gradients, posinf=0.0, neginf=0.0)).max())
    return tuple(signed_image(one, scale) for one in gradients)


def _outputs(session: LabSession, graph: GraphEvidence, images: Array) -> Array:
    """The softmax of the logits (n, 10), in float64."""
    (logits,) = session.run([graph.parts["logits"]], {graph.parts["X"]: images.astype(np.float32), **graph.eval_feed})
    scores = np.asarray(logits, np.float64)
    if scores.shape != (len(images), CLASSES):
        raise ValueError(f"logits of shape {scores.shape}")
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    outputs: Array = scores / scores.sum(axis=1, keepdims=True)
    return outputs


def _slopes(session: LabSession, graph: GraphEvidence, image: Array) -> Array:
    """How the softmax outputs change with each pixel, by central differences (10, 784)."""
    steps = STEP * np.eye(PIXELS)
    up, down = (_outputs(session, graph, image + sign * steps) for sign in (1, -1))
    slopes: Array = (up - down).T / (2 * STEP)
    return slopes
