"""quietly: output of native code to standard error does not appear in the notebook."""

import subprocess
import sys

import pytest

CODE = """
import os, sys
from netgrader.student.notebook_cells import quietly
os.write(2, b"before ")
with quietly():
    os.write(2, b"native noise ")
    {inside}
os.write(2, b"after")
"""


def run(inside):
    return subprocess.run(
        [sys.executable, "-c", CODE.format(inside=inside)], capture_output=True, text=True, check=False
    )


def test_native_noise_is_lost_and_the_rest_and_an_exception_come_through():
    assert run("pass").stderr == "before after"
    result = run("raise OSError('no such library')")
    assert result.returncode == 1
    assert "no such library" in result.stderr
    assert "noise" not in result.stderr


@pytest.mark.slow
def test_tensorflow_is_imported_without_a_word():
    code = "from netgrader.student import quietly\nwith quietly():\n    import tensorflow.compat.v1 as tf\n"
    code += (
        "tf.logging.set_verbosity(tf.logging.ERROR)\ntf.disable_v2_behavior()\nprint(tf.Session().run(tf.constant(1)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("1\n", "")
