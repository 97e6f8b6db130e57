"""Run the README's commands in an environment with only this package of the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from graphread.graph.nodes import message

PACKAGE = Path(__file__).parents[1]
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
NETWORK, FROM_PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(SHOWN,) = re.findall(r"```console\n\$ graphread model.pb\n(.*?)```", README, re.DOTALL)


def typed(folder, *words):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def require_examples(python, folder):
    done = typed(folder, python, "-c", NETWORK)
    assert done.returncode == 0, done.stderr
    done = typed(folder, python.with_name("graphread"), "model.pb")
    assert (done.returncode, done.stdout) == (1, SHOWN), done.stderr
    done = typed(folder, python, "-c", FROM_PYTHON)
    assert done.stdout.startswith("softmax-before-loss Softmax is applied twice"), done.stderr


def test_the_examples_do_what_they_say(tmp_path):
    require_examples(Path(sys.executable), tmp_path)


def test_the_package_alone_is_enough_for_them(tmp_path):
    """In an environment with what this package asks for, as pip fills it, and nothing of the checkout."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    # TensorFlow is 600 MB: that of the tests is seen, our own packages are not.
    for site in tmp_path.glob("venv/lib/*/site-packages"):
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", PACKAGE], check=True)
    require_examples(python, tmp_path)
    assert typed(tmp_path, python, "-c", "import netgrader").returncode != 0


def test_names_in_a_graph_cannot_command_a_terminal(tmp_path):
    graph = message("GraphDef")()
    graph.node.add(name="X", op="Placeholder").attr["dtype"].type = 1
    graph.node.add(name="\x1b]0;mine\x07", op="Relu", input=["X"])
    (tmp_path / "model.pb").write_bytes(graph.SerializeToString())
    done = typed(tmp_path, sys.executable, "-m", "graphread", "model.pb")
    assert not {"\x1b", "\x07"}.intersection(done.stdout + done.stderr)
    assert done.stdout or done.stderr


def test_what_is_no_graph_is_said_in_a_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no graph")
    done = typed(tmp_path, sys.executable, "-m", "graphread", "notes.txt")
    assert (done.returncode, done.stderr) == (
        2,
        "The bytes are not a graph: neither a GraphDef nor a MetaGraphDef, binary or text.\n",
    )
