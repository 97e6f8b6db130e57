"""A release on the web: Colab fetches the files next to a notebook, and grading is not affected."""

import functools
import hashlib
import http.server
import json
import subprocess
import sys
import threading
import zipfile

import nbformat
import pytest

from netgrader.checks.exercises import load_exercises
from netgrader.commands.release import run
from netgrader.errors import NetgraderError
from netgrader.grading.grade_submission import grade
from netgrader.web_release import FETCH_ID, WebAddress, with_fetching

PAGE = "https://github.com/lovelace/course-26/tree/main/week 1".replace(" ", "_")
COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')\n"


def online(course, url=PAGE):
    course.write("source/numbers/checks/exercises.toml", f'[release]\nurl = "{url}"\n')


def released(folder):
    return json.loads((folder / "1_sums.ipynb").read_text(encoding="utf-8"))["cells"]


def fetching(cells):
    return next(cell for cell in cells if cell.get("id") == FETCH_ID)


def test_a_folder_on_github_is_where_colab_opens_notebooks_from_and_files_are_fetched_from():
    address = WebAddress("https://github.com/lovelace/course-26/tree/main/a/digits/")
    assert address.colab("1_one_layer") == (
        "https://colab.research.google.com/github/lovelace/course-26/blob/main/a/digits/1_one_layer.ipynb"
    )
    assert address.file("digits.zip") == "https://raw.githubusercontent.com/lovelace/course-26/main/a/digits/digits.zip"
    assert WebAddress("https://github.com/lovelace/c/tree/main").file("x y.zip") == (
        "https://raw.githubusercontent.com/lovelace/c/main/x%20y.zip"
    )


def test_an_address_with_letters_of_any_language_can_be_fetched_and_linked():
    address = WebAddress("https://github.com/lovelace/c/tree/main/übung (1)/a%20b".replace(" (", "_("))
    folder = "/lovelace/c/main/%C3%BCbung_%281%29/a%20b/"
    assert address.file("x.zip") == f"https://raw.githubusercontent.com{folder}x.zip"
    assert address.colab("n") == f"https://colab.research.google.com/github{folder}n.ipynb".replace("/c/", "/c/blob/")


def test_a_release_holds_an_archive_of_all_and_its_notebooks_a_badge_and_a_cell_that_fetches_it(booked, capsys):
    online(booked)
    run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    told = capsys.readouterr().out
    link = "https://colab.research.google.com/github/lovelace/course-26/blob/main/week_1/1_sums.ipynb"
    target = booked.assignment.release
    assert f"Copy what is in {target} to {PAGE}, and leave older archives there; students then open:\n{link}\n" in told
    (packed,) = target.glob("*.zip")
    with zipfile.ZipFile(packed) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {
        f"numbers/{path.relative_to(target)}": path.read_bytes()
        for path in target.rglob("*")
        if path.is_file() and path.suffix not in {".ipynb", ".zip"}
    }
    code = "".join(fetching(released(target))["source"])
    assert hashlib.sha256(packed.read_bytes()).hexdigest() in code
    assert f"/main/week_1/{packed.name}'" in code
    assert f"]({link})" in released(target)[0]["source"][2]
    assert link in (target / "README.md").read_text()


def test_a_later_release_has_another_archive_and_the_same_one_the_same(booked):
    found = []
    for remark in ("# first", "# second", "# second"):
        booked.write("source/numbers/checks/exercises.toml", f'[release]\nurl = "{PAGE}" {remark}\n')
        run(None, [], "bubblewrap", check=False, untried=True)
        found += [path.name for path in booked.assignment.release.glob("*.zip")]
    assert len(found) == 3
    assert found[0] != found[1] == found[2]
    assert run(None, [], "bubblewrap", check=True, untried=False) == 0
    (booked.assignment.release / "README.md").write_text("touched")
    assert run(None, [], "bubblewrap", check=True, untried=False) == 1


def test_what_is_graded_is_what_it_was_without_the_cell_that_fetches(booked, uncaged):
    online(booked)
    run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    cells = released(booked.assignment.release)
    filled = booked.filled("1_sums")
    filled["cells"].insert(1, fetching(cells))
    (notebook,) = grade(booked.submit("ada", content=filled)).notebooks
    assert (notebook.score, notebook.max_score, notebook.problem, notebook.integrity) == (5.0, 5.0, None, ())


def test_without_an_address_a_release_has_no_cell_that_fetches(booked):
    run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    assert not [cell for cell in released(booked.assignment.release) if cell.get("id") == FETCH_ID]


@pytest.mark.parametrize("minor", [4, 5])
def test_a_notebook_of_any_version_is_a_valid_one_with_the_cell_that_fetches(minor):
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    address = WebAddress(PAGE)
    made = with_fetching(json.dumps(notebook).encode(), "1_sums", address.file("numbers.zip"), "0" * 64, address)
    nbformat.validate(nbformat.reads(made.decode(), as_version=nbformat.NO_CONVERT))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/lovelace/course-26",
        "https://github.com/lovelace/c/tree/",
        "https://example.org/x/y/tree/main",
        "http://github.com/a/b/tree/c",
        f"{PAGE}/exa mple",
        f'{PAGE}/\\"y',
        "file:///etc",
        "",
    ],
)
def test_what_is_no_page_of_a_folder_on_github_is_refused_in_a_sentence(tiny, url):
    online(tiny, url)
    with pytest.raises(
        NetgraderError, match=r"\[release\] url must be the page of a folder, https://github\.com/OWNER/REPOSITORY/tree"
    ):
        load_exercises(tiny.root / "source/numbers/checks/exercises.toml")


@pytest.mark.parametrize("place", ["colab", "elsewhere", "changed"])
def test_in_colab_the_cell_fetches_the_files_of_its_release_alone_and_elsewhere_it_does_nothing(tmp_path, place):
    (tmp_path / "served").mkdir()
    packed = tmp_path / "served" / "numbers.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("numbers/checks/a.py", "A = 1\n")
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    if place == "changed":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("numbers/checks/a.py", "A = 2\n")
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        archive = f"http://127.0.0.1:{server.server_address[1]}/numbers.zip"
        notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        made = json.loads(with_fetching(json.dumps(notebook).encode(), "1_sums", archive, digest, WebAddress(PAGE)))
        code = ("" if place == "elsewhere" else COLAB) + "".join(fetching(made["cells"])["source"])
        (tmp_path / "here").mkdir()
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path / "here", capture_output=True, text=True, check=False
        )
        server.shutdown()
    unpacked = {str(path.relative_to(tmp_path / "here")) for path in (tmp_path / "here").rglob("*.py")}
    assert unpacked == ({"numbers/checks/a.py"} if place == "colab" else set())
    assert ("nothing was unpacked" in ran.stderr) == (place == "changed")
    assert (ran.returncode == 0) == (place != "changed")
