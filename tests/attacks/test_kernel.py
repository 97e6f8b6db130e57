"""Turning the kernel's own machinery: what it sends, what it hooks, and the folder that evidence is written to."""

from __future__ import annotations

import json
import math
from pathlib import Path
from textwrap import dedent

import pytest

from netgrader.evidence import BadEvidence, read_evidence
from netgrader.grading.execute import execute
from netgrader.grading.execution import Execution, ExecutionCell, ExecutionLimits, ExecutionRequest
from netgrader.judges.sweeps import is_rate
from netgrader.strangers import read_finite_json, read_json
from notebook_cage import open_sandbox
from tests.attacks.attacked import RIGHT, WRONG, Attack
from tests.attacks.conftest import Attacked, assert_in_vain


def lying(name: str, source: str, **more) -> Attack:
    """Wrong squares, behind an attempt to have them taken for right."""
    return Attack(name, squares=dedent(source) + "\n" + WRONG, **more)


SEND = """
    kernel = get_ipython().kernel
    def send(kind, content, socket=kernel.iopub_socket):
        kernel.session.send(socket, kind, content, parent=kernel.get_parent())
"""

MESSAGES = {
    "raises half a character": "raise ValueError('half \\ud800 of one')",
    "names an exception by half a character": "raise type('E\\udfff', (Exception,), {})('x')",
    "prints half a character": "print('\\ud83d')",
    "sends halves of characters past the encoder": (
        """
        import json
        shell = get_ipython()
        kernel = shell.kernel
        def pack(value): return json.dumps(value, default=str).encode()
        kernel.session.pack = pack
        print('\\ud800\\udc00\\udfff', flush=True)
        from IPython.display import display
        display({'text/plain': '\\udead', 'text/\\udead': 'x', 'application/json': {'\\udead': '\\udead'}}, raw=True)
        raise type('E\\udfff', (Exception,), {})('\\udfff')
        """
    ),
    "displays JSON as deep as it goes": (
        """
        from IPython.display import display
        for depth in (100, 300, 900, 3000, 20_000, 90_000):
            data = '[' * depth + ']' * depth
            kernel = get_ipython().kernel
            kernel.session.pack = lambda value: (
                value if isinstance(value, bytes) else json.dumps(value, default=str).replace('"HERE"', data).encode())
            import json
            display({'application/json': 'HERE'}, raw=True)
        """
    ),
    "displays numbers that are none": (
        """
        import json
        get_ipython().kernel.session.pack = lambda value: json.dumps(value, default=str).encode()
        from IPython.display import display
        nan = float('nan')
        display({'application/json': [nan, -nan, float('inf'), 10**400], 'application/vnd.plotly.v1+json': {'x': nan}}, raw=True)
        """
    ),
    "sends what is no message": (
        SEND
        + """
    for content in ([], 5, None, 'text', True, [[]], {'data': 5}, {'data': {'text/html': 5}}, {'data': [1]},
                    {'data': {'a' * 10_000: 'x'}}, {'data': {}, 'metadata': 7, 'transient': 7, 'execution_count': 'many'}):
        for kind in ('stream', 'display_data', 'execute_result', 'update_display_data', 'clear_output', 'error',
                     'comm_open', 'comm_msg', 'status', 'execute_input', 'input_request', 'shutdown_reply', 'x' * 9999):
            try: send(kind, content)
            except Exception: pass
    socket = kernel.iopub_socket
    for parts in ([b''], [b'<IDS|MSG>'], [b'<IDS|MSG>'] * 9, [b'<IDS|MSG>', b'', b'{}', b'{}', b'{}', b'{}'],
                  [b'<IDS|MSG>', b'', b'[' * 50_000, b'[' * 50_000, b'{}', b'{}'],
                  [b'<IDS|MSG>', b'', b'\\xff', b'\\xff', b'\\xff', b'\\xff'],
                  [b'<IDS|MSG>', b'', b'{"msg_type": ["stream"]}', b'{"msg_id": ["x"]}', b'9' * 9000, b'9' * 9000]):
        socket.send_multipart(parts)
        """
    ),
    "answers with an error of its own making": (
        SEND
        + """
    class Reply(dict): pass
    original = kernel.do_execute
    async def do_execute(*a, **k):
        reply = await original(*a, **k)
        if isinstance(reply, dict):
            reply = dict(reply) | {'status': ['ok'], 'ename': {'a': 1}, 'evalue': ['<script>alert(1)</script>', '\\x1b[2J' * 999],
                                   'traceback': {'x': '\\x1b]0;title\\x07'}, 'execution_count': '\\n'}
        return reply
    kernel.do_execute = do_execute
        """
    ),
    "colours, titles and turned writing in its error": (
        "raise ValueError('\\x1b]0;root\\x07\\x1b[31m\\u202egnp.exe\\u2066\\x00\\r\\n\\n' * 3)"
    ),
    "raises three million blanks": "raise ValueError(' ' * 3_000_000)",
    "shows the same display two thousand times": (
        """
        from IPython.display import display, HTML
        shown = display(HTML('x'), display_id='one')
        for number in range(2_000): shown.update(HTML(f'{number}'))
        """
    ),
    "gives the payload of another page": (
        """
        get_ipython().payload_manager.write_payload({'source': 'set_next_input', 'text': 'check = print', 'replace': True})
        get_ipython().set_next_input('squares = 1')
        """
    ),
}

# These live in one kernel, each in a cell of its own: if one of them did anything, the mark would show it.
HOOKS = {
    "hooks what runs before and after each cell": """
        def before(*_): globals()['squares'] = [0] * 10
        for event in ('pre_run_cell', 'post_run_cell', 'pre_execute', 'post_execute'):
            get_ipython().events.register(event, before)
    """,
    "makes check a magic": """
        from IPython.core.magic import register_line_cell_magic
        @register_line_cell_magic
        def check(line, cell=None): print('5 of 5')
        get_ipython().set_custom_exc((Exception,), lambda *a, **k: ['All right'])
    """,
    "writes start-up files for the next kernel": """
        import os, pathlib
        for name in ('.ipython/profile_default/startup/00.py', '.ipython/profile_default/ipython_config.py',
                     '.jupyter/jupyter_config.py', '.local/lib/python3.13/site-packages/usercustomize.py',
                     '.local/lib/python3.13/site-packages/x.pth', '.local/share/jupyter/kernels/python3/kernel.json',
                     'digits/sitecustomize.py', 'digits/usercustomize.py', 'digits/netgrader/__init__.py'):
            path = pathlib.Path.home() / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("import builtins\\nbuiltins.SCORE = 5\\nsquares = [k * k for k in range(10)]\\n")
            except OSError: pass
    """,
    "raises when it is collected": "class D:\n    def __del__(self): raise SystemExit(3)\nfor _ in range(9): D()",
    "turns off collection and the stack": "import gc, sys\ngc.disable()\nsys.setrecursionlimit(500)",
    "says that squares are a property": """
        import sys, types
        class M(types.ModuleType):
            squares = property(lambda self: [k * k for k in range(10)])
        sys.modules['__main__'].__class__ = M
    """,
    "has writing write nothing": """
        import os, pathlib
        os.write = lambda *a: 0
        pathlib.Path.write_bytes = lambda *a: 0
    """,
    "asks at exit": "import atexit, os\natexit.register(os._exit, 0)",
}

MACHINERY = [
    Attack("sets every hook that there is", squares=WRONG, cells=[dedent(source) for source in HOOKS.values()]),
    lying("gives the shell another namespace", "get_ipython().user_ns = dict(squares=[k * k for k in range(9)])"),
    lying(
        "has every file that is opened be another",
        """
        import builtins, io, os, pathlib
        original = io.open
        def opening(name, mode='r', *rest, **more):
            if 'exercises.toml' in str(name) or 'probes_' in str(name):
                return io.BytesIO(b'') if 'b' in mode else io.StringIO('')
            return original(name, mode, *rest, **more)
        builtins.open = io.open = opening
        pathlib.Path.read_text = lambda self, *a, **k: ''
        """,
    ),
    lying("has replacing do nothing", "import pathlib\npathlib.Path.replace = lambda *a: None"),
    lying(
        "replaces the code of our functions in place",
        """
        import netgrader.evidence as e, netgrader.student.capture as c
        def nothing(*a, **k): return None
        for module in (e, c):
            for value in list(vars(module).values()):
                for one in [value, *(vars(value).values() if isinstance(value, type) else ())]:
                    try: one.__code__ = nothing.__code__
                    except (AttributeError, ValueError, TypeError): pass
        """,
    ),
]


def filling(cell: str, body: str) -> str:
    """A branch of what fills the folder for evidence in the place of ours."""
    lines = "\n".join("        " + line for line in dedent(body).strip().splitlines())
    return f"    if cell == {cell!r}:\n{lines}\n"


TAKE = """
import json, os, pathlib, shutil, socket, threading, time
import numpy as np
import netgrader.student.capture as capture
def take(cell, namespace, folder, *rest, **more):
    folder = pathlib.Path(folder)
    item = {'name': 'squares', 'kind': 'array', 'file': '0.npy'}
    manifest = {'format': 1, 'cell': cell, 'items': [item]}
    def say(): (folder / 'manifest.json').write_text(json.dumps(manifest))
    np.save(folder / '0.npy', np.zeros(10))
    say()
    os.chdir('/tmp')
"""
FOLDER = {
    "puts a pipe beside the evidence": "os.mkfifo(folder / '1.npy')",
    "puts a pipe in the place of an array": "os.remove(folder / '0.npy'); os.mkfifo(folder / '0.npy')",
    "puts a socket beside the evidence": "s = socket.socket(socket.AF_UNIX); s.bind(str(folder / '1.npy'))",
    "puts folders fifty deep beside it": """
            os.chdir(folder)
            for _ in range(50):
                os.mkdir('d'); os.chdir('d')
        """,
    "gives a file a name of two lines": "(folder / 'a\\nb.npy').write_bytes(b'')",
    "gives a file a name that is no text": "open(bytes(folder) + b'/\\xff\\xfe.npy', 'wb').close()",
    "gives a file a name that is an option": "(folder / '-rf').write_bytes(b'')",
    "puts a link to the machine's files there": "os.remove(folder / '0.npy'); os.symlink('/etc/passwd', folder / '0.npy')",
    "puts a link in the place of its folder": "os.rename(folder, str(folder) + 'x'); os.symlink('/etc', folder)",
    "takes its folder away": "shutil.rmtree(folder)",
    "puts a file in the place of its folder": "shutil.rmtree(folder); open(folder, 'w').close()",
    "lets nobody read its folder": "os.chmod(folder / '0.npy', 0); os.chmod(folder, 0)",
    "links a file of the system's into it": "os.remove(folder / '0.npy'); os.link('/etc/passwd', folder / '0.npy')",
    "has ten thousand files": "[(folder / f'{n}.npy').touch() for n in range(1, 10_000)]",
    "has a file that is mostly not there": "os.truncate(folder / '0.npy', 25_000_000)",
    "has a file that grows while it is read": """
            def grow():
                for _ in range(200):
                    time.sleep(0.005)
                    with open(folder / '0.npy', 'ab') as out: out.write(bytes(50_000))
            threading.Thread(target=grow, daemon=True).start()
        """,
    "says that its items are a million": """
            manifest['items'] = [item] * 100_000
            say()
        """,
    "says halves of characters": """
            manifest['items'] = [{'name': 'squares', 'kind': 'error',
                                  'error': {'kind': '\\ud800', 'message': '\\udfff \\x1b[2J', 'line': '\\udfff'}}]
            say()
        """,
    "says an error of markup": """
            manifest['items'] = [{'name': 'squares', 'kind': 'error', 'error': {'kind': '<img src=x onerror=alert(1)>',
                                  'message': '</script><script>alert(1)</script>', 'line': '{{7*7}} %s %(x)s {0}'}}]
            say()
        """,
    "says one thing twice": """
            np.save(folder / '1.npy', np.arange(10) ** 2 + 1)
            manifest['items'] = [item, {**item, 'file': '1.npy'}, {**item, 'kind': 'fact', 'value': 1}]
            say()
        """,
    "has numbers that are none": "np.save(folder / '0.npy', np.full(10, np.nan, np.float16))",
    "has an array of nothing": "np.save(folder / '0.npy', np.zeros((0, 10**9), np.float32))",
    "has an array of one number a million times": (
        "np.save(folder / '0.npy', np.lib.stride_tricks.as_strided(np.zeros(1), (1000, 1000), (0, 0)))"
    ),
    "has records": "np.save(folder / '0.npy', np.zeros(10, [('a', 'f8')]))",
}


@pytest.fixture(scope="module")
def turned(attacked: Attacked, module_monkeypatch) -> Attacked:
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.SILENCE", 5.0)
    sending = [dedent(source) for source in MESSAGES.values()]
    attacked.run([*MACHINERY, Attack("sends what it likes", squares=RIGHT, cells=sending, squares_deserves=3.0)])
    return attacked


@pytest.mark.parametrize("attack", MACHINERY, ids=lambda attack: attack.name)
def test_the_mark_is_what_the_honest_part_deserves(turned: Attacked, attack: Attack) -> None:
    assert_in_vain(turned, attack)
    assert turned.results[attack.name].trouble == ()


def test_whatever_a_kernel_sends_the_rest_is_graded_and_can_be_written_down(turned: Attacked) -> None:
    name = "sends what it likes"
    result = turned.results[name].result
    assert (result.score, result.problem) == (5.0, None)
    told = [result.as_json(), [list(outputs) for _, outputs in turned.results[name].cells]]
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Execution, Path]:
    """One run in which every check cell's folder is filled in another way, and the last one's honestly."""
    take = TAKE + "".join(filling(f"check_{number}", body) for number, body in enumerate(FOLDER.values()))
    names = [*(f"check_{number}" for number in range(len(FOLDER))), "check_honest"]
    checks = [ExecutionCell("", name=name, evidence=name, runs=False) for name in names]
    folder = tmp_path_factory.mktemp("filled") / "run"
    limits = ExecutionLimits(disk_bytes=30_000_000)
    request = ExecutionRequest([ExecutionCell(take + "capture.take = take"), *checks], limits=limits)
    return execute(request, open_sandbox(), folder), folder


@pytest.mark.parametrize("name", FOLDER)
def test_however_the_folder_is_filled_it_is_read_as_evidence_or_refused(filled, name: str) -> None:
    execution, folder = filled
    cell = f"check_{list(FOLDER).index(name)}"
    said = ""
    try:
        evidence = read_evidence(folder / "evidence" / cell)
        json.dumps(repr(evidence), ensure_ascii=False).encode()
    except BadEvidence as error:
        said = str(error)
    assert len(str(execution.problems.get(cell, said))) < 200
    assert (cell in execution.problems) != (folder / "evidence" / cell).exists()


def test_the_folder_of_the_next_check_is_read_as_ever(filled) -> None:
    execution, folder = filled
    assert execution.problem is None
    assert read_evidence(folder / "evidence" / "check_honest").arrays["squares"].tolist() == [0] * 10
    assert not [path for path in folder.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]


def test_whole_numbers_without_end_are_none_that_numpy_has_no_place_for():
    """A test of ours that is handed one ends in an error of NumPy's, and the instructor is told that it is broken."""
    nines = b"9" * 5_000
    assert read_json(b"[" + nines + b", -" + nines + b", 999999999999999999]", 3) == [math.inf, -math.inf, 10**18 - 1]
    assert read_finite_json(b"[" + nines + b", 1" + b"0" * 30 + b"]", 3, most=100) == [None, 1e30]
    assert not is_rate(read_json(nines, 1))


def test_a_number_that_is_not_finite_is_read_as_none_however_it_is_written() -> None:
    read = read_finite_json(b'[NaN, -Infinity, 1e999, {"x": -1E400}, 1.5, 12]', 3, most=100)
    assert read == [None, None, None, {"x": None}, 1.5, 12]
