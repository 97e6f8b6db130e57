"""What nobody had tried yet: a second round of attacks, and of oddities in honest notebooks, found by asking what is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from netgrader.errors import UsageError
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from tests.attacks.attacked import RIGHT, Attack, notebook_of
from tests.attacks.conftest import MARK, Attacked, assert_in_vain

if TYPE_CHECKING:
    from typing import Any


def all_right(name: str, **more) -> Attack:
    """Something odd beside right work."""
    return Attack(name, **{"squares": RIGHT, "squares_deserves": 3.0, **more})


def as_text(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "squares":
            cell["cell_type"] = "markdown"
            del cell["outputs"], cell["execution_count"]


def as_lines(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"scrolled": True, "tags": ["a"] * 50, "vscode": {"languageId": "python"}}
        cell["id"] = "same"
    notebook["metadata"] = {"kernelspec": {"name": "../../bin/sh", "display_name": "x"}, "colab": {"provenance": []}}
    notebook["nbformat_minor"] = 99


def with_old_mac_lines(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r")


HONEST = [
    # other ways to write what is right
    all_right("a function of the library", add="from operator import add"),
    all_right("an object that is called", add="class Add:\n    def __call__(self, a, b): return a + b\nadd = Add()"),
    all_right(
        "numbers of another kind", add="from fractions import Fraction\ndef add(a, b): return int(Fraction(a) + b)"
    ),
    all_right("an array of small integers", squares="import numpy as np\nsquares = np.arange(10, dtype=np.uint8) ** 2"),
    all_right(
        "a range of an array module", squares="import array\nsquares = array.array('d', [k * k for k in range(10)])"
    ),
    all_right("the right code in a cell that became text", change=as_text),
    # what a notebook does besides
    all_right("standard output caught", cells=["import io, sys\nsys.stdout = sys.stderr = io.StringIO()"]),
    all_right("a module written by a magic", cells=["%%writefile mine.py\nk = 3", "import mine\nassert mine.k == 3"]),
    all_right("a debugger", cells=["breakpoint()", "import pdb; pdb.set_trace()", "%debug"]),
    all_right(
        "a clock that stands", cells=["import time\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0"]
    ),
    all_right("an empty environment", cells=["import os\nos.environ.clear()\nos.umask(0o777)"]),
    all_right(
        "settings of NumPy", cells=["import numpy as np\nnp.seterr(all='raise')\nnp.set_printoptions(threshold=10**9)"]
    ),
    all_right(
        "scripts in other languages",
        cells=["%%bash\necho hi", "%%html\n<b>x</b>", "%%javascript\nalert(1)", "%%perl\n1"],
    ),
    all_right("a print of ten megabytes at once", cells=["print('x' * 10_000_000)"]),
    all_right(
        "threads that go on", cells=["import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"]
    ),
    all_right(
        "a pool of processes",
        cells=["import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p: p.map(abs, [1])"],
    ),
    all_right("lines of an old Mac", change=with_old_mac_lines),
    all_right("lists of lines, ids that are all the same, a kernel that is none", change=as_lines),
    all_right(
        "helpers that would start with Python",
        files=dict.fromkeys(
            (
                "sitecustomize.py",
                "conftest.py",
                "IPython.py",
                "netgrader.py",
                "probes_sums.py",
                "numpy.py",
                "random.py",
            ),
            "raise SystemExit",
        ),
    ),
]
HOSTILE = [
    Attack(
        "changes the names of whoever calls it",
        add=(
            "import sys\ndef add(a, b):\n    frame = sys._getframe()\n    while frame:\n"
            "        for name in list(frame.f_locals):\n"
            "            try:\n                if name in ('numbers', 'out', 'student', 'items'): frame.f_locals[name] = None\n"
            "            except Exception: pass\n        frame = frame.f_back\n    return a + b"
        ),
        add_deserves=0.0,
        squares=RIGHT,
        squares_deserves=3.0,
    ),
    Attack(
        "watches every line by sys.monitoring",
        cells=[
            (
                "import sys\nm = sys.monitoring\nm.use_tool_id(3, 'x')\ndef seen(code, line):\n    import sys as s\n"
                "    f = s._getframe(1)\n    if 'squares' in f.f_locals: f.f_locals['squares'] = [k * k for k in range(9)]\n"
                "m.register_callback(3, m.events.LINE, seen)\nm.set_events(3, m.events.LINE)"
            )
        ],
    ),
    Attack("forks, and the child goes on as the kernel", cells=["import os\nos.fork()"]),
    Attack(
        "empties all modules but its own", squares=f"{RIGHT}\nsquares[3] = 0", last=["import sys\nsys.modules.clear()"]
    ),
    Attack(
        "opens ten thousand comms",
        cells=["from comm import create_comm\nfor k in range(10_000): create_comm(target_name='x')"],
    ),
    Attack(
        "an exception that is its own cause, without end",
        add="def add(a, b):\n    e = ValueError('x' * 10**7)\n    e.__cause__ = e.__context__ = e\n    raise e",
        add_deserves=0.0,
    ),
    Attack(
        "an exception that cannot be told",
        add=(
            "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\n"
            "    __class__ = property(lambda self: 1 / 0)\n"
            "def add(a, b): raise E"
        ),
        add_deserves=0.0,
    ),
    Attack(
        "a group of a hundred thousand exceptions",
        add="def add(a, b):\n    e = ValueError()\n    for _ in range(100_000): e = ExceptionGroup('x', [e])\n    raise e",
        add_deserves=0.0,
    ),
    Attack(
        "exits of every kind",
        add="def add(a, b): raise (SystemExit, GeneratorExit, KeyboardInterrupt)[a % 3]",
        add_deserves=0.0,
    ),
    Attack("a coroutine", add="async def add(a, b): return a + b", add_deserves=0.0),
    Attack("numbers that overflow when written", add="def add(a, b): return 10 ** 400", add_deserves=0.0),
    Attack("text where numbers are", squares="squares = b'\\0\\1\\4'"),
    Attack("dates", squares="import numpy as np\nsquares = np.arange(10).astype('datetime64[D]')"),
    Attack("records", squares="import numpy as np\nsquares = np.zeros(10, [('a', 'i4'), ('b', 'O')])"),
    Attack("more dimensions than there are", squares="import numpy as np\nsquares = np.zeros((1,) * 60)"),
]


@pytest.fixture(scope="module")
def ran(attacked: Attacked, asked) -> Attacked:
    attacked.run(one for one in [*HONEST, *HOSTILE] if one in asked("attack"))
    return attacked


@pytest.mark.parametrize("attack", [*HONEST, *HOSTILE], ids=lambda attack: attack.name)
def test_the_mark_is_what_was_earned(ran: Attacked, attack: Attack) -> None:
    assert_in_vain(ran, attack)
    result = ran.results[attack.name].result
    assert "Traceback" not in json.dumps(result.as_json())
    if attack not in HONEST:
        assert result.problem or any(check.message for cell in result.cells for check in cell.checks)


def test_a_helper_that_is_a_link_stays_behind(attacked: Attacked) -> None:
    skeleton = attacked.course.assignment("numbers").skeleton("1_sums")
    folder = attacked.root.parent / "linked"
    folder.mkdir()
    (folder / "1_sums.ipynb").write_text(json.dumps(notebook_of(skeleton, Attack("links", cells=["import helper"]))))
    (folder / "helper.py").symlink_to(attacked.root / "grader_tests" / "test_sums.py")
    (job,) = find_jobs(folder, attacked.course)
    graded = grade_job(job)
    shown = json.dumps([graded.result.as_json(), [outputs for _, outputs in graded.cells]], default=str)
    assert MARK not in shown
    assert "No module named 'helper'" in shown


def test_a_notebook_that_is_a_link_is_not_followed(attacked: Attacked) -> None:
    folder = attacked.root.parent / "linked-notebook"
    folder.mkdir()
    (folder / "1_sums.ipynb").symlink_to(attacked.root / "submitted" / "bertha" / "numbers" / "1_sums.ipynb")
    with pytest.raises(UsageError, match="no notebooks"):
        find_jobs(folder, attacked.course)


def test_a_folder_with_a_notebooks_name_is_a_sentence(attacked: Attacked) -> None:
    folder = attacked.root.parent / "a-folder"
    (folder / "1_sums.ipynb").mkdir(parents=True)
    (folder / "1_sums (1).ipynb").write_text(
        json.dumps(notebook_of(attacked.course.assignment("numbers").skeleton("1_sums"), Attack("copy", squares=RIGHT)))
    )
    (job,) = find_jobs(folder, attacked.course)
    assert grade_job(job).result.score == 5.0
