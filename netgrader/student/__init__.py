"""What a student's notebook imports."""

import os

# TensorFlow's C++ code writes lines of its own into the notebook unless told not to before it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from netgrader.student.figures import show_figure
from netgrader.student.live import Live
from netgrader.student.mnist import load_mnist
from netgrader.student.ready import ready

__all__ = ["Live", "load_mnist", "ready", "show_figure"]
