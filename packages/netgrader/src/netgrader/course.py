"""The paths of a course: source, release, submissions, hidden tests, data, results."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.belonging import CONFIGS, TESTS
from netgrader.errors import UsageError, listed
from netgrader.python_sources import cells_named, imported_modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgrader.catalogue import CourseTexts
    from netgrader.checks.exercises import Exercises
    from netgrader.data import DataSpec
    from netgrader.skeleton import Skeleton

__all__ = ["CONFIG", "Assignment", "Course", "NotebookFiles"]

CONFIG = CONFIGS[0]
MESSAGES = "messages.*.mo"
JUPYTERS_CONFIGS = ("jupyter_config.py", "jupyter_config.json")
STORE_VARIABLE = "NETGRADER_STORE"


@dataclass(frozen=True)
class Course:
    """A course's folder, in nbgrader's layout."""

    root: Path
    """The folder with ``nbgrader_config.py``."""

    def __getstate__(self) -> dict[str, object]:
        """Return the state to pickle: the folder without the cached settings."""
        return {"root": self.root}

    @functools.cached_property
    def config(self) -> Mapping[str, Any]:
        """The settings of nbgrader's commands in this course, as traitlets' Config; ours use the same.

        Jupyter's settings folders come first, then the course's ``nbgrader_config.py``, and last ``nbgrader_config.json``.
        The working folder has no influence.

        Raises
        ------
        UsageError
            If one of these files cannot be run, the course has none, or the folder is visible to every submission.
        """
        from traitlets.config.loader import (  # noqa: PLC0415  (slow)
            Config,
            JSONFileConfigLoader,
            PyFileConfigLoader,
        )

        from notebook_cage.host import exposed  # noqa: PLC0415  (POSIX)

        if not (self.root / CONFIG).is_file():
            raise UsageError(f"There is no {CONFIG} in {self.root}, so it is not a course.")
        if exposed(self.root):
            raise UsageError(
                f"{self.root} lies among the programs and packages that every submission is shown, and its tests would be, "
                "too. Move the course to a folder of its own, such as one in your home."
            )
        config = Config()
        for file in self.config_files:
            kind = PyFileConfigLoader if file.suffix == ".py" else JSONFileConfigLoader
            try:
                config.merge(kind(file.name, path=str(file.parent)).load_config())
            except Exception as error:
                raise UsageError(f"{file} cannot be read: {type(error).__name__}: {error}") from error
        return config  # type: ignore[no-any-return]

    @property
    def config_files(self) -> tuple[Path, ...]:
        """The configuration files that exist, in the order of loading; later ones win."""
        from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415  (slow)

        folders = [*map(Path, reversed(jupyter_config_path()))]
        found = [folder / name for names in (JUPYTERS_CONFIGS, CONFIGS) for folder in folders for name in names]
        return tuple(filter(Path.is_file, [*found, *map(self.root.joinpath, CONFIGS)]))

    def _setting(self, name: str, default: str) -> str:
        return str(self.config.get("CourseDirectory", {}).get(name, default))

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """Return the folder of an nbgrader step, such as ``source``, ``submitted`` or ``autograded``."""
        structure = self._setting("directory_structure", "{nbgrader_step}/{student_id}/{assignment_id}")
        name = self._setting(f"{step}_directory", step)
        return self.root / os.path.normpath(
            structure.format(nbgrader_step=name, student_id=student, assignment_id=assignment)
        )

    @property
    def hidden_tests(self) -> Path:
        """The folder of tests that never leave the instructor."""
        return self.root / TESTS

    @property
    def seed(self) -> int:
        """The seed of the probes' random choices: the number in ``grader_tests/seed.txt``, or 0.

        The notebooks that students run use 0; with another number, nobody can prepare for the questions of grading.

        Raises
        ------
        UsageError
            If the file does not hold a whole number.
        """
        file = self.hidden_tests / "seed.txt"
        if not file.is_file():
            return 0
        text = file.read_text(encoding="utf-8").strip()
        if not text.isdecimal():
            raise UsageError(f"{file} must hold a whole number, not {text[:20]!r}.")
        return int(text)

    @property
    def severity(self) -> Path:
        """The file with the course's own severities of faults, which may be absent."""
        return self.hidden_tests / "severity.toml"

    @property
    def db_url(self) -> str:
        """The URL of nbgrader's gradebook database."""
        return self._setting("db_url", f"sqlite:///{self.root.resolve() / 'gradebook.db'}")

    @property
    def scratch(self) -> Path:
        """The folder for results: in the course, or ``NETGRADER_STORE`` if the course is read-only."""
        return Path(os.environ.get(STORE_VARIABLE) or self.root / ".netgrader")

    @property
    def secret(self) -> bytes:
        """A secret that no student can know: 32 random bytes, generated on first use."""
        file = self.scratch / "secret"
        try:
            return file.read_bytes()
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            drawn = file.with_name(f".secret.{secrets.token_hex(8)}")
            drawn.touch(mode=0o600)
            drawn.write_bytes(secrets.token_bytes(32))
            with contextlib.suppress(OSError):  # another process was faster, or the file system has no links
                file.hardlink_to(drawn)
            if not file.exists():
                drawn.replace(file)
            drawn.unlink(missing_ok=True)
            return file.read_bytes()

    @property
    def assignments(self) -> tuple[str, ...]:
        """Names of the assignments with a source notebook, sorted."""
        source = self.folder("source", ".", "*")
        return tuple(sorted(path.name for path in source.parent.glob("*") if any(path.glob("*.ipynb"))))

    @property
    def own_assignments(self) -> tuple[Assignment, ...]:
        """The assignments graded by our checks, not by nbgrader's tests in the notebooks."""
        return tuple(one for one in map(self.assignment, self.assignments) if one.is_ours)

    def own_assignment(self, name: str, instead: str) -> Assignment:
        """Return the assignment `name`, which our checks must grade.

        Raises
        ------
        UsageError
            If there is no such assignment, or nbgrader grades it; then the message says to type `instead`.
        """
        assignment = self.assignment(name)
        if not assignment.is_ours:
            raise UsageError(
                f"'{name}' is one of nbgrader's own assignments: its tests are in its notebooks, and it has no checks in "
                f"{assignment.checks}. Type {instead} {shlex.quote(name)}"
            )
        return assignment

    def assignment(self, name: str) -> Assignment:
        """Return the assignment `name`.

        Raises
        ------
        UsageError
            If there is no such assignment.
        """
        if name not in self.assignments:
            raise UsageError(f"There is no assignment '{name}' in {self.root}. There is: {listed(self.assignments)}.")
        return Assignment(self, name)

    def submitted(self, assignment: str, step: str = "submitted") -> Iterator[str]:
        """Yield the ids of students with a folder of an nbgrader step for `assignment`, sorted."""
        parts = self.folder(step, "*", assignment).parts
        if parts.count("*") != 1:
            raise UsageError(f"{self.root / CONFIG} has a directory_structure without one folder for each student.")
        depth = parts.index("*")
        root, rest = Path(*parts[:depth]), Path(*parts[depth + 1 :])
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if _may_be_folder(folder / rest):
                    yield folder.name


def _holds_work(folder: str | Path) -> bool:
    """Whether a submission's folder has gradable files (notebook, archive, folder), or is unreadable."""
    try:
        with os.scandir(folder) as entries:
            return any(
                one.name.lower().endswith((".ipynb", ".zip")) or (one.is_dir() and not one.name.startswith("."))
                for one in entries
            )
    except PermissionError:
        return True
    except OSError:
        return False


@dataclass(frozen=True)
class NotebookFiles:
    """The files of one notebook of an assignment."""

    source: Path
    """The instructor's notebook."""
    probes: tuple[Path, ...]
    public_tests: tuple[Path, ...]
    hidden_tests: tuple[Path, ...]
    """``probes_<nb>.py``, ``test_<nb>_public.py`` and ``test_<nb>.py``, where <nb> is the name without its number, and
    further files where <nb> is followed by an underscore and more."""
    exercises: Path
    """``exercises.toml``: the parameters of the exercises in all notebooks."""
    faults: Path
    """``faults.toml``: what the course adds to the catalog of faults or rewords, for all notebooks."""
    hidden: Path
    """``hidden.toml`` next to the hidden tests: settings of exercises for grading only. No release contains it."""
    messages: tuple[Path, ...] = ()
    """``messages.<language>.mo``: translations of the course's own texts."""
    given: tuple[Path, ...] = ()
    """Modules that ship with the notebook; only this notebook gets them in its sandbox."""

    @property
    def name(self) -> str:
        """The notebook's name without its suffix."""
        return self.source.stem


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course."""

    course: Course
    name: str

    @property
    def source(self) -> Path:
        """The folder of the instructor's notebooks."""
        return self.course.folder("source", ".", self.name)

    @property
    def release(self) -> Path:
        """The folder that students receive."""
        return self.course.folder("release", ".", self.name)

    @property
    def checks(self) -> Path:
        """The folder of probes, public tests and the exercises' parameters; it ships with the release."""
        return self.source / "checks"

    @property
    def spec(self) -> DataSpec | None:
        """The specification of the assignment's data; None if it has no data.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` is invalid.
        """
        return self.exercises.spec

    @property
    def exercises(self) -> Exercises:
        """The public settings of the exercises; empty if there is no ``exercises.toml``.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` is invalid.
        """
        from netgrader.checks.exercises import FILE, NO_EXERCISES, load_exercises  # noqa: PLC0415  (the reader's types)

        file = self.checks / FILE
        return load_exercises(file) if file.is_file() else NO_EXERCISES

    @property
    def exercises_in_grading(self) -> Exercises:
        """The settings of the exercises, with those for grading only; checks them against the notebooks.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` is missing, or invalid for the notebooks.
        """
        from netgrader.checks.exercises import FILE, HIDDEN_FILE, load_exercises  # noqa: PLC0415  (the reader's types)

        hidden = self.course.hidden_tests / HIDDEN_FILE
        return load_exercises(self.checks / FILE, self.exercise_names, hidden=hidden)

    @property
    def texts(self) -> CourseTexts:
        """The course's texts: the catalog of faults changed by ``faults.toml``, and translations.

        Raises
        ------
        BadExerciseError
            If ``faults.toml`` or ``exercises.toml`` is invalid.
        """
        from netgrader.checks.exercises import load_texts  # noqa: PLC0415  (the reader's types)

        return load_texts(self.checks, self.course.hidden_tests / "hidden.toml")

    @property
    def data(self) -> Path | None:
        """The path of the data file, which may be missing; None if the assignment has no data."""
        return self.course.root / "data" / self.spec.file if self.spec is not None else None

    @property
    def beside(self) -> tuple[Path, ...]:
        """Files that notebooks read themselves, from ``[files]`` of ``exercises.toml``; may be missing.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` is invalid.
        """
        return tuple(self.source / name for name in self.exercises.files)

    @property
    def data_file(self) -> Path | None:
        """The path of the data file if it exists, else None."""
        return self.data if self.data is not None and self.data.is_file() else None

    @property
    def is_ours(self) -> bool:
        """Whether our checks grade it: its source has a folder of checks.

        nbgrader grades every other assignment of a course, by the tests in its notebooks.
        """
        return self.checks.is_dir()

    @property
    def notebooks(self) -> tuple[str, ...]:
        """Names of the notebooks without suffix, sorted."""
        return tuple(sorted(path.stem for path in self.source.glob("*.ipynb")))

    def handed_in(self) -> list[str]:
        """Return the ids of students who submitted anything gradable, sorted."""
        there = self.course.submitted(self.name)
        return [one for one in there if _holds_work(self.course.folder("submitted", one, self.name))]

    def files(self, notebook: str) -> NotebookFiles:
        """Return the files of `notebook`.

        Raises
        ------
        UsageError
            If the assignment has no such notebook.
        """
        self._known(notebook)
        return NotebookFiles(
            source=self.source / f"{notebook}.ipynb",
            probes=self._belonging(self.checks, "probes_", notebook, ""),
            public_tests=self._belonging(self.checks, "test_", notebook, "_public"),
            hidden_tests=self._belonging(self.course.hidden_tests, "test_", notebook, ""),
            exercises=self.checks / "exercises.toml",
            faults=self.checks / "faults.toml",
            hidden=self.course.hidden_tests / "hidden.toml",
            messages=tuple(sorted(self.checks.glob(MESSAGES))),
            given=self._given(notebook),
        )

    @property
    def short_names(self) -> dict[str, str]:
        """The name of each notebook without its number, by which files are named."""
        return {name: re.sub(r"^\d+_", "", name) for name in self.notebooks}

    def _belonging(self, folder: Path, prefix: str, notebook: str, suffix: str) -> tuple[Path, ...]:
        """Return Python files in `folder` named after `notebook`, not after a notebook with a longer name."""
        shorts = self.short_names
        found = []
        for path in sorted(folder.glob(f"{prefix}*{suffix}.py")):
            middle = path.stem.removeprefix(prefix).removesuffix(suffix)
            owners = [name for name, short in shorts.items() if f"{middle}_".startswith(f"{short}_")]
            if max(owners, key=lambda name: len(shorts[name]), default=None) == notebook:
                found.append(path)
        return tuple(found)

    def _known(self, notebook: str) -> None:
        if notebook not in self.notebooks:
            raise UsageError(
                f"The assignment '{self.name}' has no notebook '{notebook}'. It has: {listed(self.notebooks)}."
            )

    def _given(self, notebook: str) -> tuple[Path, ...]:
        """Return modules next to the source notebooks that locked cells of this notebook import."""
        modules = {path.stem: path for path in sorted(self.source.glob("*.py"))}
        if not modules:
            return ()
        imported = set().union(
            *(imported_modules(cell.source) for cell in self.skeleton(notebook).cells if cell.locked)
        )
        return tuple(path for name, path in modules.items() if name in imported)

    @property
    def exercise_names(self) -> frozenset[str]:
        """Exercises of all notebooks: ids of solution cells, and of check cells without ``check_``.

        Raises
        ------
        NetgraderError
            If nbgrader cannot generate a release from a source notebook.
        """
        cells = (cell for name in self.notebooks for cell in self.skeleton(name).tracked if cell.cell_type == "code")
        return frozenset(cell.grade_id.removeprefix("check_") for cell in cells if cell.is_solution or cell.is_graded)

    def skeleton(self, notebook: str) -> Skeleton:
        """Return the release version of `notebook`, as nbgrader generates it from the source."""
        self._known(notebook)
        from netgrader.skeleton import skeleton  # noqa: PLC0415  (it needs this module's types)

        return skeleton(self, notebook)

    def evidence_cells(self, notebook: str) -> tuple[str, ...]:
        """Return the ids of cells where evidence is collected: check cells, and locked cells with a probe."""
        probed = frozenset[str]().union(*(cells_named(path, "probe") for path in self.files(notebook).probes))
        return tuple(
            cell.grade_id
            for cell in self.skeleton(notebook).tracked
            if cell.cell_type == "code" and (cell.is_check or (cell.locked and cell.grade_id in probed))
        )


def _may_be_folder(path: Path) -> bool:
    """Whether `path` is a folder, or permissions hide whether it is one."""
    try:
        return path.is_dir()
    except PermissionError:
        return True
