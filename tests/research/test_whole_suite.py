"""`make test-all` goes on where it was stopped, and a row says which files have passed at which commit."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFTEST = """
from pathlib import Path
from tests.whole_suite import take_part

def pytest_configure(config):
    take_part(config, Path("rows.csv"), Path("commit").read_text())
"""


def files_run(folder: Path, *options: str) -> dict[str, str]:
    """Run the tests of a folder; return the files that new rows name, with what failed in them."""
    rows = folder / "rows.csv"
    before = rows.read_text().count("\n") - 1 if rows.exists() else 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    with rows.open(newline="") as file:
        return {row["file"]: row["failed"] for row in list(csv.DictReader(file))[before:]}


def test_files_that_passed_at_this_commit_are_left_out_and_what_failed_is_run_again(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "commit").write_text("aaaa")
    (tmp_path / "test_right.py").write_text("def test_one():\n    pass\n\ndef test_two():\n    pass\n")
    (tmp_path / "test_wrong.py").write_text("def test_one():\n    pass\n\ndef test_two():\n    assert False\n")
    (tmp_path / "test_skipped.py").write_text("import pytest\n\n@pytest.mark.skip\ndef test_one():\n    pass\n")
    each = {"test_right.py": "", "test_skipped.py": "test_one", "test_wrong.py": "test_two"}
    assert files_run(tmp_path, "-n", "2", "--dist", "loadfile") == each
    again = {"test_skipped.py": "test_one", "test_wrong.py": "test_two"}
    assert files_run(tmp_path) == again
    (tmp_path / "test_wrong.py").write_text("def test_two():\n    pass\n")
    assert files_run(tmp_path, "test_wrong.py") == {"test_wrong.py": ""}
    (tmp_path / "commit").write_text("bbbb")
    assert files_run(tmp_path, "test_right.py") == {"test_right.py": ""}
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert [row["tests"] for row in csv.DictReader(file) if row["file"] == "test_right.py"] == ["2", "2"]


def test_a_file_that_was_stopped_in_its_middle_has_no_row(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "commit").write_text("aaaa")
    (tmp_path / "test_a.py").write_text("def test_one():\n    pass\n")
    (tmp_path / "test_b.py").write_text(
        "def test_one():\n    pass\n\ndef test_two():\n    raise KeyboardInterrupt\n\ndef test_three():\n    pass\n"
    )
    assert files_run(tmp_path) == {"test_a.py": ""}
