"""Exhaust the grader's own memory and disk by a kernel's messages and evidence: each notebook has one budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from netgrader.evidence import read_evidence
from netgrader.grading.execute import execute
from netgrader.grading.execution import Execution, ExecutionCell, ExecutionLimits, ExecutionRequest
from notebook_cage import open_sandbox
from tests.execution.conftest import PROBES, check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMITS = ExecutionLimits(
    cell_seconds=20,
    notebook_seconds=60,
    notebook_output_bytes=4_000_000,
    received_bytes=150_000_000,
    disk_bytes=400_000_000,
    notebook_evidence_bytes=20_000_000,
)
MEMORY = 120_000_000
"""What the grader may take more than before: the largest message, its text, and what becomes of it."""
DISK = 12_000_000

SEND = """
import os, socket
ip = get_ipython()
kernel = ip.kernel
def send(kind, content, **more):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), **more)
def lines(channel):
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            one = socket.socket(fileno=os.dup(int(name)))
            one.getpeername()
            if str(one.getsockname()).endswith(f"-{channel}"): found.append(one)
        except (OSError, ValueError): pass
    return found
def write(channel, content, times):
    (one, *_) = lines(channel)
    one.setblocking(True)
    for _ in range(times): one.sendall(content)
"""


@dataclass(frozen=True)
class Hoard:
    """A notebook that takes the grader's memory or disk.

    Attributes
    ----------
    cells
        What it runs behind a right answer, and before the same answer is asked for again.
    off
        What is put in the place of what protects from it, by name.
    limits
        Those that do not protect from it.
    """

    cells: Sequence[str]
    off: Mapping[str, Any] = field(default_factory=dict)
    limits: ExecutionLimits = LIMITS


def sent(source: str) -> list[str]:
    return [SEND + dedent(source)]


LINK, OUTPUTS = "netgrader.grading.kernel_link", "netgrader.grading.cell_outputs"
CHANNEL = "notebook_cage.kernel_channel"
ANY_NUMBER = {f"{LINK}.KernelLimits.MOST_VALUES": 10**9}
ROOM = replace(LIMITS, notebook_output_bytes=1_000_000_000, output_bytes=1_000_000_000)
WEIGHTLESS = {f"{OUTPUTS}._weight": lambda _: 0}
HOARDS = {
    "endless message parts": Hoard(
        sent("write(2, b'\\x01\\x02xy' * 250_000, 30)"), {f"{CHANNEL}.Wire.MOST_PARTS": 10**9}
    ),
    "endless large message parts": Hoard(
        sent("write(2, b'\\x03' + (20_000_000).to_bytes(8, 'big') + bytes(20_000_000), 14)"),
        {f"{CHANNEL}.Wire.LARGEST_MESSAGE": 10**12},
        replace(LIMITS, received_bytes=300_000_000),
    ),
    "millions of empty lists": Hoard(
        sent("send('display_data', {'data': {'application/json': [[] for _ in range(2_000_000)]}, 'metadata': {}})"),
        ANY_NUMBER,
    ),
    "cells that alternate between stdout and stderr": Hoard(
        ["import sys\nfor n in range(200): print('é' * 60_000, file=(sys.stdout, sys.stderr)[n % 2], flush=True)"] * 5,
        {f"{OUTPUTS}.KeptOutputs.LEAST_TEXT": 60_000},
        ROOM,
    ),
    "outputs that grow sixfold in JSON": Hoard(
        ["from IPython.display import display\nfor _ in range(3): display({'text/plain': chr(0) * 900_000}, raw=True)"]
        * 12,
        WEIGHTLESS,
    ),
    "one output shown forty times, then enlarged": Hoard(
        sent(
            "from IPython.display import display\nfor _ in range(40): h = display('a', display_id='h')\n"
            "display({'text/plain': 'x' * 2_900_000}, raw=True, display_id='h', update=True)"
        )
        * 5,
        limits=ROOM,
    ),
}
DROPPED = {
    "a message that claims more bytes than exist": sent(
        "write(2, b'\\x03' + (2**62).to_bytes(8, 'big') + bytes(1_000), 1)"
    ),
    "a twenty-megabyte header": sent("send('x' * 20_000_000, {'data': {}})"),
    "large comm messages": sent(
        "for _ in range(20): send('comm_msg', {'comm_id': 'c', 'data': {'a': 'x' * 1_000_000}})"
    ),
    "large comm buffers": sent("send('comm_msg', {'data': {}}, buffers=[bytes(1_000_000)] * 100)"),
    "a line rewritten five million times": ["print('\\r'.join(['x'] * 5_000_000))"],
    "large outputs that are cleared": sent(
        "from IPython.display import clear_output, display\n"
        "for _ in range(40): display({'text/plain': 'x' * 2_000_000}, raw=True); clear_output()"
    ),
    "outputs of many empty lists": [
        "from IPython.display import display\nfor _ in range(29): display({'application/json': [[]] * 25_000}, raw=True)"
    ]
    * 6,
}


def executed(folder: Path, asked: Sequence[ExecutionCell], limits: ExecutionLimits) -> Execution:
    folder.mkdir()
    (folder / "probes_tests.py").write_text(PROBES)
    (folder / "exercises.toml").write_text("")
    request = ExecutionRequest(asked, probes=sorted(folder.iterdir()), limits=limits)
    return execute(request, open_sandbox(), folder / "run")


def ran(folder: Path, cells: Sequence[str], limits: ExecutionLimits = LIMITS) -> tuple[Execution, int, int]:
    """Run a right answer, `cells` and the answer again: what came of it, and the memory and disk that it took of ours."""
    asked = [ExecutionCell("number = 7"), check("check_number"), *map(ExecutionCell, cells), check("check_again")]
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from now on
    before = memory("VmRSS")
    execution = executed(folder, asked, limits)
    taken = memory("VmHWM") - before
    disk = sum(path.stat().st_blocks * 512 for path in (folder / "run").rglob("*") if path.is_file())
    return execution, taken, disk


def memory(name: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def number(folder: Path, cell: str) -> object:
    return read_evidence(folder / "run" / "evidence" / cell).facts.get("number")


@pytest.mark.parametrize("name", [*HOARDS, *DROPPED])
def test_what_a_kernel_sends_takes_little_of_the_grader(name: str, tmp_path: Path) -> None:
    execution, taken, disk = ran(tmp_path / "r", HOARDS[name].cells if name in HOARDS else DROPPED[name])
    assert taken < MEMORY
    assert disk < DISK
    assert number(tmp_path / "r", "check_number") == 7
    # Either the run ended in a sentence that names the limit, or what comes afterwards counts, too.
    assert "MB of output" in (str(execution.problem or "")) or number(tmp_path / "r", "check_again") == 7


@pytest.mark.parametrize("name", HOARDS)
def test_a_hoard_takes_more_without_its_protection(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, instead in HOARDS[name].off.items():
        monkeypatch.setattr(target, instead)
    _, taken, disk = ran(tmp_path / "r", HOARDS[name].cells, HOARDS[name].limits)
    assert taken >= MEMORY or disk >= DISK


def test_a_student_reads_that_outputs_are_not_kept_and_why(tmp_path: Path) -> None:
    show = "from IPython.display import display\ndisplay({'text/plain': 'x' * 2_500_000}, raw=True)"
    execution, _, _ = ran(tmp_path / "r", [show, show, "'small'"])
    first, second, third = execution.outputs[2:5]
    assert len(first) == 1
    assert [output.get("text") for output in second] == [
        "… 1 more outputs are not kept: a cell may show 200 outputs and 3 MB, a notebook 4 MB in all.\n"
    ]
    assert third[0]["data"] == {"text/plain": "'small'"}
    assert number(tmp_path / "r", "check_again") == 7


MORE = """
import glob, os, threading, time
import numpy as np
from netgrader.evidence import EvidenceWriter
size = 0
def fact(self, name, value, plain=EvidenceWriter.fact):
    plain(self, name, value)
    if size: self.array("more", np.random.default_rng(0).integers(0, 256, size, np.uint8))
EvidenceWriter.fact = fact
"""
BESIDE = """
def fill():
    while True:
        for folder in glob.glob("/run/evidence/*"):
            for n in range(10):
                try:
                    with open(f"{folder}/9{n}.npy", "xb") as out: out.truncate(390_000_000)
                except OSError: pass
        time.sleep(0.001)
threading.Thread(target=fill, daemon=True).start()
"""
NAMED = """
def close(self, plain=EvidenceWriter.close):
    for n in range(10):
        with open(f"{self._folder}/9{n}.npy", "wb") as out: out.truncate(390_000_000)
        self._items.append({"name": str(n), "kind": "array", "file": f"9{n}.npy"})
    plain(self)
EvidenceWriter.close = close
"""


def test_a_hole_beside_what_is_handed_over_is_not_copied(tmp_path: Path) -> None:
    _, taken, disk = ran(tmp_path / "r", [MORE + BESIDE])
    assert number(tmp_path / "r", "check_again") == 7
    assert {path.name for path in (tmp_path / "r/run/evidence/check_again").iterdir()} == {"manifest.json"}
    assert taken < MEMORY
    assert disk < DISK


def test_holes_that_are_named_are_too_large_before_any_is_copied(tmp_path: Path) -> None:
    execution, taken, disk = ran(tmp_path / "r", [MORE + NAMED])
    assert str(execution.problems["check_again"]) == "The evidence is too large."
    assert number(tmp_path / "r", "check_number") == 7
    assert taken < MEMORY
    assert disk < DISK


def handed_over(folder: Path, limits: ExecutionLimits) -> Execution:
    large, small = ExecutionCell(f"{MORE}\nnumber, size = 7, 12_000_000"), ExecutionCell("size = 0")
    return executed(folder, [large, check("check_number"), check("check_again"), small, check("check_last")], limits)


def test_all_checks_together_hand_over_no_more_than_a_notebook_may(tmp_path: Path) -> None:
    execution = handed_over(tmp_path / "r", LIMITS)
    assert list(execution.problems) == ["check_again"]
    said = str(execution.problems["check_again"])
    assert "exceed the 0.02 GB that a notebook may hand over. The earlier data is graded." in said
    assert "Use smaller layers" in said
    assert number(tmp_path / "r", "check_number") == number(tmp_path / "r", "check_last") == 7
    assert not (tmp_path / "r/run/evidence/check_again").exists()


def test_as_much_as_was_always_handed_over_is_taken(tmp_path: Path) -> None:
    """Where each check had its own limit and the notebook none, these were taken both."""
    execution = handed_over(tmp_path / "r", replace(LIMITS, notebook_evidence_bytes=30_000_000))
    assert execution.problems == {}
