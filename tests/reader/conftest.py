"""TensorFlow as in the course, seeded graphs, and one lab for the session."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

from graphread.lab.local import LocalLab


@pytest.fixture(scope="session")
def lab():
    lab = LocalLab()
    yield lab
    lab.close()


@pytest.fixture(autouse=True)
def _resource_variables():
    """Make the variables of TensorFlow 2, whatever a program that ran in this process before has switched off."""
    if sys.modules.get("tensorflow") is not None:  # quick tests run where it cannot be imported
        _tensorflow().enable_resource_variables()


@pytest.fixture(params=[True, False], ids=["resource variables", "variables of the first kind"])
def _variables(request, _resource_variables):
    """Make variables of both kinds: those of TensorFlow 2, and those that ``disable_v2_behavior()`` brings back."""
    if not request.param:
        _tensorflow().disable_resource_variables()


def _tensorflow():
    import tensorflow.compat.v1 as tf

    return tf
