"""Read the data, and watch the notebook from then on, as its first cell requests.

Watches its cells, its errors, and the TensorFlow sessions that its cells run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.student import cell_runs, course_data, own_lines, sessions

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.data import Parts

__all__ = ["load_data", "load_mnist", "setup"]

PLACE = "_netgrader_set_up"


def load_data(path: str | Path | None = None) -> Parts:
    """Read the course's images and labels like ``keras.datasets.mnist.load_data()``, and call `setup`.

    Parameters
    ----------
    path
        The file. If None, the first that exists of: the file or folder named by the environment variable ``NETGRADER_DATA``;
        the course's file next to the notebook (in the working folder); the file in a folder ``data`` there or in a parent
        folder.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Gray levels from 0 (paper) to the largest (ink), uint8 of shape (n, height, width), and their classes, uint8 of shape
        (n,).

    Raises
    ------
    MissingDataError
        If there is no such file.
    DamagedDataError
        If its content differs from the file that comes with the course.
    """
    setup()
    return course_data.read_data(path)


load_mnist = load_data
"""The name in notebooks of the digits course."""


def setup() -> None:
    """Watch this notebook from now on; outside a notebook, only sessions of an imported TensorFlow.

    `load_data` calls it. Before each cell it looks again whether TensorFlow has been imported.
    """
    sessions.install()
    shell = cell_runs.notebook_shell()
    if shell is None or hasattr(shell, PLACE):
        return
    setattr(shell, PLACE, True)
    shell.events.register("pre_run_cell", _before_cell)
    cell_runs.install(shell)
    own_lines.install(shell)


def _before_cell(_: object) -> None:
    sessions.install()
