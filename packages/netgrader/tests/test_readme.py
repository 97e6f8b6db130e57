"""Run the README's example, and try its command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_the_codes_that_it_says(tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (said,) = re.findall(r"print\(\*network\.codes\)  # (.*)", program)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == said


def test_the_command_makes_a_course(tmp_path):
    (typed,) = re.findall(r"(?m)^netgrader (new .*)", README)
    subprocess.run([Path(sys.executable).with_name("netgrader"), *typed.split()], cwd=tmp_path, check=True)
    assert (tmp_path / "my-course" / "source" / "digits" / "1_one_layer.ipynb").is_file()
