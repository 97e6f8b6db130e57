"""What of the notebook that runs this is watched: its cells, its errors, and the sessions of TensorFlow that its cells run."""

from __future__ import annotations

from netgrader.student import cell_runs, own_lines, sessions

__all__ = ["setup"]

PLACE = "_netgrader_set_up"


def setup() -> None:
    """Watch this notebook from now on; without one only the sessions of a TensorFlow that is already imported.

    Sessions are looked for again before each cell: most notebooks import TensorFlow in the cell that imports this.
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
