"""Students' installation: `requirements.txt` has all imports of the students' side, with tested upper bounds."""

import ast
import importlib.metadata
import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evaluation.environments import ALONE, NEWEST, PAGE, ROWS, SOLVED, TENSORBOARD, page
from evaluation.rows import rows_of
from netgrader.wheels import FORM, REQUIRED, TRIED, tried

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / "release" / "digits"
LISTED = tried()
BROUGHT = {"keras": "tensorflow"}
"""What comes with another package, which needs it itself."""
INSTRUCTORS = {
    "nbgrader"
}  # where nbgrader's exchange is used, netgrader.student.exchange is named in its configuration


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def sources(fresh):
    """All code that students get, by its place."""
    for path in RELEASE.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield from ((path.name, "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code")
    for path in RELEASE.rglob("*.py"):
        yield path.name, path.read_text(encoding="utf-8")
    (packed,) = fresh.glob(FORM)
    with zipfile.ZipFile(packed) as wheel:
        yield from ((name, wheel.read(name)) for name in wheel.namelist() if name.endswith(".py"))


def test_each_package_that_students_code_imports_is_asked_for(fresh):
    found = defaultdict(set)
    for place, source in sources(fresh):
        for module in imported(source):
            found[module].add(place)
    own = {"graphread", "netgrader", *(path.stem for path in RELEASE.rglob("*.py"))}
    others = set(found) - set(sys.stdlib_module_names) - own
    packages = importlib.metadata.packages_distributions()
    asked = {canonicalize_name(Requirement(line).name) for line in LISTED}
    lacking = {one: found[one] for one in others if not asked & set(map(canonicalize_name, packages.get(one, ())))}
    assert set(lacking) == {*BROUGHT, *INSTRUCTORS}, lacking
    assert lacking["nbgrader"] == {"netgrader/student/exchange.py"}
    for module, package in BROUGHT.items():
        needed = {Requirement(line).name for line in importlib.metadata.requires(package)}
        assert package in asked
        assert needed & set(packages[module])


def test_the_wheel_is_small_and_asks_for_nothing_that_requirements_lacks(fresh):
    (wheel,) = fresh.glob(FORM)
    assert (fresh / "requirements.txt").read_text(encoding="utf-8").splitlines() == [f"./{wheel.name}", *LISTED]
    assert wheel.stat().st_size < 3_000_000
    assert set(REQUIRED) < {Requirement(line).name for line in LISTED}


def test_the_upper_bounds_are_the_newest_versions_with_which_everything_was_seen_to_work():
    runs = defaultdict(dict)
    for row in rows_of(ROWS):
        if row["environment"] in {ALONE, NEWEST} and row["packages"]:
            runs[row["packages"]][row["notebook"], row["how"]] = row["errors"] + row["noise"] == "00" and (
                row["green"] == row["checks"] or row["how"] != SOLVED
            )
    notebooks = [path.stem for path in RELEASE.glob("*.ipynb")]
    worked = [
        packages
        for packages, seen in runs.items()
        if all(seen.values()) and {TENSORBOARD, *notebooks} == {name for name, how in seen if how != "as handed out"}
    ]
    newest = dict(one.split("==") for one in worked[-1].split())
    assert {name: newest[name] for name in TRIED} == TRIED
    bounds = {one.name: one.specifier for one in map(Requirement, LISTED)}
    upper = {name: [one.version for one in found if one.operator == "<="] for name, found in bounds.items()}
    assert upper == {name: [version] for name, version in TRIED.items()}


def test_the_page_says_what_the_rows_say():
    assert PAGE.read_text(encoding="utf-8") == page()
