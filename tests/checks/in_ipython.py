"""Students' notebooks, run one after the other in IPython in a separate process: what each cell displayed and raised."""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from tests.processes import run_program

ROOT = Path(__file__).resolve().parents[2]


def run_notebooks(works: dict[str, list[str]], folder: Path, **about: str) -> dict[str, dict]:
    """Run the cells of each work in a process in `folder`, with more in its environment; return what came of them by name.

    ``cells`` has for each cell what it displayed, as ``shown``, and its ``error``; ``errors`` has all errors; ``shown`` is the
    text that the last cell displayed, ``printed`` what it printed, and ``error`` its error. ``output`` is all that was printed.
    """
    env = {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **about}
    said = run_program(__file__, folder=folder, env=env, given=json.dumps(works))
    lines = [json.loads(line) for line in said.printed.splitlines() if line.startswith('{"name"')]
    return {line["name"]: {**line, "output": line["output"] + said.errors} for line in lines}


def main() -> None:
    out = sys.stdout
    shell = InteractiveShell.instance(display_pub_class=CapturingDisplayPublisher)
    for name, sources in json.loads(sys.stdin.read()).items():
        shell.reset(new_session=False)
        if "sweep" in sources[-1]:  # whose check looks at them
            forget_sessions()
        cells, output = [], ""
        for source in sources:
            shell.display_pub.outputs.clear()
            with redirect_stdout(io.StringIO()) as printed:
                result = shell.run_cell(source, cell_id=source)  # the same cell again, if its text is the same
            error = result.error_before_exec or result.error_in_exec
            shown = [one["data"] for one in shell.display_pub.outputs]
            cells.append({"shown": shown, "error": repr(error) if error else None})
            output += printed.getvalue()
        found = {
            "cells": cells,
            "errors": [cell["error"] for cell in cells],
            "error": cells[-1]["error"],
            "shown": "\n".join(data.get("text/plain", "") for data in cells[-1]["shown"]),
            "printed": printed.getvalue(),
            "output": output,
        }
        out.write(json.dumps({"name": name, **found}) + "\n")
        out.flush()


def forget_sessions() -> None:
    """Have nothing known of what was trained before, as in a kernel of one's own."""
    gc.collect()
    ours = sys.modules.get("netgrader.student.sessions")  # which a notebook imports, and not before there is a shell
    if ours is not None and ours.SESSION_MODULE in sys.modules:
        setattr(sys.modules[ours.SESSION_MODULE].BaseSession, ours.REGISTER, ours.Register())


if __name__ == "__main__":
    main()
