"""The places of a course's files: source, release, submissions, hidden tests, data, results."""

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
from netgrader.errors import UsageError
from netgrader.imports import cells_named, imported_modules

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
    """A course's folder, laid out as nbgrader lays it out."""

    root: Path
    """The folder with ``nbgrader_config.py``."""

    def __getstate__(self) -> dict[str, object]:
        """Return what another process gets: the folder, and not the settings that were read from it."""
        return {"root": self.root}

    @functools.cached_property
    def config(self) -> Mapping[str, Any]:
        """What nbgrader's commands would be set to here, as traitlets' Config: so that ours do as they do.

        Jupyter's folders of settings come first, the course's ``nbgrader_config.py`` and then ``nbgrader_config.json`` last.
        The working folder has no influence.

        Raises
        ------
        UsageError
            If one of these files cannot be run, or the course has none; or if it lies where every submission can read.
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
        """The files that settings come from, the ones that win last."""
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
        """What the probes' random choices depend on: the number in ``grader_tests/seed.txt``, 0 without one.

        The notebooks that students run use 0, so with another number nobody can prepare for what is asked in grading.

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
        """The file with the course's own severities of faults; it may be absent."""
        return self.hidden_tests / "severity.toml"

    @property
    def db_url(self) -> str:
        """The gradebook, as nbgrader names it."""
        return self._setting("db_url", f"sqlite:///{self.root.resolve() / 'gradebook.db'}")

    @property
    def scratch(self) -> Path:
        """The folder for results: in the course, or ``NETGRADER_STORE`` if the course is read-only."""
        return Path(os.environ.get(STORE_VARIABLE) or self.root / ".netgrader")

    @property
    def secret(self) -> bytes:
        """What nobody who hands something in can know: 32 random bytes, drawn when they are first asked for."""
        file = self.scratch / "secret"
        try:
            return file.read_bytes()
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            drawn = file.with_name(f".secret.{secrets.token_hex(8)}")
            drawn.touch(mode=0o600)
            drawn.write_bytes(secrets.token_bytes(32))
            with contextlib.suppress(OSError):  # another process was faster, or the disk has no links
                file.hardlink_to(drawn)
            if not file.exists():
                drawn.replace(file)
            drawn.unlink(missing_ok=True)
            return file.read_bytes()

    @property
    def assignments(self) -> tuple[str, ...]:
        """Names of the assignments that have a source notebook."""
        source = self.folder("source", ".", "*")
        return tuple(sorted(path.name for path in source.parent.glob("*") if any(path.glob("*.ipynb"))))

    @property
    def own_assignments(self) -> tuple[Assignment, ...]:
        """Those that are graded by checks of ours, and not by the tests in their notebooks as nbgrader's are."""
        return tuple(one for one in map(self.assignment, self.assignments) if one.is_ours)

    def own_assignment(self, name: str, instead: str) -> Assignment:
        """The assignment called `name`, which is graded by checks of ours.

        Raises
        ------
        UsageError
            If there is none, or it is nbgrader's: then with what to type `instead`.
        """
        assignment = self.assignment(name)
        if not assignment.is_ours:
            raise UsageError(
                f"'{name}' is one of nbgrader's own assignments: its tests are in its notebooks, and it has no checks in "
                f"{assignment.checks}. Type {instead} {shlex.quote(name)}"
            )
        return assignment

    def assignment(self, name: str) -> Assignment:
        """The assignment called `name`.

        Raises
        ------
        UsageError
            If there is none.
        """
        if name not in self.assignments:
            known = ", ".join(self.assignments) or "none"
            raise UsageError(f"There is no assignment '{name}' in {self.root}. There is: {known}.")
        return Assignment(self, name)

    def submitted(self, assignment: str, step: str = "submitted") -> Iterator[str]:
        """Ids of the students who have a folder of a step of nbgrader for `assignment`, in order."""
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
    """The files that belong to one notebook of an assignment."""

    source: Path
    """The instructor's notebook."""
    probes: tuple[Path, ...]
    public_tests: tuple[Path, ...]
    hidden_tests: tuple[Path, ...]
    """``probes_<nb>.py``, ``test_<nb>_public.py`` and ``test_<nb>.py``, <nb> being the name without its number; and
    further ones where <nb> is followed by an underscore and more."""
    exercises: Path
    """``exercises.toml``: the exercises' parameters, for all notebooks."""
    faults: Path
    """``faults.toml``: what the course adds to the catalogue of faults, or says otherwise, for all notebooks."""
    hidden: Path
    """``hidden.toml`` next to the hidden tests: terms of exercises for grading only. No release holds it."""
    messages: tuple[Path, ...] = ()
    """``messages.<language>.mo``: the course's own texts in other languages."""
    given: tuple[Path, ...] = ()
    """Modules that ship with the notebook and are given to it (and to no other) in its cage too."""

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
        """The folder that students get."""
        return self.course.folder("release", ".", self.name)

    @property
    def checks(self) -> Path:
        """Probes, public tests and exercises' parameters, which ship with the release."""
        return self.source / "checks"

    @property
    def spec(self) -> DataSpec | None:
        """What its data are; None if it has none.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` makes no sense.
        """
        return self.exercises.spec

    @property
    def exercises(self) -> Exercises:
        """What its exercises ask for in public; nothing where it has no ``exercises.toml``.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` makes no sense.
        """
        from netgrader.checks.exercises import FILE, NO_EXERCISES, load_exercises  # noqa: PLC0415  (the reader's types)

        file = self.checks / FILE
        return load_exercises(file) if file.is_file() else NO_EXERCISES

    @property
    def exercises_in_grading(self) -> Exercises:
        """The exercises' terms, with those that only grading uses; all notebooks' exercises must be there.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` is missing, or makes no sense for the notebooks.
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
            If that, or ``exercises.toml``, makes no sense.
        """
        from netgrader.checks.exercises import load_texts  # noqa: PLC0415  (the reader's types)

        return load_texts(self.checks, self.course.hidden_tests / "hidden.toml")

    @property
    def data(self) -> Path | None:
        """The file of its data, which may be missing; None if it has none."""
        return self.course.root / "data" / self.spec.file if self.spec is not None else None

    @property
    def beside(self) -> tuple[Path, ...]:
        """Files that notebooks read themselves, by ``[files]`` of ``exercises.toml``; they may be missing.

        Raises
        ------
        BadExerciseError
            If ``exercises.toml`` makes no sense.
        """
        return tuple(self.source / name for name in self.exercises.files)

    @property
    def data_file(self) -> Path | None:
        """The file of its data, if it is there."""
        return self.data if self.data is not None and self.data.is_file() else None

    @property
    def is_ours(self) -> bool:
        """Whether it is graded by checks of ours: its source has a folder of them.

        Every other assignment of a course is nbgrader's: its marks are what the tests in its notebooks say.
        """
        return self.checks.is_dir()

    @property
    def notebooks(self) -> tuple[str, ...]:
        """Names of its notebooks, without suffix, in order."""
        return tuple(sorted(path.stem for path in self.source.glob("*.ipynb")))

    def handed_in(self) -> list[str]:
        """Return the ids of the students who handed in anything that could be graded, in order."""
        there = self.course.submitted(self.name)
        return [one for one in there if _holds_work(self.course.folder("submitted", one, self.name))]

    def files(self, notebook: str) -> NotebookFiles:
        """The files that belong to `notebook`.

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

    def _belonging(self, folder: Path, prefix: str, notebook: str, suffix: str) -> tuple[Path, ...]:
        """Python files in `folder` that by their name belong to `notebook`, and not to one with a longer name."""
        shorts = {name: re.sub(r"^\d+_", "", name) for name in self.notebooks}
        found = []
        for path in sorted(folder.glob(f"{prefix}*{suffix}.py")):
            middle = path.stem.removeprefix(prefix).removesuffix(suffix)
            owners = [name for name, short in shorts.items() if f"{middle}_".startswith(f"{short}_")]
            if max(owners, key=lambda name: len(shorts[name]), default=None) == notebook:
                found.append(path)
        return tuple(found)

    def _known(self, notebook: str) -> None:
        if notebook not in self.notebooks:
            known = ", ".join(self.notebooks) or "none"
            raise UsageError(f"The assignment '{self.name}' has no notebook '{notebook}'. It has: {known}.")

    def _given(self, notebook: str) -> tuple[Path, ...]:
        """Modules next to the source notebooks that the notebook's own given cells import."""
        modules = {path.stem: path for path in sorted(self.source.glob("*.py"))}
        if not modules:
            return ()
        imported = set().union(
            *(imported_modules(cell.source) for cell in self.skeleton(notebook).cells if cell.locked)
        )
        return tuple(path for name, path in modules.items() if name in imported)

    @property
    def exercise_names(self) -> frozenset[str]:
        """Names of the exercises of all notebooks: solution cells, and check cells without ``check_``.

        Raises
        ------
        NetgraderError
            If a source notebook is not one.
        """
        cells = (cell for name in self.notebooks for cell in self.skeleton(name).tracked if cell.cell_type == "code")
        return frozenset(cell.grade_id.removeprefix("check_") for cell in cells if cell.is_solution or cell.is_graded)

    def skeleton(self, notebook: str) -> Skeleton:
        """The release version of `notebook`, as nbgrader makes it from the source."""
        self._known(notebook)
        from netgrader.skeleton import skeleton  # noqa: PLC0415  (it needs this module's types)

        return skeleton(self, notebook)

    def evidence_cells(self, notebook: str) -> tuple[str, ...]:
        """Ids of cells where evidence is taken: check cells, and given cells with their own probe."""
        probed = frozenset[str]().union(*(cells_named(path, "probe") for path in self.files(notebook).probes))
        return tuple(
            cell.grade_id
            for cell in self.skeleton(notebook).tracked
            if cell.cell_type == "code" and (cell.is_check or (cell.locked and cell.grade_id in probed))
        )


def _may_be_folder(path: Path) -> bool:
    """Whether it is a folder, or none can tell because it may not be looked at."""
    try:
        return path.is_dir()
    except PermissionError:
        return True
