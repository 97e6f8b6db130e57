"""Do the notebooks run where students work? Each in environments with the versions of those places: `make environments-report`.

The release lies in a folder as a student unpacks it, the kernel is that of an environment with nothing but what the place has and
the students' wheel. A notebook is run as it is handed out, and with the course's solution. What has a row at this commit is left out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from research.rows import append_row, measured_commit, rows_of

ROOT = Path(__file__).parents[1]
ROWS, PAGE = Path(__file__).with_suffix(".csv"), Path(__file__).with_suffix(".md")
MADE = ROOT / "build" / "environments"
RELEASE, SOURCE = ROOT / "release" / "digits", ROOT / "source" / "digits"
FIELDS = (
    "commit",
    "environment",
    "python",
    "tensorflow",
    "numpy",
    "notebook",
    "how",
    "errors",
    "noise",
    "green",
    "checks",
    "seconds",
)
MEASURED = ("netgrader", "source", "release")
UNTOUCHED, SOLVED = "as handed out", "with the solution"
GREEN = re.compile(r": all \d+ checks passed")
VERSIONS = "import sys, json, numpy, tensorflow; print(json.dumps([sys.version.split()[0], tensorflow.__version__, numpy.__version__]))"


@dataclass(frozen=True)
class Environment:
    """A place where students work, as far as it can be made here."""

    name: str
    python: str
    packages: tuple[str, ...]
    lacks: str
    """What of the place is otherwise."""


ENVIRONMENTS = (
    Environment("the newest that requirements.txt allows", "python3.13", (), ""),
    Environment(
        "Google Colab",
        "python3.13",
        ("tensorflow==2.20.0", "numpy==2.1.3", "ipykernel==6.17.1", "ipython==7.34.0", "notebook==6.5.7"),
        "no graphics card; the cell that fetches has a test of its own",
    ),
    Environment(
        "Kaggle",
        "python3.11",
        ("tensorflow==2.19.0", "numpy==2.0.2", "ipykernel"),
        "Python 3.11, where Kaggle has 3.12",
    ),
    Environment("the oldest", "python3.11", ("tensorflow==2.16.2", "numpy==1.26.4", "ipykernel"), ""),
)


def python_of(environment: Environment) -> Path:
    """Return the interpreter of an environment, made if it is not there; its wheel is that of the release."""
    folder = MADE / re.sub(r"\W+", "-", environment.name)
    python, (wheel,) = folder / "bin" / "python", RELEASE.glob("*.whl")
    if not (folder / "whole").exists():  # one that was stopped while it was filled is made anew
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([environment.python, "-m", "venv", folder], check=True)
    wanted = (*environment.packages, str(wheel)) if environment.packages else ("-r", "requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "-q", *wanted], cwd=RELEASE, check=True)
    (folder / "whole").touch()
    return python


def handed_out(name: str, *, solved: bool) -> nbformat.NotebookNode:
    """Return a released notebook, with the course's solution in its cells if it is asked for."""
    notebook = nbformat.read(RELEASE / f"{name}.ipynb", as_version=4)
    if solved:
        solution = {grade_id(cell): cell.source for cell in nbformat.read(SOURCE / f"{name}.ipynb", as_version=4).cells}
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = solution[grade_id(cell)]
    return notebook


def grade_id(cell: nbformat.NotebookNode) -> str:
    """Return the id that nbgrader tracks a cell by, empty if it does not."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def run(notebook: nbformat.NotebookNode, python: Path) -> dict[str, Any]:
    """Run a notebook in a fresh copy of the release; count errors but the stub's, outputs on standard error, and check cells that are all green."""

    class Kernel(AsyncKernelManager):  # type: ignore[misc]
        """The kernel of the environment."""

        @property
        def kernel_spec(self) -> Any:
            found = super().kernel_spec
            found.argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return found

    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="netgrader-student-") as name:
        folder = Path(name) / "digits"
        shutil.copytree(RELEASE, folder)
        options = {"timeout": 3600, "allow_errors": True, "resources": {"metadata": {"path": str(folder)}}}
        NotebookClient(notebook, kernel_manager_class=Kernel, kernel_name="python3", **options).execute()
    outputs = [(grade_id(cell), one) for cell in notebook.cells for one in cell.get("outputs", ())]
    wrong = [one for _, one in outputs if one.output_type == "error" and one.ename != "NotImplementedError"]
    noise = [one for _, one in outputs if one.get("name") == "stderr"]
    told = {
        grade: str(one.get("data", {}).get("text/plain", "")) for grade, one in outputs if grade.startswith("check_")
    }
    for one in wrong:
        sys.stdout.write(f"  {one.ename}: {one.evalue[:200]}\n")
    return {
        "errors": len(wrong),
        "noise": len(noise),
        "green": sum(bool(GREEN.search(text)) for text in told.values()),
        "checks": sum(grade_id(cell).startswith("check_") for cell in notebook.cells),
        "seconds": f"{time.monotonic() - start:.0f}",
    }


def page() -> str:
    """Return the page: of each environment and notebook the newest rows."""
    newest = {(row["environment"], row["notebook"], row["how"]): row for row in rows_of(ROWS)}
    lines = [
        "| where | Python, TensorFlow, NumPy | notebook | as handed out | with the solution | commit |",
        "|---|---|---|---|---|---|",
    ]
    for environment in ENVIRONMENTS:
        for name in sorted({notebook for where, notebook, _ in newest if where == environment.name}):
            each = [newest.get((environment.name, name, how)) for how in (UNTOUCHED, SOLVED)]
            first = next(row for row in each if row)
            versions = f"{first['python']}, {first['tensorflow']}, {first['numpy']}"
            said = [
                f"{int(row['errors']) + int(row['noise'])} errors, {row['green']} of {row['checks']} cells green"
                if row
                else "not run"
                for row in each
            ]
            lines.append(f"| {environment.name} | {versions} | {name} | {said[0]} | {said[1]} | {first['commit']} |")
    lacks = "".join(f"- **{one.name}**: {one.lacks}.\n" for one in ENVIRONMENTS if one.lacks)
    return (
        "# Where students work\n\nWritten by `make environments-report` from [environments.csv](environments.csv). Each notebook ran from top to "
        "bottom in an environment that holds nothing but the versions of the place and the students' wheel. Errors are exceptions, those of cells that are not "
        "filled in left out, and lines on standard error; with the solution each check cell is green.\n\n"
        + "\n".join(lines)
        + f"\n\n{lacks}\nNot tried: Windows, macOS, VS Code's and Colab's own pages, a graphics card.\n"
    )


def main() -> int:
    """Run what has no row; 1 if a notebook of this commit has errors, or a check that is not green with the solution."""
    at = measured_commit(*MEASURED)
    known = Counter((row["environment"], row["notebook"], row["how"]) for row in rows_of(ROWS) if row["commit"] == at)
    notebooks = sorted(path.stem for path in RELEASE.glob("*.ipynb"))
    for environment in ENVIRONMENTS:
        left = [
            (name, how) for name in notebooks for how in (UNTOUCHED, SOLVED) if not known[environment.name, name, how]
        ]
        if not left:
            continue
        python = python_of(environment)
        asked = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True).stdout
        versions = dict(zip(("python", "tensorflow", "numpy"), json.loads(asked.splitlines()[-1]), strict=True))
        for name, how in left:
            found = run(handed_out(name, solved=how == SOLVED), python)
            row = {"commit": at, "environment": environment.name, **versions, "notebook": name, "how": how, **found}
            append_row(ROWS, FIELDS, row)
            sys.stdout.write(" ".join(map(str, row.values())) + "\n")
            sys.stdout.flush()
            PAGE.write_text(page(), encoding="utf-8")
    of_this = [row for row in rows_of(ROWS) if row["commit"] == at]
    return int(
        any(
            row["errors"] + row["noise"] != "00" or (row["how"] == SOLVED and row["green"] != row["checks"])
            for row in of_this
        )
    )


if __name__ == "__main__":
    sys.exit(main())
