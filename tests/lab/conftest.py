"""TensorFlow as the course uses it: graphs, and variables of the first kind unless asked otherwise."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
