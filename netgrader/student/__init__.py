"""What a student's notebook imports."""

import os

# TensorFlow's C++ code writes lines of its own into the notebook unless told not to before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from netgrader.student.check import check
from netgrader.student.course_data import load_data, load_mnist
from netgrader.student.live import Live
from netgrader.student.notebook_cells import going_on, quietly, ready, show_figure, skipped_in_grading
from netgrader.student.own_drawing import drawing_pad
from netgrader.student.setting_up import setup
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
    "setup",
    "show_figure",
    "show_graph",
    "skipped_in_grading",
]

setup()
