"""TensorFlow as the course uses it, graphs seeded, and one lab for the session."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

from netgrader.reader.lab.local import LocalLab


@pytest.fixture(scope="session")
def lab():
    lab = LocalLab()
    yield lab
    lab.close()
