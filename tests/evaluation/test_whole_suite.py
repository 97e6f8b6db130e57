"""`make test-all` resumes, and a row records which files have passed at which commit."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import whole_suite

ROOT = Path(__file__).parents[2]
AUTHOR = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
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


def test_what_passed_is_run_again_when_anything_changes_that_is_no_row(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_suite, "ROOT", tmp_path)

    def commit(name: str) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
        for command in (["init", "-q"], ["add", "."], [*AUTHOR, "commit", "-qm", name]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True)
        return whole_suite.tested_commit()

    commits = [
        commit(name) for name in ("netgrader/a.py", "pyproject.toml", "requirements.lock", "data/a.npz", "Makefile")
    ]
    assert len(set(commits)) == len(commits)
    assert commit("evaluation/whole_suite.csv") == commits[-1]
    (tmp_path / "Makefile").write_text("changed")
    with pytest.raises(pytest.UsageError, match="Commit first what is tested: M Makefile"):
        whole_suite.tested_commit()


def test_the_files_that_took_longest_come_first(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "commit").write_text("bbbb")
    for name in "abc":
        (tmp_path / f"test_{name}.py").write_text("def test_one():\n    pass\n\ndef test_two():\n    pass\n")
    known = "aaaa,test_a.py,2,900,\naaaa,test_b.py,2,3,\naaaa,test_c.py,2,20,\naaaa,test_a.py,2,10,\n"
    (tmp_path / "rows.csv").write_text(f"{','.join(whole_suite.FIELDS)}\n{known}")
    assert list(files_run(tmp_path)) == ["test_c.py", "test_a.py", "test_b.py"]


def test_a_file_that_was_stopped_in_its_middle_has_no_row(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "commit").write_text("aaaa")
    (tmp_path / "test_a.py").write_text("def test_one():\n    pass\n")
    (tmp_path / "test_b.py").write_text(
        "def test_one():\n    pass\n\ndef test_two():\n    raise KeyboardInterrupt\n\ndef test_three():\n    pass\n"
    )
    assert files_run(tmp_path) == {"test_a.py": ""}
