"""What grading costs beside the student's own computing, as ratios in one run: ``make bench``.

A submission is run bare (its code cells in plain Python, checks left out), graded anew, graded after a hidden test was
changed, and graded unchanged, in turn, so that whatever else the machine does falls on all of them alike.

    .venv/bin/python benchmarks/grading.py --rounds 5 submitted/ada/digits/1_one_layer.ipynb
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
COURSE = ("source", "grader_tests", "data", "nbgrader_config.py")
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
KINDS = ("bare", "graded", "test changed", "unchanged")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, default=[ROOT / "submitted/ada/digits/1_one_layer.ipynb"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    table = Table("submission", "", "min s", "median s", "max s", "of bare")
    for notebook in options.notebooks:
        seconds = measure(notebook.resolve(), options.rounds)
        bare = statistics.median(seconds["bare"])
        for kind in KINDS:
            found = seconds[kind]
            middle = statistics.median(found)
            figures = [f"{value:.1f}" for value in (min(found), middle, max(found))]
            table.add_row(str(notebook), kind, *figures, f"{middle / bare:.2f}")
    Console(width=120).print(table)


def measure(notebook: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each kind of run, in each round."""
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="netgrader-bench-") as made:
        folder = Path(made)
        course = copy_of_course(folder / "course")
        script = as_script(notebook, folder / "bare.py")
        for number in range(rounds):
            environment = {
                **os.environ,
                **dict.fromkeys(THREADS, "2"),
                "MPLBACKEND": "agg",
                "NETGRADER_MNIST": str(course / "data"),
                "NETGRADER_COURSE": str(course),
                "NETGRADER_STORE": str(folder / f"store{number}"),
            }
            grade = [str(Path(sys.executable).parent / "netgrader"), "grade", str(notebook)]
            seconds["bare"].append(timed([sys.executable, str(script)], environment, notebook.parent))
            seconds["graded"].append(timed(grade, environment, folder))
            for test in (course / "grader_tests").glob("test_*.py"):
                test.write_text(f"{test.read_text(encoding='utf-8')}\n# changed in round {number}\n", encoding="utf-8")
            seconds["test changed"].append(timed(grade, environment, folder))
            seconds["unchanged"].append(timed(grade, environment, folder))
    return seconds


def copy_of_course(target: Path) -> Path:
    """A copy whose tests may be changed."""
    target.mkdir()
    for name in COURSE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, target / name)
    return target


def as_script(notebook: Path, target: Path) -> Path:
    """The notebook's code as a script that stands where its helpers do; what the checks cost is left out."""
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    code = [cell.source for cell in cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    head = [f"import sys\nsys.path[:0] = [{str(notebook.parent)!r}, {str(ROOT / 'source' / 'digits')!r}]"]
    target.write_text("\n\n".join([*head, *code]) + "\n", encoding="utf-8")
    return target


def timed(command: list[str], environment: dict[str, str], folder: Path) -> float:
    """Wall seconds of a command.

    Raises
    ------
    SystemExit
        With what it said, if it did not do its work.
    """
    begun = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
