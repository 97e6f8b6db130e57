"""What a student's notebook imports."""

import os

# TensorFlow's C++ code writes lines of its own into the notebook unless told not to before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from netgrader.student.cell_runs import install as _note_how_cells_run
from netgrader.student.check import check
from netgrader.student.course_data import load_data, load_mnist
from netgrader.student.live import Live
from netgrader.student.notebook_cells import going_on, quietly, ready, show_figure, skipped_in_grading
from netgrader.student.own_drawing import drawing_pad
from netgrader.student.own_lines import install as _show_own_lines_of_errors
from netgrader.student.sessions import install as _keep_values_of_closed_sessions
from netgrader.student.show_graph import show_graph

__all__ = [
    "Live",
    "check",
    "drawing_pad",
    "going_on",
    "load_data",
    "load_mnist",
    "quietly",
    "ready",
    "show_figure",
    "show_graph",
    "skipped_in_grading",
]

_keep_values_of_closed_sessions()
_note_how_cells_run()
_show_own_lines_of_errors()
