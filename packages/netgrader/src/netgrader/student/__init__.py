"""Modules that a student's notebook imports."""

from netgrader.student.check import check
from netgrader.student.live import Live, going_on, ready
from netgrader.student.notebook_cells import quietly, show_figure, skipped_in_grading, your_work
from netgrader.student.own_drawing import drawing_pad
from netgrader.student.setting_up import load_data, load_mnist, setup
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
    "your_work",
]
