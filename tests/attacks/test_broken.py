"""Broken is not hostile: what was right keeps its points, and a sentence says what broke, where, and how to mend it."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

import pytest

from netgrader.grading.grade_submission import grade
from tests.attacks.attacked import ADD, RIGHT, Attack
from tests.attacks.conftest import Attacked, assert_in_vain

if TYPE_CHECKING:
    from collections.abc import Callable

# ---- what goes wrong while it runs: name, attack, and a piece of what the student is told -------------------------------

SQUARES = {"squares": RIGHT, "add_deserves": 0, "squares_deserves": 3}


def all_right(name: str, **more) -> Attack:
    """Something odd beside right work."""
    return Attack(name, **{"squares": RIGHT, "squares_deserves": 3, **more})


RUNNING = [
    (
        Attack("a syntax error", squares="squares = [k * k for k in"),
        "the cell squares stopped at SyntaxError: incomplete input",
    ),
    (Attack("a missing import", squares="squares = np.arange(10) ** 2\nimport numpy as np"), "Restart and Run All"),
    (
        Attack("a module that is not there", squares="import torch\nsquares = [0]"),
        "No module named 'torch'; expected only",
    ),
    (
        Attack("an absolute path", squares="squares = open('C:\\\\Users\\\\me\\\\squares.txt').read()"),
        "no others are there when it is graded",
    ),
    (Attack("a function without a return", add="def add(a, b):\n    a + b", **SQUARES), "sum"),
    (
        Attack("the network", squares="import urllib.request as u\nsquares = u.urlopen('https://example.org').read()"),
        "a cell that needs no network",
    ),
    (
        Attack("a module that was not handed in", cells=["from mine import squares"], squares=""),
        "code cell 3 stopped at ModuleNotFoundError: No module named 'mine'",
    ),
    (all_right("pip", cells=["!pip install numpy"]), ""),
    (
        Attack(
            "magics",
            cells=["%matplotlib inline\n%time x = 1\n%%capture\n", "%%time\ny = 2"],
            squares="%%time\n" + RIGHT,
            squares_deserves=3,
        ),
        "",
    ),
    (
        Attack("a question to the reader", squares="n = int(input('How many? '))\nsquares = [k * k for k in range(n)]"),
        "input(), which nobody answers when a notebook is graded",
    ),
    (all_right("a question before the rest", cells=["name = input('Your name? ')"]), ""),
    (all_right("a widget", cells=["import ipywidgets\nipywidgets.interact(lambda x: x, x=10)"]), ""),
    (all_right("Colab's drive", cells=["from google.colab import drive\ndrive.mount('/content/drive')"]), ""),
    (all_right("another working folder", cells=["import os\nos.chdir('/')"]), ""),
    (all_right("quit in the middle", cells=["quit()"]), ""),
    (all_right("names of the course used for other things", cells=["list = [1]\nstr = 'x'\nprint = 3"]), ""),
]


@pytest.fixture(scope="module")
def ran(attacked: Attacked, asked: Callable[[str], list[Attack]]) -> Attacked:
    limits = attacked.root / "source" / "numbers" / "checks" / "exercises.toml"
    text = limits.read_text().replace("cell_seconds = 5", "cell_seconds = 60")  # pip takes its time to fail
    limits.write_text(text.replace("notebook_seconds = 20", "notebook_seconds = 60"))
    attacked.run(asked("attack"))
    return attacked


@pytest.mark.parametrize(("attack", "said"), RUNNING, ids=lambda value: getattr(value, "name", ""))
def test_what_was_right_keeps_its_points(ran: Attacked, attack: Attack, said: str) -> None:
    assert_in_vain(ran, attack)
    result = ran.results[attack.name].result
    messages = " ".join(str(check.message) for cell in result.cells for check in cell.checks if check.message)
    assert said in messages
    assert "Traceback" not in messages
    if result.score == 5:
        assert messages == ""
        assert result.problem is None


# ---- files as other tools and other hands leave them ---------------------------------------------------------------------


def without_ids(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell.pop("id", None)
    return notebook | {"nbformat_minor": 2}


def of_colab(notebook: dict) -> dict:
    """Colab keeps ids in the metadata and drops what it does not know."""
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return notebook | {
        "nbformat_minor": 0,
        "metadata": {"colab": {"provenance": []}, "accelerator": "GPU", "kernelspec": {"name": "python3"}},
    }


def of_vs_code(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["metadata"] |= {"vscode": {"languageId": "python"}}
    return notebook | {
        "metadata": {"language_info": {"name": "python"}, "orig_nbformat": 4, "vscode": {"interpreter": {"hash": "x"}}}
    }


def lost_nbgrader(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


def no_metadata(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        if not cell["metadata"].get("nbgrader"):
            del cell["metadata"]
    notebook.pop("metadata")
    return notebook


def strange_cells(notebook: dict) -> dict:
    notebook["cells"] += [
        None,
        5,
        [],
        {},
        {"cell_type": "code"},
        {"cell_type": "image", "source": ""},
        {"cell_type": "code", "source": 5},
    ]
    return notebook


def strange_outputs(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["outputs"] = {"not": "a list"}
        cell["execution_count"] = "many"
        cell["attachments"] = 7
    return notebook


def without_checks(notebook: dict) -> dict:
    kept = [
        cell
        for cell in notebook["cells"]
        if not ((cell["metadata"].get("nbgrader") or {}).get("grade_id") or "").startswith("check")
    ]
    return notebook | {"cells": kept}


def checks_as_text(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        if ((cell["metadata"].get("nbgrader") or {}).get("grade_id") or "").startswith("check"):
            cell["cell_type"] = "markdown"
    return notebook


def windows_lines(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return notebook


def with_nulls(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["source"] = "\0" + cell["source"] + "\ud800"[:0]
    return notebook


def joined(notebook: dict) -> dict:
    """All the work in one cell of one's own, the solution cells empty."""
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader")
        if about and about["grade_id"] in ("add", "squares"):
            cell["source"] = ADD + "\n" + RIGHT if about["grade_id"] == "add" else ""
    return notebook


READABLE: list[Callable[[dict], dict]] = [
    without_ids,
    of_colab,
    of_vs_code,
    lost_nbgrader,
    no_metadata,
    strange_cells,
    strange_outputs,
    without_checks,
    checks_as_text,
    windows_lines,
    with_nulls,
    joined,
]


@pytest.mark.parametrize("change", READABLE, ids=lambda change: change.__name__)
def test_a_right_notebook_in_another_shape_keeps_all_points(tiny, uncaged, tmp_path, change) -> None:
    path = tmp_path / "1_sums.ipynb"
    path.write_text(json.dumps(change(tiny.filled())))
    (result,) = grade(path).notebooks
    assert result.score == 5.0, (result.problem, result.measured)


ENCODINGS = {
    "a byte order mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "Windows line ends in the file": lambda text: json.dumps(json.loads(text), indent=1).replace("\n", "\r\n").encode(),
    "escaped and unescaped": lambda text: json.dumps(json.loads(text), ensure_ascii=False).encode(),
    "blanks around it": lambda text: b"\n\n  " + text.encode() + b"\n\n",
    "keys twice": lambda text: b'{"nbformat": 1, "cells": 3, ' + text.encode()[1:],
    "a number that is not finite": lambda text: text.replace(
        '"nbformat":', '"x": NaN, "y": Infinity, "nbformat":', 1
    ).encode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_right_notebook_in_another_encoding_keeps_all_points(tiny, uncaged, tmp_path, encode) -> None:
    path = tmp_path / "1_sums.ipynb"
    path.write_bytes(encode(json.dumps(tiny.filled(add="# größer\n" + ADD))))
    (result,) = grade(path).notebooks
    assert result.score == 5.0, (result.problem, result.measured)


NAMES = [
    "1_sums (1).ipynb",
    "数字.ipynb",
    "1_sums.IPYNB",
    "-rf.ipynb",
    "a'b\"c;$(x).ipynb",
    "e\u0301.ipynb",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_of_any_name_is_graded_as_what_it_is(tiny, uncaged, tmp_path, name) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(json.dumps(tiny.filled()))
    (result,) = grade(tmp_path / "in").notebooks
    assert (result.notebook, result.score) == ("1_sums.ipynb", 5.0)


UNREADABLE = {
    "nothing": b"",
    "blanks": b" \n ",
    "cut off": b'{"cells": [{"cell_type": "code", "sou',
    "conflicts of a merge": b'<<<<<<< HEAD\n{"cells": []}\n=======\n{}\n>>>>>>> x',
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "Python": b"def add(a, b):\n    return a + b\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a list": b"[]",
    "a number": b"7",
    "deep brackets": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "a huge number": b'{"nbformat": ' + b"9" * 5_000 + b"}",
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells that are none": b'{"nbformat": 4, "cells": "all"}',
    "a format to come": b'{"nbformat": 9, "cells": []}',
    "a format long gone": b'{"nbformat": 1, "cells": []}',
    "a format by name": b'{"nbformat": "4", "cells": []}',
    "another notebook": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}',
    "millions of lists": b'{"nbformat": 4, "cells": [' + b"[]," * 2_000_000 + b"0]}",
    "lone surrogates": b'{"nbformat": 4, "cells": ["\\ud800", {"cell_type": "code", "source": "\\udfff"}]}',
    "wrong bytes": b'{"nbformat": 4, "cells": ["\xff\xfe"]}',
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_notebook_is_said_in_a_sentence(tiny, uncaged, tmp_path, content) -> None:
    path = tmp_path / "1_sums.ipynb"
    path.write_bytes(content)
    (result,) = grade(path).notebooks
    assert result.status.value == "not-gradable"
    assert result.score == 0
    assert result.problem
    assert str(result.problem).endswith((".", "?"))
    assert len(str(result.problem)) < 400
