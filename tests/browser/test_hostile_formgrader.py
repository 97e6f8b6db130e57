"""Nothing from a student runs in formgrader's page of a submission, where scripts could change marks."""

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from netgrader.nbgrader_plugin.converters import autograde_one
from tests.browser import payloads
from tests.browser.test_hostile import server, tried

__all__ = ["server", "tried"]

EVERYTHING = {name: one for name, one in payloads.EVERYTHING.items() if name not in payloads.DRAWINGS}
RESOURCES = {
    "assignment_id": "numbers",
    "notebook_id": "1_sums",
    "submission_id": "1",
    "index": 0,
    "total": 1,
    "base_url": "",
    "student": "eve",
    "last_name": None,
    "first_name": None,
    "notebook_path": "autograded/eve/numbers/1_sums.ipynb",
}

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


def submission(booked, port, attempts):
    """A submission with each attempt in an answer, a text cell, a raw cell, a code cell and what that prints."""
    notebook = booked.filled()
    for name, payload in attempts.items():
        text = payloads.filled(payload, name, port)
        notebook["cells"] += [
            {"cell_type": "markdown", "id": f"m-{name}", "metadata": {}, "source": text},
            {"cell_type": "raw", "id": f"r-{name}", "metadata": {"raw_mimetype": "text/html"}, "source": text},
            {"cell_type": "raw", "id": f"w-{name}", "metadata": {}, "source": text},
            {
                "cell_type": "code",
                "id": f"c-{name}",
                "metadata": {"tags": [text]},
                "source": f"print({text!r})",
                "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": text}}],
                "execution_count": None,
            },
        ]
    everything = "\n\n".join(payloads.filled(payload, name, port) for name, payload in attempts.items())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
            cell["source"] = everything
    booked.submit("eve", content=notebook)
    autograde_one(booked.course, "numbers", "eve")
    return nbformat.read(booked.root / "autograded" / "eve" / "numbers" / "1_sums.ipynb", as_version=4)


def page(notebook, config):
    """The page as formgrader's server makes it."""
    config = Config(config)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    html, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources=dict(RESOURCES))
    # So that links and buttons in it are tried as well.
    return html.replace('id="notebook-container"', 'id="try"')


def test_nothing_runs_or_loads_in_formgraders_page_of_a_submission(booked, server, tried):
    notebook = submission(booked, server.server_port, EVERYTHING)
    ran, loaded = tried(page(notebook, booked.course.config))
    assert (ran, loaded) == (set(), set())


def test_the_attempts_succeed_where_nbgrader_is_left_alone(booked, server, tried):
    """Each alone: an element that is left open swallows what comes after it."""
    notebook = submission(booked, server.server_port, {})
    (answer,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "why"]
    config = Config(booked.course.config)
    del config.HTMLExporter["filters"]
    for name in ("script", "img-onerror", "svg-onload", "details-ontoggle", "autofocus", "comment-break"):
        answer.source = payloads.filled(EVERYTHING[name], name, server.server_port)
        assert tried(page(notebook, config))[0] == {name}
        assert tried(page(notebook, booked.course.config))[0] == set()


def test_the_course_and_the_answers_are_still_read_there(booked, browser, tmp_path):
    booked.submit(
        "ada", why="The **sum** of $a$ and $b$:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nif a < b: pass\n```"
    )
    autograde_one(booked.course, "numbers", "ada")
    path = booked.root / "autograded" / "ada" / "numbers" / "1_sums.ipynb"
    written = tmp_path / "page.html"
    written.write_text(page(nbformat.read(path, as_version=4), booked.course.config), encoding="utf-8")
    browser.open(written)
    for piece in ("Now squares.", "The sum of", "if a < b: pass", "2 of 2 points", "All sums are right"):
        assert piece in browser.text
    for selector in ("strong", "math", "table td", "input.score#why"):
        assert browser.run("return document.querySelectorAll(arguments[0]).length", selector) > 0


ROWS = r"\begin{matrix}" + r"\text{5 of 5 points} \\ " * 30 + r"\end{matrix}"
OVER_OTHERS = [
    rf"\smash{{{ROWS}}}",
    rf"\raise 30em {{\smash{{{ROWS}}}}}",
    r"\hspace{-60em} \text{5 of 5 points}",
    r"\llap{\text{5 of 5 points}}",
    r"\rlap{" + r"\text{5 of 5 points}" * 20 + "}",
    r"\vphantom{\smash{x}} \smash{x^{\text{5 of 5 points}^{\text{5 of 5 points}}}}",
]
OUTSIDE = """
return [...document.querySelectorAll('math')].filter(math => {
  const cell = math.closest('.cell').getBoundingClientRect();
  return [math, ...math.querySelectorAll('*')].some(one => {
    const box = one.getBoundingClientRect();
    return box.top < cell.top - 4 || box.bottom > cell.bottom + 4 || box.left < cell.left - 4;
  });
}).map(math => math.textContent.slice(0, 40))
"""


@pytest.mark.parametrize("latex", OVER_OTHERS)
def test_no_formula_is_drawn_outside_of_its_cell(booked, browser, tmp_path, latex):
    booked.submit("eve", why=f"One ${latex}$ in a line.\n\n$${latex}$$\n")
    autograde_one(booked.course, "numbers", "eve")
    written = tmp_path / "page.html"
    notebook = nbformat.read(booked.root / "autograded" / "eve" / "numbers" / "1_sums.ipynb", as_version=4)
    written.write_text(page(notebook, booked.course.config), encoding="utf-8")
    browser.open(written)
    assert browser.run("return document.querySelectorAll('math').length") >= 2
    assert browser.run(OUTSIDE) == []
