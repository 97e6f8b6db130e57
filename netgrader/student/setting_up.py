"""Read the data, and watch the notebook from then on: what its first cell calls.

Watched are its cells, its errors, and the sessions of TensorFlow that its cells run.
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
    """Read the course's images and labels like ``keras.datasets.mnist.load_data()``, and `setup`.

    Parameters
    ----------
    path
        The file. If None, the first that exists of: the file or folder named by the environment variable
        ``NETGRADER_DATA``; the course's file next to the notebook (in the current folder); the file in a folder
        ``data`` there or in a folder above.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Grey levels from 0 (paper) to the largest (ink), uint8 of shape (n, height, width), and the classes that they show,
        uint8 of shape (n,).

    Raises
    ------
    MissingDataError
        If there is no such file.
    DamagedDataError
        If its content is not that of the file that comes with the course.
    """
    setup()
    return course_data.read_data(path)


load_mnist = load_data
"""What notebooks of the digits course call it."""


def setup() -> None:
    """Watch this notebook from now on; outside one only sessions of an imported TensorFlow.

    `load_data` calls it. Sessions are looked for again before each cell, where TensorFlow is imported later.
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
