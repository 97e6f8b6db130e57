"""Run a program of the tests in a process of its own, in which TensorFlow is imported already.

Importing it takes seconds. `multiprocessing`'s fork server imports it once for each worker of pytest, and each program is a
fork of that.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
PRELOADED = ["tensorflow.compat.v1"]
STREAMS = ("given", "printed", "errors")
"""Files that are the standard input, output and error of a program, in the order of their numbers."""


class Said(NamedTuple):
    """What a program wrote."""

    printed: str
    errors: str


def run_program(
    program: str | Path,
    *arguments: str | Path,
    folder: Path = ROOT,
    env: Mapping[str, str] | None = None,
    given: str = "",
    seconds: float = 1800,
) -> Said:
    """Run a file or a module in `folder`, with `env` added to the environment and `given` as its input; return what it wrote.

    Fails if it does not end with 0 within `seconds`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as streams:
        (Path(streams) / STREAMS[0]).write_text(given, encoding="utf-8")
        argv = [str(program), *map(str, arguments)]
        process = context.Process(target=_run, args=(argv, folder, {**os.environ, **(env or {})}, Path(streams)))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
        said = Said(*((Path(streams) / name).read_text(encoding="utf-8") for name in STREAMS[1:]))
    assert process.exitcode == 0, f"{program} ended with {process.exitcode}: {said.errors[-3000:]}"
    return said


def _run(argv: list[str], folder: Path, env: Mapping[str, str], streams: Path) -> None:
    """Become the program `argv`: a file or the name of a module, and its arguments."""
    for number, name in enumerate(STREAMS):
        os.dup2(os.open(streams / name, os.O_RDWR | os.O_CREAT), number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - multiprocessing has put another in its place
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = argv
    sys.path[:0] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    if argv[0].endswith(".py"):
        sys.path.insert(0, str(Path(argv[0]).parent))
        runpy.run_path(argv[0], run_name="__main__")
    else:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
