"""A class from Moodle and Canvas to marks and back, by commands as typed."""

import csv
import io
import json
import zipfile

from netgrader.nbgrader_plugin.gradebook import opened
from tests.platforms.exporters import Student, canvas_sheet, canvas_zip, moodle_sheet, moodle_zip


def test_submissions_come_out_of_both_platforms_and_marks_go_back(booked, netgrader, tmp_path):
    files = {"1_sums.ipynb": json.dumps(booked.filled()).encode(), "helper.py": b"ONE = 1\n"}
    there = [
        Student("ada", "Ada", "O'Brien, Jr.", 4711, "ada@uni.example", late=True, files=files),
        Student("li1", "Li", "Wang_Übel", 4712, "li1@uni.example", files=files),
        Student("li2", "Li", "Wang_Übel", 4713, "li2@uni.example", files=files),
    ]
    canvas, grades = (
        canvas_zip(tmp_path / "c.zip", there),
        canvas_sheet(tmp_path / "c.csv", there, {"Numbers": 7}, most="7.00"),
    )
    moodle, sheet = moodle_zip(tmp_path / "m.zip", there), moodle_sheet(tmp_path / "m.csv", there, german=True, most=7)
    done = netgrader("collect", canvas, "--sheet", grades, cwd=booked.root)
    assert (done.returncode, "nobody in the gradebook is called so" in done.stdout) == (1, True), done.stderr
    done = netgrader("collect", canvas, "--sheet", grades, "--enter", cwd=booked.root)
    assert done.returncode == 0, done.stdout + done.stderr
    done = netgrader("collect", moodle, "--sheet", sheet, cwd=booked.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if "late" in line] == ["ada@uni.example"]
    assert "3 handed in numbers, 3 collected" in done.stdout
    with opened(booked.course) as gradebook:
        for points, one in enumerate(there):
            submission = gradebook.update_or_create_submission("numbers", one.email)
            for grade in submission.notebooks[0].grades:
                grade.needs_manual_grade, grade.auto_score = False, points / 3
        gradebook.db.commit()
    booked.write("feedback/ada@uni.example/numbers/1_sums.html", "<p>Well done.</p>")
    done = netgrader("export", "--moodle", sheet, "--canvas", grades, "--moodle-feedback", cwd=booked.root)
    assert done.returncode == 0, done.stdout + done.stderr
    for file, key, column, marks in (
        ("moodle", "E-Mail-Adresse", "Bewertung", ["0", "1", "2"]),
        ("canvas", "SIS Login ID", "Numbers (7)", ["0.00", "1.00", "2.00"]),
    ):
        text = (booked.root / "exports" / f"numbers-{file}.csv").read_text(encoding="utf-8-sig")
        found = {row[key]: row[column] for row in csv.DictReader(io.StringIO(text))}
        assert [found[one.email] for one in there] == marks
    with zipfile.ZipFile(booked.root / "exports" / "numbers-moodle-feedback.zip") as archive:
        assert archive.namelist() == ["Ada OBrien, Jr._4711_assignfeedback_file/1_sums.html"]
