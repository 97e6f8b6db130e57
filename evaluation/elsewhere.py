"""The same attacks against three graders: ours, nbgrader alone and otter-grader; rows go to ``evaluation/elsewhere.csv``.

    .venv/bin/python -m evaluation.elsewhere --otter FOLDER    FOLDER: a virtual environment with otter-grader in it

The attacks are listed in ``elsewhere_attacks.toml``.
The others run their students' code with the rights of whoever grades. So each of their runs is in a cage of ours, without
network, on a copy of the course that is thrown away. The exercises and their tests are the same for all.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from evaluation.bench.others import otter_test
from evaluation.rows import measured_commit, rows_of
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from notebook_cage import Limits, Mount, Plan, open_sandbox
from tests.attacks.attacked import WRONG, Attack, notebook_of
from tests.attacks.whole_road import build_road

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROWS = HERE / "elsewhere.csv"
COLUMNS = ("grader", "version", "attack", "deserved", "given", "harm", "seconds")
ASSIGNMENT, NOTEBOOK, WORK, OTTER = "numbers", "1_sums", "/run/work", "/opt/otter"
KEY, NEIGHBOUR = "c0ffee-only-in-the-hidden-tests", "bertha"
LIMITS = Limits(wall_seconds=60, memory_bytes=2_000_000_000, disk_bytes=200_000_000)
TESTS = {
    "check_add": f"import numpy as np\nassert np.array_equal([add(k, 2 * k) for k in range(9)], [3 * k for k in range(9)])  # {KEY}",
    "check_squares": f"assert list(squares) == [k * k for k in range(10)]  # {KEY}",
}
POINTS = {"check_add": 2, "check_squares": 3}


class Given(NamedTuple):
    """The result of an attack: points (None if there was no mark), and whether a neighbor was harmed."""

    points: float | None
    harm: bool
    seconds: float


# -- attacks -------------------------------------------------------------------------------------------------------------


def worth_more(notebook: dict[str, Any]) -> None:
    """Raise the points of all checks."""
    for cell in notebook["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if "points" in told:
            told["points"] = 300


def without_check(notebook: dict[str, Any]) -> None:
    """Remove the check of the squares."""
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") != "check_squares"
    ]


def check_doubled(notebook: dict[str, Any]) -> None:
    """Insert a duplicate before the check of the sums."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "check_add":
            twin = {**cell, "metadata": dict(cell["metadata"]), "id": "twin"}
            notebook["cells"].insert(number, twin)
            return


CHANGES = {one.__name__: one for one in (worth_more, without_check, check_doubled)}


def attacks() -> Iterator[Attack]:
    """Yield the listed attacks."""
    text = HERE.joinpath("elsewhere_attacks.toml").read_text(encoding="utf-8")
    text = text.replace("REVERSED_KEY", repr(KEY[::-1])).replace("NEIGHBOUR", NEIGHBOUR)
    for listed in tomllib.loads(text)["attacks"]:
        if "after" in listed:
            listed["squares"] = f"{WRONG}\n{listed.pop('after')}"
        if "change" in listed:
            listed["change"] = CHANGES[listed["change"]]
        yield Attack(**listed)


ATTACKS = tuple(attacks())


# -- nbgrader ------------------------------------------------------------------------------------------------------------


def nbgrader_course(folder: Path) -> None:
    """Create a course with tests in the notebook, as for nbgrader without netgrader."""
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "plain"\nc.Execute.timeout = 8\nc.Execute.interrupt_on_timeout = True\n'
        'c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}\n'
    )
    cells = [new_markdown_cell("Sums and squares")]
    for name in ("add", "squares"):
        cells.append(_with_id(new_code_cell("### BEGIN SOLUTION\n### END SOLUTION"), name, solution=True))
        tests = f"print({name!r})\n### BEGIN HIDDEN TESTS\n# {KEY}\n{TESTS[f'check_{name}']}\n### END HIDDEN TESTS"
        check = _with_id(new_code_cell(tests), f"check_{name}", grade=True, locked=True, points=POINTS[f"check_{name}"])
        cells.append(check)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (folder / "source" / ASSIGNMENT).mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb")
    caged(folder, [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT])


def _with_id(cell: Any, name: str, **marks: Any) -> Any:
    cell.metadata["nbgrader"] = {
        "grade_id": name,
        "grade": False,
        "solution": False,
        "locked": False,
        "schema_version": 3,
        "task": False,
        **marks,
    }
    return cell


def by_nbgrader(course: Path, attack: Attack) -> Given:
    """Grade in a copy of `course`, next to a neighbor's honest submission."""
    with copied(course) as folder:
        released = json.loads((folder / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_text())
        for student, theirs in (("mallory", attack), (NEIGHBOUR, ATTACKS[0])):
            target = folder / "submitted" / student / ASSIGNMENT
            target.mkdir(parents=True)
            (target / f"{NOTEBOOK}.ipynb").write_text(json.dumps(filled(released, theirs)))
        neighbour = folder / "submitted" / NEIGHBOUR / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        before, begin = neighbour.read_bytes(), time.monotonic()
        caged(folder, [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--student", "mallory"])
        seconds = time.monotonic() - begin
        return Given(_booked(folder / "gradebook.db"), neighbour.read_bytes() != before, seconds)


def _booked(database: Path) -> float | None:
    from nbgrader.api import Gradebook, MissingEntry

    with contextlib.suppress(MissingEntry), Gradebook(f"sqlite:///{database}") as gradebook:
        found = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, "mallory")
        graded = [grade for grade in found.grades if grade.auto_score is not None]
        return sum(grade.auto_score for grade in graded) if graded else None
    return None


def filled(released: dict[str, Any], attack: Attack) -> dict[str, Any]:
    """Return the released notebook with the attacker's answers and cells."""
    notebook = json.loads(json.dumps(released))
    answers, cells = {"add": attack.add, "squares": attack.squares}, []
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell["source"] = answers[name]
        cells.append(cell)
        if name == "add":
            cells += [dict(new_code_cell(source)) for source in attack.cells]
    notebook["cells"] = [*cells, *(dict(new_code_cell(source)) for source in attack.last)]
    if attack.change is not None:
        attack.change(notebook)
    return notebook


# -- otter-grader --------------------------------------------------------------------------------------------------------


def otter_course(folder: Path, environment: Path) -> None:
    """Create tests in otter's format, and otter's autograder archive."""
    for name in ("tests", "out"):
        (folder / name).mkdir()
    for name, points in POINTS.items():
        code = "\n".join(f">>> {line}" for line in TESTS[name].splitlines())
        (folder / "tests" / f"{name}.py").write_text(f"# {KEY}\n{otter_test(name, points, code)}")
    caged(
        folder, [f"{OTTER}/bin/python", "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip"], environment
    )


def by_otter(course: Path, attack: Attack, environment: Path) -> Given:
    """Grade in a copy of `course`, next to a neighbor's notebook."""
    cells = [new_code_cell(source) for source in (attack.add, *attack.cells, attack.squares, *attack.last)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    with copied(course) as folder:
        nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "mallory.ipynb")
        neighbour = folder / f"{NEIGHBOUR}.ipynb"
        neighbour.write_text("honest work")
        command = [f"{OTTER}/bin/python", "-m", "otter", "run", "-a", "autograder.zip", "-o", "out", "mallory.ipynb"]
        begin = time.monotonic()
        caged(folder, command, environment)
        seconds = time.monotonic() - begin
        results, points = folder / "out" / "results.json", None
        if results.is_file():
            told = [one for one in json.loads(results.read_text())["tests"] if one.get("max_score")]
            points = float(sum(one["score"] for one in told)) if told else None
        return Given(points, neighbour.read_text() != "honest work", seconds)


# -- ours ----------------------------------------------------------------------------------------------------------------


def by_us(folder: Path, attack: Attack) -> Given:
    """Grade with netgrader's complete pipeline."""
    road = build_road(folder)
    target, neighbour = folder / "mallory", folder / NEIGHBOUR / "work.ipynb"
    target.mkdir()
    neighbour.parent.mkdir()
    neighbour.write_text("honest work")
    content = notebook_of(road.course.assignment(ASSIGNMENT).skeleton(NOTEBOOK), attack)
    (target / f"{NOTEBOOK}.ipynb").write_text(json.dumps(content))
    begin = time.monotonic()
    (job,) = find_jobs(target, road.course)
    result = grade_job(job).result
    return Given(result.score, neighbour.read_text() != "honest work", time.monotonic() - begin)


# -- in common -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def copied(course: Path) -> Any:
    """Yield a temporary copy of a course."""
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
        folder = Path(name) / "course"
        shutil.copytree(course, folder)
        yield folder


def caged(folder: Path, command: list[str], environment: Path | None = None) -> str:
    """Run another grader's command in `folder`, in a sandbox; return its output."""
    mounts = [Mount(folder, WORK, writable=True)]
    if environment is not None:
        mounts.append(Mount(environment, OTTER))
    script = f'cd {WORK} && exec timeout 50 "$@" 2>&1'
    plan = Plan(["/bin/sh", "-c", script, "sh", *command], mounts=mounts, limits=LIMITS)
    running = open_sandbox().start(plan, stdout=subprocess.PIPE)
    said = running.stdout.read(1_000_000).decode(errors="replace") if running.stdout is not None else ""
    running.close()
    return said


def main() -> None:
    """Run each attack against each grader; keep existing results of the same version."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--otter", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as name:
        root = Path(name)
        graders: dict[tuple[str, str], Callable[[Attack], Given]] = {}
        (root / "nbgrader").mkdir()
        nbgrader_course(root / "nbgrader")
        graders["nbgrader", importlib.metadata.version("nbgrader")] = lambda attack: by_nbgrader(
            root / "nbgrader", attack
        )
        if chosen.otter:
            (root / "otter").mkdir()
            otter_course(root / "otter", chosen.otter)
            asked = [
                chosen.otter / "bin" / "python",
                "-c",
                "import importlib.metadata as m; print(m.version('otter-grader'))",
            ]
            version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
            graders["otter-grader", version] = lambda attack: by_otter(root / "otter", attack, chosen.otter)
        graders["netgrader", measured_commit()] = lambda attack: by_us(Path(tempfile.mkdtemp(dir=root)), attack)
        rows = rows_of(ROWS)
        for (grader, version), grade in graders.items():
            done = {row["attack"] for row in rows if (row["grader"], row["version"]) == (grader, version)}
            missing = [attack for attack in ATTACKS if attack.name not in done]
            if missing and grade(ATTACKS[0]).points is None:
                sys.stdout.write(f"{grader} gives no mark here to a right notebook: its rows stay as they are.\n")
                continue
            rows = [row for row in rows if row["grader"] != grader or row["version"] == version]
            for attack in missing:
                given = grade(attack)
                deserved = attack.add_deserves + attack.squares_deserves
                points = "" if given.points is None else f"{given.points:g}"
                told = (
                    grader,
                    version,
                    attack.name,
                    f"{deserved:g}",
                    points,
                    int(given.harm),
                    f"{given.seconds:.1f}",
                )
                rows.append(dict(zip(COLUMNS, map(str, told), strict=True)))
                _save(rows)
                sys.stdout.write(f"{grader}: {attack.name}: {points or 'no mark'} of {deserved:g}\n")
                sys.stdout.flush()


def _save(rows: list[dict[str, str]]) -> None:
    with ROWS.open("w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


if __name__ == "__main__":
    main()
