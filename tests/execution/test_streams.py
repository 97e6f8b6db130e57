"""A cell that breaks its output streams costs later cells nothing, and its student gets a message."""

from __future__ import annotations

import pytest

from netgrader.evidence import read_evidence

from .conftest import check

LEFT = {
    "None": "sys.stdout = None",
    "both None": "sys.stdout = sys.stderr = None",
    "a number": "sys.stdout = 3",
    "an object that answers to nothing": "sys.stdout = object()",
    "closed": "sys.stdout.close()",
    "both closed": "sys.stdout.close(); sys.stderr.close()",
    "a file that is closed": "sys.stdout = open('/tmp/log', 'w'); sys.stdout.close()",
    "deleted": "del sys.stdout",
    "an object that raises": "class S:\n    def write(self, text): raise OSError\nsys.stdout = S()",
}


@pytest.mark.parametrize("source", LEFT.values(), ids=LEFT)
def test_what_comes_after_is_run_and_shown(run, source):
    execution, folder = run(
        f"import sys\nnumber = 1\n{source}", check("check_number"), "print('after')\nnumber = 2", check("check_again")
    )
    assert execution.problem is None
    assert execution.problems == {}
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}
    assert read_evidence(folder / "evidence" / "check_again").facts == {"number": 2}
    assert execution.cells[2].outputs[0]["text"] == "after\n"
    assert any("was put back after this cell" in output.get("text", "") for output in execution.cells[0].outputs)


@pytest.mark.parametrize("source", ["sys.stdout = io.StringIO()", "sys.stdout = open('/tmp/log', 'w')"])
def test_a_stream_of_ones_own_stays(run, source):
    execution, folder = run(
        f"import io, sys\n{source}", "print('x')\nnumber = sys.stdout.tell()", check("check_number")
    )
    assert read_evidence(folder / "evidence" / "check_number").facts["number"] > 0
    assert execution.notes == ()
    assert execution.cells[1].outputs == ()


def test_a_stream_that_can_only_be_written_to_and_flushed_stays(run):
    tee = """import sys
class Tee:
    def __init__(self, stream): self.stream = stream
    def write(self, text): return self.stream.write(text)
    def flush(self): self.stream.flush()
sys.stdout, sys.stderr = Tee(sys.stdout), Tee(sys.stderr)"""
    execution, folder = run(
        tee, "print('x')\nnumber = 1", check("check_number"), "number = 1 / 0", "number = 2", check("check_again")
    )
    assert execution.problem is None
    assert execution.notes == ()
    assert [cell.error_name for cell in execution.cells if cell.error_name] == ["ZeroDivisionError"]
    assert execution.cells[0].outputs == ()
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}
    assert read_evidence(folder / "evidence" / "check_again").facts == {"number": 2}
