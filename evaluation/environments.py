"""Run the notebooks with the package versions of Colab, Kaggle and others: `make environments-report`.

The release is in a folder as a student unpacks it; the kernel's environment has only that platform's packages and the
students' wheel. Each notebook is run with the course's solution and as released; a cell opens TensorBoard. Runs with a row at
this commit are skipped. An environment takes more than two gigabytes and is removed when it has all its rows; one that cannot
be created does not stop the others, and arguments select environments by name. Installation times are measured in the
environment of ``requirements.txt`` alone.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from evaluation.rows import append_row, filled, measured_commit, rows_of
from netgrader.wheels import FORM, NAME, TRIED, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ROWS, PAGE = Path(__file__).with_suffix(".csv"), Path(__file__).with_suffix(".md")
MADE = ROOT / "build" / "environments"
RELEASE, SOURCE = ROOT / "release" / "digits", ROOT / "source" / "digits"
MEASURED = ("source/digits", "release/digits", ":!release/digits/README.md")
"""Paths of students' files and solutions; `make release` must build the students' wheel first."""
REQUIREMENTS = RELEASE / "requirements.txt"
SYSTEMS_ROWS = ROWS.with_name("environments_systems.csv")
INSTALLING_ROWS = ROWS.with_name("environments_installing.csv")
INSTALLING = (
    "fetching what `requirements.txt` asks for",
    "installing it, when it is fetched",
    "the course's package alone, where the rest is there",
)
SYSTEMS = {
    "Windows": "windows",
    "macOS, Apple's processors": "macos",
    "macOS, Intel's": "x86_64-apple-darwin",
    "Linux": "linux",
    "Linux, ARM": "aarch64-unknown-linux-gnu",
}
UNTOUCHED, SOLVED = "as handed out", "with the solution"
GREEN = re.compile(r": (?:all \d+ checks|its check) passed")
BESIDE = ("keras", "ipykernel", "notebook", "setuptools")
"""Packages whose versions are recorded in addition to those in requirements.txt."""
VERSIONS = """
import importlib.metadata, json, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
print(json.dumps([sys.version.split()[0], {name: version(name) for name in sys.argv[1:] if version(name)}]))
"""
TENSORBOARD, OPENED = "TensorBoard", "opened by a cell"
OPENING = """
import os, signal, time
from urllib.error import HTTPError
from urllib.request import urlopen
from netgrader.student import quietly, show_graph
with quietly():
    import tensorflow.compat.v1 as tf
graph = tf.Graph()
with graph.as_default():
    tf.placeholder(tf.float32, [None, 3], name="what_is_looked_for")
show_graph(graph, tensorboard=True)
from tensorboard import manager
info = max(manager.get_all(), key=lambda one: one.start_time)
drawn = b""
while b"what_is_looked_for" not in drawn:  # it reads the file in its own time
    try:
        drawn = urlopen(f"http://localhost:{info.port}/data/plugin/graphs/graph?run=.").read()
    except HTTPError:
        time.sleep(0.5)
os.kill(info.pid, signal.SIGTERM)
print(": its check passed")
"""


@dataclass(frozen=True)
class Environment:
    """An environment where students work, as far as it can be reproduced here."""

    name: str
    python: str
    packages: tuple[str, ...]


ALONE, NEWEST = "requirements.txt alone", "the newest that netgrader allows"
SETUPTOOLS = "setuptools<81"
"""As on Colab and Kaggle: TensorBoard before 2.21 imports ``pkg_resources``, which newer setuptools lack."""
ENVIRONMENTS = (
    Environment(ALONE, "python3.13", ()),
    Environment(NEWEST, "python3.13", requirements(TRIED)),
    Environment(
        "Google Colab",
        "python3.13",
        ("tensorflow==2.20.0", "numpy==2.1.3", "ipykernel==6.17.1", "ipython==7.34.0", "notebook==6.5.7", SETUPTOOLS),
    ),
    Environment("Kaggle", "python3.12", ("tensorflow==2.19.0", "numpy==2.0.2", "ipykernel", SETUPTOOLS)),
    Environment("the oldest", "python3.11", ("tensorflow==2.16.2", "numpy==1.26.4", "ipykernel", SETUPTOOLS)),
)


def folder_of(environment: Environment) -> Path:
    """Return the folder of an environment."""
    return MADE / re.sub(r"\W+", "-", environment.name)


def pip(python: Path, *arguments: str | Path) -> str:
    """Run pip in the release's folder; return the seconds taken."""
    start = time.monotonic()
    subprocess.run([python, "-m", "pip", "-q", *arguments], cwd=RELEASE, check=True)
    return f"{time.monotonic() - start:.0f}"


def measure_installing(environment: Environment, at: str) -> None:
    """Create an environment from requirements.txt; append rows on download and installation."""
    folder, (wheel,) = folder_of(environment), RELEASE.glob(FORM)
    python, asked = folder / "bin" / "python", ("-r", "requirements.txt")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([environment.python, "-m", "venv", folder], check=True)
    with tempfile.TemporaryDirectory(prefix="netgrader-wheels-") as name:
        seconds = [pip(python, "download", "--no-cache-dir", "--dest", name, *asked)]
        fetched = sum(path.stat().st_size for path in Path(name).iterdir() if path.name != wheel.name)
        seconds.append(pip(python, "install", "--no-index", "--find-links", name, *asked))
        pip(python, "uninstall", "-y", NAME)
        seconds.append(pip(python, "install", "--no-index", *asked))
    sizes = f"{fetched / 1e6:.0f}", "", f"{wheel.stat().st_size / 1e6:.1f}"
    for row in zip(INSTALLING, seconds, sizes, strict=True):
        found = {"commit": at, **dict(zip(("what", "seconds", "megabytes"), row, strict=True))}
        append_row(INSTALLING_ROWS, found, found)
    (folder / "whole").touch()


def python_of(environment: Environment, at: str) -> Path:
    """Return the interpreter of an environment, which is created if necessary, with the release's wheel."""
    folder = folder_of(environment)
    python, (wheel,) = folder / "bin" / "python", RELEASE.glob(FORM)
    if environment.name == ALONE and at not in {row["commit"] for row in rows_of(INSTALLING_ROWS)}:
        measure_installing(environment, at)
    if not (folder / "whole").exists():  # rebuild an environment whose installation was interrupted
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([environment.python, "-m", "venv", folder], check=True)
    wanted = (*environment.packages, str(wheel)) if environment.packages else ("-r", "requirements.txt")
    subprocess.run([python, "-m", "pip", "install", "-q", *wanted], cwd=RELEASE, check=True)
    (folder / "whole").touch()
    return python


def handed_out(name: str, *, solved: bool) -> nbformat.NotebookNode:
    """Return a released notebook, with the course's solution in its cells if `solved`."""
    notebook = nbformat.read(RELEASE / f"{name}.ipynb", as_version=4)
    if solved:
        solution = {grade_id(cell): cell.source for cell in nbformat.read(SOURCE / f"{name}.ipynb", as_version=4).cells}
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = solution[grade_id(cell)]
    return notebook


def grade_id(cell: nbformat.NotebookNode) -> str:
    """Return the id by which nbgrader tracks a cell; empty if it does not."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def asked(name: str, how: str) -> nbformat.NotebookNode:
    """Return the notebook for a row."""
    if name != TENSORBOARD:
        return handed_out(name, solved=how == SOLVED)
    cell = nbformat.v4.new_code_cell(OPENING, metadata={"nbgrader": {"grade_id": "check_tensorboard"}})
    return nbformat.v4.new_notebook(cells=[cell])


def run(notebook: nbformat.NotebookNode, python: Path) -> dict[str, Any]:
    """Run a notebook in a fresh copy of the release; count errors, stderr outputs and passed checks."""

    class Kernel(AsyncKernelManager):  # type: ignore[misc]
        """A kernel that runs in the environment."""

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
        stopped = 0
        try:
            NotebookClient(notebook, kernel_manager_class=Kernel, kernel_name="python3", **options).execute()
        except (CellTimeoutError, DeadKernelError) as error:
            sys.stdout.write(f"  {error}\n")
            stopped = 1
    outputs = [(grade_id(cell), one) for cell in notebook.cells for one in cell.get("outputs", ())]
    wrong = [one for _, one in outputs if one.output_type == "error" and one.ename != "NotImplementedError"]
    noise = [one for _, one in outputs if one.get("name") == "stderr"]
    told = [
        one.get("text") or str(one.get("data", {}).get("text/plain", ""))
        for grade, one in outputs
        if grade.startswith("check_")
    ]
    for one in wrong:
        sys.stdout.write(f"  {one.ename}: {one.evalue[:200]}\n")
    for text in told:
        if "not done yet" not in text and not GREEN.search(text):
            sys.stdout.write(f"  {text[:2000]}\n")
    return {
        "errors": len(wrong) + stopped,
        "noise": len(noise),
        "green": sum(bool(GREEN.search(text)) for text in told),
        "checks": sum(grade_id(cell).startswith("check_") for cell in notebook.cells),
        "seconds": f"{time.monotonic() - start:.0f}",
    }


def page() -> str:
    """Return the page with its tables from the current rows."""
    text = filled(PAGE.read_text(encoding="utf-8"), "notebooks", notebooks())
    return filled(filled(text, "installing", installing()), "systems", installable())


def notebooks() -> Iterator[str]:
    """Yield the lines for each environment and notebook, from the newest rows."""
    newest = {(row["environment"], row["notebook"], row["how"]): row for row in rows_of(ROWS)}
    yield "| environment | Python, TensorFlow, NumPy | notebook | as released | with the solution | commit |"
    yield "|---|---|---|---|---|---|"
    for environment in ENVIRONMENTS:
        for name in sorted({notebook for where, notebook, _ in newest if where == environment.name}):
            each = [newest.get((environment.name, name, how)) for how in (UNTOUCHED, SOLVED)]
            opened = newest.get((environment.name, name, OPENED))
            first = next(row for row in (*each, opened) if row)
            versions = f"{first['python']}, {first['tensorflow']}, {first['numpy']}"
            said = (
                ["", "opens from a cell" if opened["green"] == "1" else "does not open"] if opened else map(_said, each)
            )
            yield f"| {environment.name} | {versions} | {name} | {' | '.join(said)} | {first['commit']} |"
    most = max(float(row["gigabytes"] or 0) for row in rows_of(ROWS))
    yield f"\nAn environment takes up to {most} GB."


def installing() -> Iterator[str]:
    """Yield the lines on installation, from the rows of the newest commit."""
    rows = rows_of(INSTALLING_ROWS)[-len(INSTALLING) :]
    yield "| into a fresh environment | seconds | MB |"
    yield "|---|---|---|"
    for row in rows:
        yield f"| {row['what']} | {row['seconds']} | {row['megabytes']} |"
    yield f"\nMeasured at {rows[0]['commit']}."


def resolve() -> list[dict[str, str]]:
    """Return, for each system and Python, whether uv finds wheels for requirements.txt there."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.in"
        listed.write_text("\n".join(REQUIREMENTS.read_text(encoding="utf-8").splitlines()[1:]), encoding="utf-8")
        for (system, platform), python in itertools.product(SYSTEMS.items(), ("3.11", "3.12", "3.13")):
            options = [
                "--python-platform",
                platform,
                "--python-version",
                python,
                "--only-binary",
                ":all:",
                "--no-annotate",
            ]
            done = subprocess.run(
                ["uv", "pip", "compile", "--quiet", *options, listed], capture_output=True, text=True, check=False
            )
            found = dict(re.findall(r"(?m)^(tensorflow|numpy)==(\S+)", done.stdout))
            rows.append(
                {
                    "system": system,
                    "python": python,
                    "tensorflow": found.get("tensorflow", "none"),
                    "numpy": found.get("numpy", "none"),
                }
            )
    return rows


def installable() -> Iterator[str]:
    """Yield the lines of the table of systems, from their rows."""
    rows = rows_of(SYSTEMS_ROWS)
    yield "| system | Python 3.11 | 3.12 | 3.13 |"
    yield "|---|---|---|---|"
    for system in SYSTEMS:
        each = [f"{row['tensorflow']}, {row['numpy']}" for row in rows if row["system"] == system]
        yield f"| {system} | {' | '.join(each)} |"


def newest_of(names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions that pip would install for the requirements `names`, according to uv."""
    command = ["uv", "pip", "compile", "--quiet", "--python-version", "3.13", "--no-annotate", "-"]
    said = subprocess.run(command, input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"(?m)^([a-z-]+)==(\S+)", said))


def _said(row: dict[str, str] | None) -> str:
    """Return the result of a run in words."""
    if row is None:
        return "not run"
    return f"{int(row['errors']) + int(row['noise'])} errors, {row['green']} of {row['checks']} cells green"


def measure(environment: Environment, at: str, left: list[tuple[str, str]]) -> None:
    """Create an environment, run the remaining notebooks with a row each, and remove it."""
    python = python_of(environment, at)
    names = [*re.findall(r"(?m)^[a-z]+", REQUIREMENTS.read_text(encoding="utf-8")), *BESIDE]
    answer = subprocess.run([python, "-c", VERSIONS, *names], capture_output=True, text=True, check=True).stdout
    version, packages = json.loads(answer)
    size = subprocess.run(
        ["du", "-s", "--block-size=MB", folder_of(environment)], capture_output=True, text=True, check=True
    )
    row = {
        "commit": at,
        "environment": environment.name,
        "python": version,
        "tensorflow": packages["tensorflow"],
        "numpy": packages["numpy"],
        "packages": " ".join(f"{name}=={one}" for name, one in packages.items()),
        "gigabytes": f"{int(size.stdout.split('MB')[0]) / 1000:.1f}",
    }
    for name, how in left:
        found = row | {"notebook": name, "how": how, **run(asked(name, how), python)}
        append_row(ROWS, found, found)
        sys.stdout.write(" ".join(map(str, found.values())) + "\n")
        sys.stdout.flush()
        PAGE.write_text(page(), encoding="utf-8")
    shutil.rmtree(folder_of(environment))


def main(names: list[str]) -> int:
    """Run all notebooks without a row in the environments `names`, or in all; return 1 on any failure."""
    if (not names or ALONE in names) and (found := resolve()) != rows_of(SYSTEMS_ROWS):
        SYSTEMS_ROWS.unlink(missing_ok=True)
        for row in found:
            append_row(SYSTEMS_ROWS, row, row)
    at = measured_commit(*MEASURED)
    known = {(row["environment"], row["notebook"], row["how"]) for row in rows_of(ROWS) if row["commit"] == at}
    notebooks = sorted(path.stem for path in RELEASE.glob("*.ipynb"))
    wanted = [
        *itertools.product(notebooks, (SOLVED,)),
        *itertools.product(notebooks, (UNTOUCHED,)),
        (TENSORBOARD, OPENED),
    ]
    wrong = False
    for environment in ENVIRONMENTS:
        left = [one for one in wanted if (environment.name, *one) not in known]
        if not left or (names and environment.name not in names):
            continue
        if environment.name == NEWEST and TRIED.items() <= newest_of(environment.packages).items():
            continue
        try:
            measure(environment, at, left)
        except subprocess.CalledProcessError as error:
            sys.stdout.write(f"{environment.name}: {error}\n{error.stderr or ''}\n")
            wrong = True
    PAGE.write_text(page(), encoding="utf-8")
    return int(
        wrong
        or any(
            row["errors"] + row["noise"] != "00" or (row["how"] != UNTOUCHED and row["green"] != row["checks"])
            for row in rows_of(ROWS)
            if row["commit"] == at
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
