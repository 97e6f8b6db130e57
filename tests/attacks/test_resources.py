"""Taking more than one's share: processes, memory, disk, descriptors, output, time. Each ends at its limit, soon."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.attacks.attacked import ADD, RIGHT, Attack, code_cell
from tests.attacks.conftest import Attacked, assert_in_vain

if TYPE_CHECKING:
    from collections.abc import Callable

MARKER = "a-process-that-should-be-gone"


# Behind the right sums. The kernel does not survive these, so only what stands before them is graded.
FATAL = {
    "loops for ever": "while True: pass",
    "sleeps for ever": "import time\ntime.sleep(10_000)",
    "loops for ever and laughs at interrupts": """
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    "ignores every signal": """
        import signal, time
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(1)
    """,
    "hangs in C": "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
    "prints for ever": "while True: print('x' * 1000)",
    "writes to the descriptor for ever": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "displays for ever": "from IPython.display import HTML, display\nwhile True: display(HTML('x' * 100_000))",
    "takes all memory": "hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)",
    "takes all memory in many processes": """
        import os, time
        for _ in range(10):
            if os.fork() == 0: break
        hold = bytearray(b'x') * 120_000_000
        time.sleep(60)
    """,
    "ends the process": "import os\nos._exit(1)",
    "crashes the process": "import ctypes\nctypes.string_at(1)",
    "aborts": "import os\nos.abort()",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "recurses without end in C": "import sys\nsys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
    "fills the disk with one file": (
        "with open('/tmp/big', 'wb') as out:\n    while True: out.write(bytes(1_000_000))"
    ),
    "makes a million files": "import os\nfor n in range(10**6): open(f'/tmp/{n}', 'w').close()",
}
# The kernel survives these, and the right squares behind them count as well.
SURVIVED = {
    "forks without end": """
        import os, time
        made = 0
        try:
            while made < 200:
                if os.fork() == 0:
                    time.sleep(600)
                    os._exit(0)
                made += 1
        except OSError: pass
    """,
    "leaves a program behind": f"""
        import os, subprocess, sys
        code = 'import time; time.sleep(600)'
        subprocess.Popen([sys.executable, '-I', '-S', '-c', code, {MARKER!r}], start_new_session=True)
    """,
    "opens all descriptors": """
        import os
        held = []
        try:
            while True: held.append(os.open('/dev/null', os.O_RDONLY))
        except OSError: pass
        for one in held: os.close(one)
    """,
    "starts threads without end": """
        import threading, time
        try:
            for _ in range(500): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        except RuntimeError: pass
    """,
}
# Cells of their own between the sums and the squares.
LARGE = {
    "computes a huge number": "n = 10 ** 100",
    "has ten thousand lines": "\n".join(f"a{n} = {n}" for n in range(10_000)),
    "has a literal of a megabyte": f"text = {'x' * 1_000_000!r}",
    "nests brackets a thousand deep": "deep = " + "[" * 1000 + "]" * 1000,
    "nests sums a hundred thousand deep": "deep = " + "-" * 100_000 + "1",
}
ATTACKS = [
    *(Attack(name, squares=f"{dedent(source)}\n{RIGHT}") for name, source in FATAL.items()),
    *(Attack(name, squares=f"{dedent(source)}\n{RIGHT}", squares_deserves=3.0) for name, source in SURVIVED.items()),
    *(Attack(name, squares=RIGHT, cells=[source], squares_deserves=3.0) for name, source in LARGE.items()),
    Attack(
        "has the probe run for ever",
        add="def add(a, b):\n    while True: pass",
        squares=RIGHT,
        add_deserves=0.0,
        squares_deserves=3.0,
    ),
    Attack(
        "has the probe take all memory",
        squares=RIGHT,
        add="def add(a, b):\n    return ' ' * 10**12",
        add_deserves=0.0,
        squares_deserves=3.0,
    ),
    Attack("hands over a giant array", squares="import numpy as np\nsquares = np.zeros(60_000_000, np.uint8)"),
    Attack(
        "hands over a giant array that is not there",
        squares="import numpy as np\nsquares = np.broadcast_to(np.uint8(0), (10**6, 10**6))",
    ),
]


def ten_thousand_cells(notebook):
    notebook["cells"] += [code_cell(f"x = {number}") for number in range(10_000)]


def deep_json(notebook):
    deep = []
    for _ in range(200):
        deep = [deep]
    notebook["metadata"]["deep"] = deep


FILES = [
    Attack("hands in ten thousand cells", squares=RIGHT, change=ten_thousand_cells, add_deserves=0.0),
    Attack("hands in deep metadata", squares=RIGHT, change=deep_json, squares_deserves=3.0),
]


@pytest.fixture(scope="module")
def taken(attacked: Attacked, module_monkeypatch: pytest.MonkeyPatch, asked: Callable[[str], list[Attack]]) -> Attacked:
    # How long an interrupted cell may go on: those that do not give way take it all.
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.GIVE_WAY", 2.0)
    attacked.run(asked("attack"))
    return attacked


@pytest.mark.parametrize("attack", [*ATTACKS, *FILES], ids=lambda attack: attack.name)
def test_it_ends_at_its_limit_and_costs_nobody_else(taken: Attacked, attack: Attack) -> None:
    assert ADD in attack.add or attack.add_deserves == 0
    assert_in_vain(taken, attack)


def test_nothing_lives_on(taken: Attacked) -> None:
    alive = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                alive += [entry.name] if MARKER.encode() in (entry / "cmdline").read_bytes() else []
            except OSError:
                continue
    assert alive == []
