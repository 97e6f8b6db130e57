"""``netgrader export``: marks of a gradebook in sheets of Moodle and Canvas, and the students who would be missed."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import datetime

import pytest

from netgrader.errors import UsageError
from netgrader.nbgrader_plugin.converters import autograde_one
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader_platforms import export
from tests.platforms.exporters import Student, canvas_owner, canvas_sheet, canvas_zip, moodle_sheet

CLASS = [
    Student("ada", "Ada", "Lovelace", 4711, "ada@uni.example"),
    Student("bob", 'Robert "Bob"', "O'Brien, Jr.", 4712, "bob@uni.example"),
    Student("joe", "=SUM(Jörg)", "Groß_Müller", 4713, "joe@uni.example"),
    Student("li1", "Li", "Wang", 4714, "li1@uni.example"),
    Student("li2", "Li", "Wang", 4715, "li2@uni.example"),
]
# Points by hand among them, of 2 + 3 + 2.
MARKS = {
    "ada": (2.0, 3.0, 2.0),
    "bob": (1.2345, 0.0, 0.5),
    "joe": (0.0, 0.0, 0.0),
    "li1": (2.0, 3.0, 1.0),
    "li2": (0.5, 0.7, 0.0),
}


@pytest.fixture
def course(booked):
    """The tiny course, with a gradebook that has a class."""
    with opened(booked.course) as gradebook:
        for one in CLASS:
            gradebook.add_student(one.id, first_name=one.first, last_name=one.last, email=one.email)
    return booked


def give(course, marks, penalty=None, **more):
    """Have the gradebook hold marks: points of two cells, and by hand of a third."""
    with opened(course.course) as gradebook:
        for student, given in marks.items():
            submission = gradebook.update_or_create_submission(course.assignment_id, student)
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = penalty
                for grade in notebook.grades:
                    place = ("check_add", "check_squares", "why").index(grade.name)
                    grade.auto_score, grade.manual_score = (None, given[2]) if place == 2 else (given[place], None)
                    grade.needs_manual_grade = False
                    for name, value in more.items():
                        setattr(grade, name, value)
        gradebook.db.commit()


def exported(course, platform, column, key):
    """The column of the sheet that was written, by the number of each row; only rows of people."""
    content = (course.root / "exports" / f"numbers-{platform}.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    at, by = rows[0].index(column), rows[0].index(key)
    return {int("".join(filter(str.isdigit, row[by]))): row[at] for row in rows[1:] if any(map(str.isdigit, row[by]))}


@pytest.mark.parametrize("german", [False, True])
def test_marks_in_moodles_worksheet_are_those_of_the_gradebook(course, tmp_path, capsys, german):
    give(course, MARKS)
    sheet = moodle_sheet(tmp_path / "sheet.csv", CLASS, german=german, most=7)
    before = sheet.read_bytes()
    assert export.run(None, moodle=sheet) == 0
    assert sheet.read_bytes() == before
    column, key = ("Bewertung", "ID") if german else ("Grade", "Identifier")
    found = {number: float(mark.replace(",", ".")) for number, mark in exported(course, "moodle", column, key).items()}
    with opened(course.course) as gradebook:
        ours = {one.number: gradebook.find_submission("numbers", one.id).score for one in CLASS}
    assert found == {number: pytest.approx(score) for number, score in ours.items()}
    assert "5 marks written for 'sheet', 0 already there: exports/numbers-moodle.csv" in capsys.readouterr().out


def test_marks_in_canvass_gradebook_are_those_of_the_gradebook(course, tmp_path, capsys):
    give(course, MARKS, penalty=0.25)
    marks = {4712: "EX", 4713: "0.00", 4714: "3.00", 4715: "N/A"}
    sheet = canvas_sheet(tmp_path / "grades.csv", CLASS, {"Numbers": 77, "Essay": 78}, marks=marks, most="7.00")
    assert export.run(None, canvas=sheet) == 0
    found = exported(course, "canvas", "Numbers (77)", "ID")
    assert found == {4711: "6.75", 4712: "EX", 4713: "0.00", 4714: "5.75", 4715: "N/A", 999_999: ""}
    assert exported(course, "canvas", "Essay (78)", "ID") == {**dict.fromkeys(found, ""), **marks}
    said = capsys.readouterr().out
    assert "Replaces another mark: li1 (3.00 → 5.75)." in said
    assert "Left unchanged in Canvas: bob (excused), li2 (not assigned, or anonymous still)." in said
    assert "2 marks written for 'Numbers', 1 already there" in said


def test_rows_that_moodle_would_skip_without_a_word_are_told(course, tmp_path, capsys):
    give(course, MARKS)
    there = [
        Student("ada", "Ada", "Lovelace", 4711, "ada@uni.example"),
        Student("bob", "Robert", "O'Brien", 4712, "bob@uni.example", locked=True),
        Student("joe", "Jörg", "Müller", 4713, "joe@uni.example", grade=5, graded=datetime(2026, 11, 3, 9, 5)),
        Student("li1", "Li", "Wang", 4714, "li1@uni.example", grade=6, graded=datetime(2026, 11, 3, 9, 5)),
    ]
    sheet = moodle_sheet(tmp_path / "sheet.csv", there, most=6.5)
    assert export.run(None, moodle=sheet) == 1
    said = capsys.readouterr().out
    assert "Replaces another mark: joe (5.00 → 0)." in said
    assert "Locked, so Moodle skips it without a word: bob." in said
    assert "Above the maximum, so Moodle skips it without a word: ada (7 of 6.50)." in said
    assert "Graded in Moodle before, so Moodle skips it without a word if the mark was changed there later" in said
    assert "more recently in Moodle than in the spreadsheet': joe." in said
    assert "Not written, since nobody in sheet.csv fits: li2." in said
    assert "3 marks written for 'sheet', 1 already there" in said


def test_moodle_does_not_read_its_own_dates_in_german_and_that_is_told(course, tmp_path, capsys):
    give(course, {"ada": MARKS["ada"]})
    there = [Student("ada", "Ada", "Lovelace", 4711, "ada@uni.example", grade=5, graded=datetime(2026, 11, 3, 9, 5))]
    sheet = moodle_sheet(tmp_path / "sheet.csv", there, german=True, most=7)
    assert export.run(None, moodle=sheet) == 1
    assert "does not read the dates of a sheet in German, so Moodle skips it without a word" in capsys.readouterr().out


def test_what_is_not_whole_yet_is_not_written(course, tmp_path, capsys):
    give(course, MARKS)
    give(course, {"bob": (1.0, 1.0, None)}, needs_manual_grade=True)
    course.submit("zoe")
    for student, when in (("ada", "2099-01-01 00:00:00 UTC"), ("joe", "soon")):
        course.submit(student).with_name("timestamp.txt").write_text(when, encoding="utf-8")
    sheet = moodle_sheet(tmp_path / "sheet.csv", CLASS, most=7)
    assert export.run(None, moodle=sheet) == 1
    said = capsys.readouterr().out
    assert "a person has still to give points, or to look why grading failed: bob 1_sums." in said
    assert "Handed in, or handed in again, and not graded since: ada, joe, zoe." in " ".join(said.split())
    written = exported(course, "moodle", "Grade", "Identifier")
    assert [number for number, mark in written.items() if not mark] == [4711, 4712, 4713]


@pytest.mark.usefixtures("uncaged")
@pytest.mark.parametrize(("broken", "mark"), [("pass", "7"), ("raise RuntimeError", "")])
def test_a_notebook_that_the_grader_fails_on_gets_no_mark_and_is_named(course, tmp_path, capsys, broken, mark):
    tests = course.root / "grader_tests" / "test_sums.py"
    more = f'@grades("check_add")\ndef test_more(cell_evidence):\n    """More"""\n    {broken}\n'
    tests.write_text(f"{tests.read_text(encoding='utf-8')}\n\n{more}", encoding="utf-8")
    course.submit("ada")
    autograde_one(course.course, "numbers", "ada")
    with opened(course.course) as gradebook:
        written = gradebook.find_grade("why", "1_sums", "numbers", "ada")
        written.manual_score, written.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    assert export.run(None, moodle=moodle_sheet(tmp_path / "sheet.csv", CLASS, most=7)) == (not mark)
    assert exported(course, "moodle", "Grade", "Identifier")[4711] == mark
    assert ("to look why grading failed: ada 1_sums." in capsys.readouterr().out) == (not mark)


@pytest.mark.parametrize("blind", [True, False])
def test_rows_that_were_blind_once_are_known_by_their_numbers(course, tmp_path, blind):
    with opened(course.course) as gradebook:
        for one in CLASS:
            gradebook.add_student(f"participant-{one.number}")
    give(course, {f"participant-{one.number}": MARKS[one.id] for one in CLASS})
    there = [replace(one, email=f"known.since@{one.id}.example") for one in CLASS]
    sheet = moodle_sheet(tmp_path / "sheet.csv", there, blind=blind, most=7)
    assert export.run(None, moodle=sheet) == 0
    assert exported(course, "moodle", "Grade", "Identifier")[4711] == "7"


def test_feedback_is_packed_under_names_that_moodle_takes_apart(course, tmp_path, capsys):
    give(course, MARKS)
    for one in CLASS[:3]:
        course.write(f"feedback/{one.id}/numbers/1_sums.html", f"<p>{one.id}</p>")
    for without in ("li1", "zoe"):
        (course.root / "feedback" / without / "numbers").mkdir(parents=True)
    sheet = moodle_sheet(tmp_path / "sheet.csv", CLASS, most=7)
    assert export.run(None, moodle=sheet, feedback=True) == 0
    said = capsys.readouterr().out
    assert "3 pages of 3 students: exports/numbers-moodle-feedback.zip" in said
    with zipfile.ZipFile(course.root / "exports/numbers-moodle-feedback.zip") as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    numbers = {one.number: one for one in CLASS}
    for name, content in found.items():  # as Moodle's importer takes a path apart
        folder, file = name.split("/")
        parts = folder.split("_", 4)
        assert parts[2:] == ["assignfeedback", "file"]
        assert (content.strip(), file) == (f"<p>{numbers[int(parts[1])].id}</p>", "1_sums.html")
    assert len(found) == 3


def test_feedback_is_packed_under_the_names_of_canvass_download_with_the_attachment_of_each_notebook(
    course, tmp_path, capsys
):
    give(course, MARKS)
    work = {"notes.py": b"", "1_sums-2.ipynb": b"", "2_words.ipynb": b""}
    there = [replace(one, files=work, late=one.id == "bob") for one in CLASS[:3]]
    for one in CLASS[:4]:
        for page in ("1_sums", "3_more"):
            course.write(f"feedback/{one.id}/numbers/{page}.html", f"<p>{one.id} {page}</p>")
    sheet = canvas_sheet(tmp_path / "grades.csv", CLASS, {"Numbers": 77}, most="7.00")
    submissions = canvas_zip(tmp_path / "submissions.zip", there)
    assert export.run(None, canvas=sheet, canvas_feedback=submissions) == 1
    said = capsys.readouterr().out
    assert "since the file of submissions does not have these students: li1." in said
    assert "6 pages of 3 students: exports/numbers-canvas-feedback.zip" in said
    assert "change the ending .ipynb to .html" in said
    with zipfile.ZipFile(submissions) as archive:
        attached = {canvas_owner(name): name.partition("_1_")[2] for name in archive.namelist()}
    numbers = {one.number: one.id for one in CLASS}
    with zipfile.ZipFile(course.root / "exports/numbers-canvas-feedback.zip") as archive:
        for name in archive.namelist():
            owner, page = canvas_owner(name), archive.read(name).decode().strip()
            own = "1_sums" if name.endswith("1_sums.html") else "3_more"
            assert page == f"<p>{numbers[owner[0]]} {own}</p>"
            assert (attached[owner] == "sums-2.ipynb") == (own == "1_sums")


def test_what_there_is_nothing_of_is_a_sentence(course, tmp_path):
    sheet = moodle_sheet(tmp_path / "sheet.csv", CLASS)
    with pytest.raises(UsageError, match="Say what to write"):
        export.run(None, feedback=True)
    with pytest.raises(UsageError, match="Nobody has a mark for numbers yet"):
        export.run(None, moodle=sheet)
    give(course, MARKS)
    with pytest.raises(UsageError, match="Type netgrader feedback numbers first"):
        export.run(None, moodle=sheet, feedback=True)
    (course.root / "gradebook.db").unlink()
    with pytest.raises(UsageError, match="Type netgrader autograde numbers first"):
        export.run(None, moodle=sheet)
