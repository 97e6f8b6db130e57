"""The release: required and forbidden contents, for the tiny course and the real one."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from packaging.requirements import Requirement

from graphread.fault_kinds import HINT, WHY, sections
from netgrader.checks.exercises import load_exercises
from netgrader.commands.release import differences, generate, release
from netgrader.errors import NetgraderError, UsageError
from netgrader.faults import CATALOGUE
from netgrader.own_files import PACKAGE, is_part_of, module_name, package_files
from netgrader.wheels import FORM, REQUIRED, WITHHELD, build_wheel, requirements, student_files
from netgrader.which_course import find_course

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def real():
    """The course that this package lies in."""
    course = find_course()
    return course.assignment("digits")


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_release_holds_what_a_student_needs_and_the_gradebook_knows_its_points(booked):
    target = release(booked.assignment)
    (wheel,) = target.glob(FORM)
    assert names(target) == [
        "1_sums.ipynb",
        "2_words.ipynb",
        "README.md",
        "checks/exercises.toml",
        "checks/probes_sums.py",
        "checks/probes_words.py",
        "checks/test_sums_public.py",
        "checks/test_words_public.py",
        wheel.name,
        "requirements.txt",
    ]
    with Gradebook(booked.course.db_url) as gradebook:
        assert gradebook.find_assignment("numbers").max_score == 11
    readme = (target / "README.md").read_text(encoding="utf-8")
    for said in (
        "4.5 GB of disk",
        "python3 -m venv",
        "py -3.13 -m venv",
        "sudo apt install python3-venv",
        "Interrupt Kernel",
    ):
        assert said in readme


def test_a_release_that_was_touched_or_is_old_is_told_by_its_files(booked):
    target = release(booked.assignment)
    assert differences(booked.assignment) == ()
    (target / "README.md").write_text("touched")
    (target / "notes.txt").write_text("new")
    tests = booked.root / "source" / "numbers" / "checks" / "test_sums_public.py"
    tests.write_text(tests.read_text() + "\n")
    assert differences(booked.assignment) == ("README.md", "checks/test_sums_public.py", "notes.txt")


def test_one_notebook_can_be_released_before_the_others_and_nothing_that_answers_it_stays(booked):
    booked.write("source/numbers/given.py", "x = 1\n")
    path = booked.root / "source" / "numbers" / "2_words.ipynb"
    path.write_text(path.read_text().replace("import string", "from given import x"))
    everything = names(release(booked.assignment))
    assert {"2_words.ipynb", "given.py", "checks/probes_words.py"} <= set(everything)
    target = release(booked.assignment, ["1_sums"])
    assert [name for name in names(target) if "words" in name or "given" in name] == []
    assert "1_sums.ipynb" in names(target)
    before = (target / "1_sums.ipynb").read_bytes()
    assert names(release(booked.assignment, ["2_words", "1_sums"])) == everything
    assert (target / "1_sums.ipynb").read_bytes() == before


def test_a_notebook_that_there_is_not_is_a_sentence_and_nothing_changes(booked):
    with pytest.raises(UsageError, match="has no notebook '3_more'"):
        release(booked.assignment, ["3_more"])
    assert not booked.assignment.release.exists()


def test_a_source_that_nbgrader_refuses_leaves_the_old_release(booked):
    target = release(booked.assignment)
    before = (target / "1_sums.ipynb").read_bytes()
    path = booked.root / "source" / "numbers" / "1_sums.ipynb"
    path.write_text(path.read_text().replace("### END SOLUTION", ""))
    with pytest.raises(NetgraderError, match="no end solution statement"):
        release(booked.assignment)
    assert (target / "1_sums.ipynb").read_bytes() == before
    assert [file.name for file in target.parent.iterdir()] == ["numbers"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[squares]\nwidths = [0, 10]", "widths must be a list"),
        ("[squares]\ntarget = 98.5", "target must be a share"),
        ("[square]\nrates = 5", "is called like no exercise; the nearest is squares"),
        ("[train", "not valid TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_and_leaves_the_old_release(tiny, text, says):
    old = tiny.write("release/numbers/README.md", "old")
    file = tiny.write("source/numbers/checks/exercises.toml", text or "")
    if text is None:
        file.unlink()
    for attempt in (release, differences):
        with pytest.raises(NetgraderError, match=says) as caught:
            attempt(tiny.assignment)
        assert str(file) in str(caught.value)
    assert old.read_text() == "old"
    assert [path.name for path in old.parents[1].iterdir()] == ["numbers"]
    assert not (tiny.root / "gradebook.db").exists()


def test_the_wheel_has_the_same_bytes_every_time_whatever_the_environment_says(tmp_path, monkeypatch):
    first = build_wheel(tmp_path / "a")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1577836800")
    monkeypatch.setenv("HATCH_BUILD_HOOKS_ONLY", "1")
    second = build_wheel(tmp_path / "b")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_a_mended_check_is_in_a_wheel_of_another_version(tmp_path, monkeypatch):
    """Else pip would leave it aside where the last one is installed."""
    before = build_wheel(tmp_path / "before")
    package = tmp_path / "netgrader"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "judges" / "__init__.py").write_text('"""Mended."""\n')
    for module in ("own_files", "wheels"):
        monkeypatch.setattr(f"netgrader.{module}.PACKAGE", package)
    after = build_wheel(tmp_path / "after")
    versions = []
    for wheel in (before, after):
        with zipfile.ZipFile(wheel) as opened:
            (metadata,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
            versions += re.findall(r"(?m)^Version: (.+)$", opened.read(metadata).decode())
        assert wheel.name == f"netgrader_student-{versions[-1]}-py3-none-any.whl"
    assert versions[0] != versions[1]


COLAB = {  # what Colab has by the issue, and of what these need
    "tensorflow": "2.20.0",
    "numpy": "2.1.3",
    "ipython": "7.34.0",
    "protobuf": "5.29.5",
    "matplotlib": "3.10.0",
    "pytest": "8.4.2",
}


def test_the_wheel_asks_for_no_other_version_of_what_colab_has():
    asked = {one.name: one.specifier for one in map(Requirement, requirements(REQUIRED))}
    assert set(asked) - set(COLAB) == {"msgspec"}  # Colab has none; it needs nothing itself
    assert [name for name, version in COLAB.items() if version not in asked[name]] == []


def test_the_wheel_holds_nothing_of_the_graders_side():
    files = {name.removeprefix("netgrader/") for name in student_files()}
    assert {"student/__init__.py", "student/capture.py", "checks/language.py", "fault_pages/not-scaled.md"} <= files
    forbidden = re.compile(
        r"grading/|nbgrader_plugin/|commands/|cli|course\.py|skeleton|releases|caged_lab|cage_contents|limited|workers|wheels|own_files|python_sources|pages/"
    )
    assert [name for name in files if forbidden.match(name)] == []


def test_of_a_faults_page_students_have_no_program():
    pages = {name: text.decode() for name, text in student_files().items() if "/fault_pages/" in name}
    assert len(pages) == len(CATALOGUE)
    assert [name for name, page in pages.items() if "```" in page or not sections(page).keys() <= {WHY, HINT}] == []


def test_what_is_withheld_is_there():
    held = [module_name(path) for path in package_files().values()]
    assert [name for name in WITHHELD if not any(is_part_of(one, [name]) for one in held)] == []


@pytest.mark.parametrize("module", ["netgrader.judges.own_run", "netgrader_platforms.sheets", "notebook_cage.types"])
def test_a_public_test_that_needs_what_is_withheld_is_refused(tmp_path, module):
    test = tmp_path / "test_sums_public.py"
    test.write_text(f"import {module}\n")
    with pytest.raises(NetgraderError, match=rf"test_sums_public.py is for students and imports {module}"):
        build_wheel(tmp_path, [test])


def test_every_module_of_the_wheel_is_imported_where_nothing_of_the_graders_side_is(tmp_path):
    """With the packages of this environment, and without TensorFlow before anybody asks for it."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    folder = tmp_path / "alone"
    zipfile.ZipFile(build_wheel(tmp_path)).extractall(folder)
    alone = f"import sys; sys.path[:0] = [{str(folder)!r}]; sys.path.append({packages!r}); import netgrader.student"
    script = alone + "; print(netgrader.__file__); print([m for m in sys.modules if m.startswith('tensorflow')])"
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert said.stdout.splitlines() == [str(folder / "netgrader" / "__init__.py"), "[]"]
    script = alone + "; import graphread, importlib, pkgutil; print(*[importlib.import_module(each.name).__file__ for "
    script += (
        "top in (netgrader, graphread) for each in pkgutil.walk_packages(top.__path__, f'{top.__name__}.')], sep='\\n')"
    )
    command = [sys.executable, "-I", "-S", "-c", script]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert len(said.stdout.splitlines()) > 100
    assert [path for path in said.stdout.splitlines() if not path.startswith(str(folder))] == []


def test_a_release_that_is_kept_without_what_is_built_is_compared_without_it(booked):
    target = release(booked.assignment)
    (wheel,) = target.glob(FORM)
    wheel.unlink()
    (target / "requirements.txt").unlink()
    assert differences(booked.assignment) == ()
    (target / "README.md").write_text("touched")
    assert differences(booked.assignment) == ("README.md",)


def test_no_line_of_a_solution_is_anywhere_in_the_release(real, fresh):
    texts = everything(fresh)
    given = "\n".join(texts.values())
    leaked = [line for line in solution_lines(real) if line in given]
    assert leaked == []


def test_no_hidden_test_is_anywhere_in_the_release(real, fresh):
    given = "\n".join(everything(fresh).values())
    hidden = [path.read_text(encoding="utf-8") for path in sorted(real.course.hidden_tests.glob("*.py"))]
    tests = [name for text in hidden for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)]
    assert len(tests) > 5
    assert [name for name in tests if re.search(rf"\b{name}\b", given)] == []


def test_no_hidden_case_is_anywhere_in_the_release(real, fresh):
    hidden = tomllib.loads((real.course.hidden_tests / "hidden.toml").read_text(encoding="utf-8"))
    asked = load_exercises(fresh / "checks").tables
    for name, table in hidden.items():
        for key, cases in table.items():
            assert cases
            assert [case for case in cases if case in asked[name][key]] == []
    assert [name for name in names(fresh) if "hidden" in name] == []


def test_nothing_that_the_first_releases_wheel_holds_makes_the_arrays_of_the_first_exercise(real, tmp_path):
    generate(real, tmp_path, real.notebooks[:1], save=False)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    command = [sys.executable, str(Path(__file__).with_name("answers_in_wheel.py")), str(tmp_path / "unpacked")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["called"] > 200
    assert told["answers"] == []


def solution_lines(assignment):
    """Lines of solutions that tell something: long enough, and not in the course's own text outside the marks."""
    inside, outside = set(), set()
    for name in assignment.notebooks:
        for cell in nbformat.read(assignment.source / f"{name}.ipynb", as_version=4).cells:
            solution = False
            for line in cell.source.splitlines():
                if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                    solution = "BEGIN" in line
                else:
                    (inside if solution else outside).add(line.strip())
    given = "\n".join(outside) + "\n".join(
        path.read_text(encoding="utf-8") for path in assignment.source.rglob("*.py") if "test_" not in path.name
    )
    return sorted(line for line in inside if len(line) > 25 and line not in given)


def everything(folder):
    """All text in the release, the wheel's included."""
    texts = {}
    for path in folder.rglob("*"):
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            texts[path.name] = "\n".join("".join(cell["source"]) for cell in cells) + path.read_text(encoding="utf-8")
        elif path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    texts[name] = archive.read(name).decode("utf-8", "replace")
        elif path.is_file() and path.suffix != ".npz":
            texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return texts
