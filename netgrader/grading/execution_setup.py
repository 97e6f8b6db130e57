"""What is run in a kernel before anything of a student's: seeds, streams that are put back, names that are noted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.grading import execution_noted, execution_seeds, execution_streams
from netgrader.grading.execution_streams import PUT_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from netgrader.grading.execution_types import ExecutionRequest, Output

__all__ = ["put_back", "setup_code"]

LOGGING = """
import logging
for name in ("tensorflow", "absl", "keras"):
    for handler in logging.getLogger(name).handlers:
        for stream in ("stdout", "stderr"):
            if getattr(handler, "stream", None) is getattr(sys, f"__{stream}__"):
                handler.setStream(getattr(sys, stream))
"""


def setup_code(request: ExecutionRequest) -> str:
    """Code that seeds the kernel and leaves no name behind.

    A forgotten ``exit()`` or ``quit()`` would end the kernel, and cost the points of all that comes after it. Packages that
    were imported before there was a notebook log to where there is one now.
    """
    shift = 0 if request.respect_seeds else 1_000_003 * (1 + request.seed)
    seeds = f"{_source(execution_seeds)}\ninstall({request.seed + 1}, {shift})\n"
    streams = f"{_source(execution_streams)}\ninstall(get_ipython())\n"
    noted = f"{_source(execution_noted)}\ninstall(get_ipython())\n"
    calls = f"get_ipython().ask_exit = lambda: None\nimport sys\n{LOGGING}"
    return "\n".join(
        f"exec(compile({source!r}, '<setup>', 'exec'), {{'__name__': 'setup'}})"
        for source in (seeds, streams, calls, noted)
    )


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def put_back(outputs: Sequence[Output], where: str) -> Iterator[str]:
    """A sentence if a cell says that it left nothing to print to. It is the kernel's word, and decides nothing."""
    printed = "".join(str(output.get("text")) for output in outputs if output.get("name") == "stderr")
    for name in ("stdout", "stderr"):
        if f"sys.{name} {PUT_BACK}" in printed:
            yield (
                f"At its end {where} left nothing as sys.{name} that can be printed to, so it was put back and what comes "
                f"after was run. Does the cell set sys.{name} or close it? Set it back there."
            )
