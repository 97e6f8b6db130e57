"""What a student's notebook imports."""

import os

# TensorFlow's C++ code writes lines of its own into the notebook unless told not to before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from netgrader.student.cell_runs import install as _note_how_cells_run
from netgrader.student.check import check
from netgrader.student.course_data import load_data, load_mnist
from netgrader.student.lab_book import LabBook
from netgrader.student.learning import loss_valley, watch_stencils
from netgrader.student.live import Live
from netgrader.student.notebook_cells import going_on, quietly, ready, show_figure
from netgrader.student.own_drawing import drawing_pad
from netgrader.student.own_lines import install as _show_own_lines_of_errors
from netgrader.student.predict import predict
from netgrader.student.quotes import install as _tell_names_without_quotes
from netgrader.student.sessions import install as _keep_values_of_closed_sessions
from netgrader.student.show_graph import show_graph

__all__ = [
    "LabBook",
    "Live",
    "check",
    "drawing_pad",
    "going_on",
    "load_data",
    "load_mnist",
    "loss_valley",
    "predict",
    "quietly",
    "ready",
    "show_figure",
    "show_graph",
    "watch_stencils",
]

_keep_values_of_closed_sessions()
_note_how_cells_run()
_show_own_lines_of_errors()
_tell_names_without_quotes()
