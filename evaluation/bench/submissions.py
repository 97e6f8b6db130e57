"""The benchmark's inputs: complete submissions from the sample class, and a course whose tests can be changed."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ROOT", "SMALL", "SUBMISSIONS", "Submission", "as_script", "change_tests", "copy_of_course"]

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("source", "grader_tests", "data", "nbgrader_config.py")
ASSIGNMENT = "digits"
LAST_RUNS = re.compile(r"(?m)^runs = \d+ ")
CHANGED = {
    "test_one_layer.py": "check_prepare_data",
    "test_two_layers.py": "check_two_layer_training",
    "test_deep_network.py": "check_deep_training",
}
"""The check cell of which a test is changed, in each file of hidden tests."""


@dataclass(frozen=True)
class Submission:
    """A submission of the sample class, changed where `changes` says so: what is written in its code, and what it becomes."""

    name: str
    student: str
    changes: Mapping[str, str] = field(default_factory=dict)
    notebooks: tuple[str, ...] = ("1_one_layer", "2_two_layers", "3_deep_network")

    def hand_in(self, folder: Path) -> list[Path]:
        """Its notebooks in `folder`, in order.

        Raises
        ------
        ValueError
            If what is to be changed is nowhere in them.
        """
        folder.mkdir(parents=True)
        left = dict(self.changes)
        for notebook in self.notebooks:
            read = nbformat.read(ROOT / "submitted" / self.student / ASSIGNMENT / f"{notebook}.ipynb", as_version=4)
            for cell in read.cells:
                for old, new in self.changes.items():
                    if cell.cell_type == "code" and old in cell.source:
                        cell.source = cell.source.replace(old, new)
                        left.pop(old, None)
            nbformat.write(read, folder / f"{notebook}.ipynb")
        if left:
            raise ValueError(f"{self.name}: {', '.join(left)} is not in the notebooks.")
        return [folder / f"{notebook}.ipynb" for notebook in self.notebooks]


LONGER = {
    "ada": {"n_steps=100": "n_steps=250", "[:15_000]": "", "-1, 200": "-1, 250", "= 3, 100": "= 9, 100"},
    "bela": {"n_steps=50": "n_steps=200", "-1.5, 5": "-1.5, 7", "[:20_000]": "", "n_epochs=4": "n_epochs=6"},
    "chloe": {"n_steps=50": "n_steps=200", "[:5_000]": "", "-1, 50": "-1, 400", "net, 3, mini": "net, 4, mini"},
    "dmitri": {"net, 150": "net, 400", "net, 3, 200": "net, 5, 200"},
}
"""For each student, what makes the sample class train for as long as a student does: `make demo` has it train shorter."""
WIDER = {'8, "strokes"': '16, "strokes"', '16, "shapes"': '32, "shapes"', "7 * 7 * 16": "7 * 7 * 32"}
SUBMISSIONS = (
    Submission("ada: two convolutions, nine epochs", "ada", LONGER["ada"]),
    Submission("bela: batch normalization, six epochs", "bela", LONGER["bela"]),
    Submission("chloe: dropout left on, four epochs", "chloe", LONGER["chloe"]),
    Submission("dmitri: 256 neurons, no sweep that counts", "dmitri", LONGER["dmitri"]),
    Submission("ada: twice as many filters, nine epochs", "ada", LONGER["ada"] | WIDER),
)
SMALL = Submission("femi: nothing is trained", "femi", notebooks=("1_one_layer",))


def copy_of_course(target: Path) -> Path:
    """A copy of the course whose tests may be changed, and in which a network near the line is not run again."""
    target.mkdir(parents=True)
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, target / name)
    exercises = target / "source" / ASSIGNMENT / "checks" / "exercises.toml"
    text, replaced = LAST_RUNS.subn("runs = 1 ", exercises.read_text(encoding="utf-8"))
    if replaced != 1:
        raise ValueError(f"{exercises} does not say in one place how often a network near the line is run.")
    exercises.write_text(text, encoding="utf-8")
    return target


def change_tests(course: Path) -> None:
    """A hidden test more for each notebook, in one of its check cells; students' evidence is the same as before."""
    for name, cell in CHANGED.items():
        path = course / "grader_tests" / name
        added = (
            f'\n\n@grades("{cell}")\ndef test_added_{time.time_ns()}(cell_evidence):\n    """Something was handed over"""\n'
            "    assert cell_evidence is not None\n"
        )
        path.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")


def as_script(notebook: Path, target: Path) -> Path:
    """The notebook's code as a script in plain Python; what the checks cost is left out."""
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    code = [cell.source for cell in cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    head = f"import sys\nsys.path[:0] = [{str(notebook.parent)!r}, {str(ROOT / 'source' / ASSIGNMENT)!r}]"
    target.write_text("\n\n".join([head, *code]) + "\n", encoding="utf-8")
    return target
