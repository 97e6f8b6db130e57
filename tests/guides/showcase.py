"""Write the examples of the documentation site: feedback pages, a report, executed notebooks, a gallery.

The students exist only here. The notebooks are those that students get, with the outputs of the solution: it runs once for
each state of the course and of the students' package.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from graphread.text import Text
from netgrader.checks.exercises import load_texts
from netgrader.faults import CATALOGUE
from netgrader.files import write_bytes, write_text
from netgrader.pages.checks_table import report_csv
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import CellMark, Marks
from netgrader.pages.report_page import build_report, render_report
from netgrader.wheels import student_files
from netgrader.which_course import find_course
from tests.feedback import examples as feedback
from tests.report import examples as report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgrader.catalogue import CourseTexts
    from netgrader.course import Assignment
    from netgrader.pages.report_view import StudentView

ROOT = Path(__file__).parents[2]
EXECUTED = ROOT / "build" / "executed"
SECONDS = 1800  # for one cell of a solution: three minutes on two busy cores
NAMES = {"david": "David Levi", "esra": "Esra Demir"}
"""Of the report's students, in place of names that try a page out."""
GERMAN = "The page with one mistake, in German"
FEEDBACK = {
    "All points, with the instructor's comment": "feedback/ada/digits/1_one_layer.html",
    "One mistake: softmax applied twice": "feedback/chloe/digits/1_one_layer.html",
    "Several mistakes, a late submission, an answer that waits for a person": "feedback/david/digits/1_one_layer.html",
    "A notebook that could not be graded": "feedback/goran/digits/1_one_layer.html",
    GERMAN: "feedback/chloe/digits/1_one_layer.de.html",
}
GALLERY = {
    (
        "1_one_layer",
        "look-at-network",
    ): "The student's graph as `show_graph` draws it: placeholders, layer, loss, optimizer.",
    ("1_one_layer", "toy-network"): "Three classes of points: where a network with one layer draws its borders.",
    ("1_one_layer", "film"): "The weights of ten neurons while they learn, from step 0 to step 938.",
    ("2_two_layers", "valley"): "Gradient descent in a valley at five learning rates; beyond 1 it diverges.",
    ("2_two_layers", "draw-sweep"): "A learning-rate sweep: differences within the gray band may be chance.",
    (
        "2_two_layers",
        "gradient-grid",
    ): "Which pixels would make the network surer, by the gradient of each probability.",
    ("3_deep_network", "measured"): "What helps a deep network, measured over several seeds.",
    ("3_deep_network", "still-wrong"): "Digits that the deep network misreads, with its answer and the label.",
}
"""Eight pictures of the notebooks by notebook and cell, with their captions."""
PNG = re.compile(r'<img alt="([^"]*)"[^>]*? src="data:image/png;base64,([^"]+)"')
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def write_examples(folder: Path) -> dict[str, str]:
    """Write a report with the feedback pages that it links to, and one in German; return their places by title."""
    assignment = find_course().assignment("digits")
    texts = assignment.texts
    with np.load(assignment.data or "", allow_pickle=False) as archive:
        data = PageData(assignment.spec, archive["x_test"], texts)
    view = replace(report.eight_students(), texts=texts)
    view = replace(view, students=tuple(map(_shown, view.students)))
    for student in view.students:
        for link in student.links.values():
            write_text(folder / "reports" / link, _feedback(student, data))
    chloe = next(one for one in view.students if one.student == "chloe")
    write_text(
        folder / FEEDBACK[GERMAN],
        _feedback(chloe, replace(data, texts=_german(assignment))),
    )
    write_text(folder / "reports" / "digits.csv", report_csv(view))
    write_text(folder / "reports" / "digits.html", render_report(build_report(view, "digits.csv"), texts))
    return {**FEEDBACK, "A class report": "reports/digits.html"}


def _shown(student: StudentView) -> StudentView:
    """Return a student of the examples with an ordinary name and, for the only mistake, the marks that the course gives."""
    if student.student != "chloe":
        return replace(student, name=NAMES.get(student.student, student.name))
    (graded,) = student.notebooks.values()
    prepared, network, *rest = graded.result.cells
    (check,) = network.checks
    check = replace(check, message=Text(str(CATALOGUE["softmax-before-loss"].sentence)))
    cells = (prepared, replace(network, points=1.8, checks=(check,)), *rest)
    marks = Marks({"what_w1_shows": CellMark(None, 2.0)})
    graded = replace(graded, result=replace(graded.result, cells=cells, score=6.8), marks=marks)
    return replace(student, notebooks={feedback.NOTEBOOK: graded})


def _feedback(student: StudentView, data: PageData) -> str:
    (graded,) = student.notebooks.values()
    one_mistake = feedback.notebook(dict([*feedback.MISTAKES.items()][:1]), ())
    wrong = feedback.wrong_student()[0]
    cells = {"chloe": one_mistake, "david": wrong, "esra": wrong}.get(student.student, feedback.right_student()[0])
    about = {"assignment": "digits", "notebook": feedback.NOTEBOOK, "data": data}
    return render_page(build_page(cells, graded, student=student.name, student_id=student.student, **about), data.texts)


def _german(assignment: Assignment) -> CourseTexts:
    """Return the texts of the course as if it asked for German."""
    with tempfile.TemporaryDirectory() as folder:
        checks = Path(folder) / "checks"
        shutil.copytree(assignment.checks, checks)
        exercises = checks / "exercises.toml"
        exercises.write_text(f'[texts]\nlanguage = "de"\n\n{exercises.read_text("utf-8")}', encoding="utf-8")
        return load_texts(checks, assignment.course.hidden_tests / "hidden.toml")


def write_notebooks(folder: Path) -> dict[str, str]:
    """Write the notebooks after a run, and the gallery's pictures; return the pages' places by title."""
    assignment = find_course().assignment("digits")
    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    made = {}
    for number, name in enumerate(assignment.notebooks, 1):
        run = _executed(assignment, name)
        shown = nbformat.read(assignment.release / f"{name}.ipynb", as_version=4)
        outputs = {cell.id: cell.get("outputs", []) for cell in run.cells}
        for cell in shown.cells:
            if cell.cell_type == "code":
                cell.outputs = outputs[cell.id]
        write_text(folder / f"{name}.html", exporter.from_notebook_node(shown)[0])
        made[f"Notebook {number}"] = f"{name}.html"
        for cell in (one for notebook, one in GALLERY if notebook == name):
            _write_picture(folder / "gallery", cell, outputs[cell])
    return made


def kept_run(assignment: Assignment, name: str) -> Path:
    """Return the place in `EXECUTED` of a notebook of the course after its solution ran, as the course is now."""
    files = [path for path in sorted(assignment.source.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    files += [assignment.data] if assignment.data else []
    contents = [*(path.read_bytes() for path in files), *student_files().values()]
    digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in contents)).hexdigest()[:16]
    return EXECUTED / f"{name}-{digest}.ipynb"


def _executed(assignment: Assignment, name: str) -> nbformat.NotebookNode:
    """Return a notebook of the course after its solution ran, from `EXECUTED` where nothing has changed."""
    kept = kept_run(assignment, name)
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / assignment.name
            shutil.copytree(assignment.source, work)
            if assignment.data:
                shutil.copy(assignment.data, work)
            node = nbformat.read(work / f"{name}.ipynb", as_version=4)
            quiet = {"extra_arguments": ["--log-level=ERROR"], "resources": {"metadata": {"path": str(work)}}}
            NotebookClient(node, timeout=SECONDS, kernel_name="python3", **quiet).execute()
        write_text(kept, nbformat.writes(node))
    return nbformat.read(kept, as_version=4)


def _write_picture(folder: Path, cell: str, outputs: Iterable[Mapping[str, Mapping[str, str]]]) -> None:
    """Write the last picture of a cell's outputs as ``<cell>.png`` or ``.svg``, and what it shows in words next to it."""
    shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    if pictures := PNG.findall(shown):
        words, content = pictures[-1]
        write_bytes(folder / f"{cell}.png", base64.b64decode(content))
    else:
        content = SVG.findall(shown)[-1]
        words = re.sub(r"<[^>]+>", " ", "".join(re.findall(r"<(?:title|desc)[^>]*>.*?</", content, re.DOTALL)))
        write_text(folder / f"{cell}.svg", content)
    write_text(folder / f"{cell}.txt", html.unescape(words).strip("</ "))


def gallery(folder: Path) -> str:
    """Return the HTML of the gallery, whose pictures are in `folder`."""
    figures = io.StringIO()
    for (notebook, cell), caption in GALLERY.items():
        (picture,) = (path for path in folder.glob(f"{cell}.*") if path.suffix != ".txt")
        words = html.escape((folder / f"{cell}.txt").read_text(encoding="utf-8"), quote=True)
        said = re.sub("`([^`]+)`", r"<code>\1</code>", caption)
        figures.write(
            f'<figure><a href="{notebook}.html#cell-id={cell}"><img loading="lazy" src="gallery/{picture.name}" alt="{words}">'
            f"</a><figcaption>{said}</figcaption></figure>\n"
        )
    return f'<div class="gallery">\n{figures.getvalue()}</div>\n'
