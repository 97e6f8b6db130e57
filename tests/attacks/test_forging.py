"""Forging a mark from within the kernel: whatever a student's process says, shows, replaces or writes, the mark stays."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.attacks.attacked import WRONG, Attack, code_cell
from tests.attacks.conftest import Attacked, assert_in_vain

SHELL = {
    "says three points through the display hook": "import sys\nsys.displayhook(3)",
    "has every cell show three points": """
        import sys
        sys.displayhook = lambda value: print(3.0)
        get_ipython().displayhook.write_output_prompt = lambda: None
        """,
    "publishes a result of three": "from IPython.display import display\ndisplay({'text/plain': '3'}, raw=True)",
    "turns all cells to come into nothing": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
    "rewrites the tree of all cells to come": """
        import ast
        class Nothing(ast.NodeTransformer):
            def visit_Module(self, node):
                node.body = []
                return node
        get_ipython().ast_transformers.append(Nothing())
        """,
    "lets nothing be shown": "get_ipython().ast_node_interactivity = 'none'",
    "runs its own code for every cell": """
        shell = get_ipython()
        def run_cell(*arguments, **options):
            from IPython.core.interactiveshell import ExecutionResult
            return ExecutionResult(None)
        shell.run_cell = run_cell
        shell.run_cell_async = run_cell
        """,
    "answers for the kernel that all is done and well": """
        import threading, time
        kernel = get_ipython().kernel
        header = kernel.get_parent()
        def answer():
            for _ in range(40):
                kernel.session.send(kernel.iopub_socket, 'status', {'execution_state': 'idle'}, parent=header)
                kernel.session.send(kernel.iopub_socket, 'execute_result',
                                    {'data': {'text/plain': '3'}, 'metadata': {}, 'execution_count': 1}, parent=header)
                time.sleep(0.02)
        threading.Thread(target=answer, daemon=True).start()
        """,
    "prints a result as the grader would": 'print(\'{"score": 5.0, "max_score": 5.0, "status": "graded"}\')',
}

ZEROS = """
import numpy as np
class Zeros:
    def integers(self, *_): return np.zeros((20, 2))
np.random.default_rng = lambda *a: Zeros()
"""

REPLACED = {
    "replaces what takes the evidence": """
        import json, pathlib
        import netgrader.student.capture as capture
        def take(cell, namespace, folder, probes, **more):
            item = {"name": "passed", "kind": "fact", "value": True}
            text = json.dumps({"format": 1, "cell": cell, "items": [item], "score": 3, "passed": True})
            pathlib.Path(folder, "manifest.json").write_text(text)
        capture.take = take
        """,
    "imports its own module in the place of ours": """
        import builtins
        original = builtins.__import__
        def importing(name, *rest, **more):
            module = original(name, *rest, **more)
            if name == "netgrader.student.capture":
                import types
                return types.SimpleNamespace(take=lambda *a, **k: None)
            return module
        builtins.__import__ = importing
        """,
    "writes evidence for another cell": """
        from netgrader.evidence import EvidenceWriter
        original = EvidenceWriter.__init__
        EvidenceWriter.__init__ = lambda self, folder, cell: original(self, folder, "check_add")
        """,
    "writes the sums of before once more": """
        import numpy as np
        from netgrader.evidence import EvidenceWriter
        original = EvidenceWriter.array
        EvidenceWriter.array = lambda self, name, value, *r: original(self, "sums", np.arange(20))
        """,
    "has NumPy say that everything is equal": """
        import numpy as np
        np.array_equal = lambda *a, **k: True
    """,
    "has NumPy write pickles": """
        import numpy as np, pickle
        class Run:
            def __reduce__(self): return (print, ("run by the grader",))
        np.lib.format.write_array = lambda out, value, **k: out.write(pickle.dumps(Run()))
        """,
    "has JSON say what it likes": """
        import json
        json.dumps = lambda *a, **k: '{"format": 1, "cell": "check_squares", "items": [], "items": NaN}'
        """,
    "replaces pytest and our checks": """
        import sys, types
        for name in ("pytest", "netgrader.checks.language", "netgrader.checks.cell_points", "netgrader.results"):
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].fail = lambda *a, **k: None
            sys.modules[name].cell_points = lambda *a, **k: 3.0
        """,
    "has a check of its own that says that all is right": "check = lambda name: print('All right, 5 of 5.')",
}
BY_MORE = [
    Attack(
        "counts on a random generator that it has replaced",
        add="def add(a, b):\n    return 0",
        cells=[ZEROS],
        add_deserves=0.0,
    ),
    Attack(
        "hands in a module netgrader", cells=["import netgrader"], files={"netgrader.py": "def take(*a, **k): pass\n"}
    ),
    Attack("hands in probes of its own", files={"probes_sums.py": "from netgrader.student.probes import probe\n"}),
]

VALUES = [
    Attack("squares equal to everything", squares="class All:\n    __eq__ = lambda *a: True\nsquares = All()"),
    Attack(
        "squares that are a list by another name",
        squares="class L(list):\n    tolist = lambda s: list(range(10))\n    __eq__ = lambda *a: True\nsquares = L([0] * 10)",
    ),
    Attack(
        "squares as an array of objects",
        squares=(
            "import numpy as np\nclass One:\n    __eq__ = lambda *a: True\n    __hash__ = lambda s: 1\n"
            "squares = np.array([One() for _ in range(10)], dtype=object)"
        ),
    ),
    Attack(
        "squares as an array that knows when it is looked at",
        squares=(
            "import numpy as np\nclass A(np.ndarray):\n    def tolist(self): return [k * k for k in range(10)]\n"
            "squares = np.zeros(10, int).view(A)"
        ),
    ),
    Attack("squares that are not a number", squares="squares = [float('nan')] * 10"),
    Attack("squares without end", squares="import itertools\nsquares = itertools.count()"),
    Attack("squares as text", squares="squares = '0 1 4 9 16 25 36 49 64 81'"),
    Attack("squares as names of names", squares="squares = ['../../grader_tests/test_sums.py'] * 10"),
]

AFTERWARDS = """
import json, numpy as np, os
os.makedirs('/run/evidence/check_squares', exist_ok=True)
np.save('/run/evidence/check_squares/0.npy', np.arange(10) ** 2)
item = {'name': 'squares', 'kind': 'array', 'file': '0.npy'}
manifest = {'format': 1, 'cell': 'check_squares', 'items': [item]}
open('/run/evidence/check_squares/manifest.json', 'w').write(json.dumps(manifest))
squares = [k * k for k in range(10)]
"""

MOMENTS = {
    "ends the process as if all were well": "import atexit\natexit.register(lambda: print(3))\nimport os\nos._exit(0)",
    "leaves with exit code 0": "import sys\nsys.exit(0)",
    "rewrites the evidence while and after it is taken": """
        import glob, json, os, threading
        text = json.dumps({"format": 1, "cell": "check_squares", "items": [{"name": "passed", "kind": "fact", "value": 1}]})
        def forge():
            while True:
                for folder in glob.glob('/run/evidence/*'):
                    try:
                        for name in ('manifest.json', 'verdicts.jsonl', 'verification.json'):
                            with open(f'{folder}/{name}', 'w') as out: out.write(text)
                    except OSError: pass
        threading.Thread(target=forge, daemon=True).start()
        """,
    "puts evidence there in advance, under every name": """
        import os
        for name in ('check_squares', 'check_add', '.', 'verdicts', '../check_squares'):
            try:
                os.makedirs(f'/run/evidence/{name}', exist_ok=True)
                open(f'/run/evidence/{name}/manifest.json', 'w').write('{"format": 1, "cell": "check_squares", "items": []}')
            except OSError: pass
        """,
    "writes evidence afterwards": "",
    "has a child write on after the kernel is done": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            while True:
                for folder in os.listdir('/run/evidence'):
                    try: open(f'/run/evidence/{folder}/manifest.json', 'w').write('{}')
                    except OSError: pass
        """,
    "changes the probe's local names from a trace": """
        import sys, threading
        def trace(frame, event, argument):
            if 'numbers' in frame.f_locals: frame.f_locals['numbers'] = []
            if 'passed' in frame.f_locals: frame.f_locals['passed'] = True
            return trace
        sys.settrace(trace); threading.settrace(trace)
        """,
    "finds the writer by the garbage collector": """
        import gc, threading, time
        def look():
            for _ in range(2000):
                for found in gc.get_objects():
                    if type(found).__name__ == 'EvidenceWriter':
                        found._items = [{"name": "passed", "kind": "fact", "value": True}]
                time.sleep(0.001)
        threading.Thread(target=look, daemon=True).start()
        """,
    "lets an alarm interrupt whoever looks": """
        import signal
        def ring(*_): raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
        """,
    "is interrupted by itself for ever": """
        import _thread, threading, time
        def interrupt():
            for _ in range(500):
                _thread.interrupt_main()
                time.sleep(0.01)
        threading.Thread(target=interrupt, daemon=True).start()
        """,
    "names its exception as a verdict": """
        class Passed(Exception):
            def __str__(self): return 'outcome: passed, credit 3'
        raise Passed
    """,
}
LAST = {"writes evidence afterwards": [AFTERWARDS]}
"""Cells at the end of those that need some."""


def more_points(notebook):
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader")
        if about and about.get("grade"):
            about["points"] = 100


def no_grading(notebook):
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader")
        if about and about["grade_id"] == "check_squares":
            about |= {"grade": False, "solution": True, "locked": False}
            cell["source"] = "squares = [k * k for k in range(10)]"


def outputs_of_full_marks(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            result = {
                "output_type": "execute_result",
                "data": {"text/plain": "3"},
                "metadata": {},
                "execution_count": 1,
            }
            cell["outputs"] = [result]


def exchanged_ids(notebook):
    """The check for the sums, which are right, in the place of the one for the squares."""
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader")
        if about and about["grade_id"].startswith("check_"):
            about["grade_id"] = {"check_add": "check_squares", "check_squares": "check_add"}[about["grade_id"]]


def doubled_check(notebook):
    checks = [
        cell for cell in notebook["cells"] if (cell["metadata"].get("nbgrader") or {}).get("grade_id") == "check_add"
    ]
    notebook["cells"] += [{**cell, "id": f"again-{number}"} for number in range(5) for cell in checks]


def own_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "../../bin/sh", "display_name": "sh", "argv": ["/bin/sh"]}


def another_name(notebook):
    notebook["metadata"] |= {"nbgrader": {"score": 5}, "netgrader": {"score": 5}}
    notebook["cells"].append(code_cell("squares = squares"))


FILES = [
    Attack(function.__name__.replace("_", " "), change=function)
    for function in (
        more_points,
        no_grading,
        outputs_of_full_marks,
        exchanged_ids,
        doubled_check,
        own_kernel,
        another_name,
    )
]


def forging(sources: dict[str, str]) -> list[Attack]:
    """Return attacks that run some code before wrong squares."""
    return [Attack(name, squares=f"{dedent(text)}\n{WRONG}", last=LAST.get(name, ())) for name, text in sources.items()]


ATTACKS = [*forging(SHELL | REPLACED), *BY_MORE, *VALUES, *forging(MOMENTS), *FILES]


@pytest.fixture(scope="module")
def forged(attacked: Attacked, asked, module_monkeypatch) -> Attacked:
    # How long a kernel may stay silent: what stalls it on purpose should not stall these tests.
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.SILENCE", 5.0)
    attacked.run(asked("attack"))
    return attacked


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_mark_is_what_the_honest_part_deserves(forged: Attacked, attack: Attack) -> None:
    assert_in_vain(forged, attack)
