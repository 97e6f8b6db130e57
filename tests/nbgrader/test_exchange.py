"""A submission's complete way through nbgrader's own commands: exchange, grading, export."""

import csv
import json
import os
import pwd


def exported(path):
    with path.open(newline="") as stream:
        return {row["student_id"]: row for row in csv.DictReader(stream)}


def test_a_submission_goes_all_the_way_from_release_to_export(booked, nbgrader, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    config = booked.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = {str(exchange)!r}\n")
    home = tmp_path / "student"
    home.mkdir()
    (home / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'tiny'\n"
    )

    nbgrader(booked.root, "generate_assignment numbers --force", "release_assignment numbers")
    nbgrader(home, "fetch_assignment numbers")
    path = home / "numbers" / "1_sums.ipynb"
    notebook = json.loads(path.read_text())
    answers = {"add": "def add(a, b):\n    return a + b", "squares": "squares = []", "why": "Because."}
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(name, cell["source"])
    path.write_text(json.dumps(notebook))
    own = path.parent / ".ipynb_checkpoints" / "netgrader-lab-book.json"  # where a lab book is kept
    own.parent.mkdir()
    own.write_text("[]")
    nbgrader(home, "submit numbers")
    assert [found for found in exchange.rglob("*") if found.name == own.name] == []
    nbgrader(booked.root, "collect numbers", "autograde numbers", "export --to grades.csv")

    (row,) = exported(booked.root / "grades.csv").values()
    assert row["student_id"] == pwd.getpwuid(os.getuid()).pw_name
    assert (float(row["score"]), float(row["max_score"])) == (2.0, 11.0)
    assert row["assignment"] == "numbers"
    assert row["timestamp"]
