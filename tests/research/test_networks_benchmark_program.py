"""A program of the benchmark builds its network with TensorFlow and NumPy alone."""

from __future__ import annotations

import json
import subprocess
import sys

from research.benchmark.load import HERE, load

SCRIPT = f"""
import json, sys
sys.path.insert(0, {str(HERE)!r})
from load import load
case = next(one for one in load(api="graph") if one.id == sys.argv[1])
made = case.build()
names = {{name: part.name for name, part in made["parts"].items()}}
ours = any(name.startswith(("netgrader", "tests")) for name in sys.modules)
print(json.dumps([names, len(made["graph"].get_operations()), ours]))
"""


def test_a_program_builds_its_network_and_names_its_parts_without_us(tmp_path):
    case = next(one for one in load(api="graph") if one.label["made_from"].startswith("two_layers/") and not one.causes)
    command = [sys.executable, "-I", "-c", SCRIPT, case.id]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parts, operations, ours = json.loads(done.stdout.splitlines()[-1])
    assert {"X", "Y", "logits", "loss", "train_op", "accuracy"} <= set(parts)
    assert operations > 20
    assert not ours
