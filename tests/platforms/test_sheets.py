"""Sheets of Moodle and Canvas: what is read from them, and that only filled cells change."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from netgrader.errors import UsageError
from netgrader_platforms.sheets import read_canvas, read_moodle
from tests.platforms.exporters import Student, canvas_sheet, moodle_sheet

CLASS = [
    Student("ada", "Ada", "Lovelace", 4711, "ada@uni.example", late=True),
    Student(
        "eve",
        '=HYPERLINK("evil")',
        'O\'Brien, "Jr."',
        4712,
        "eve@uni.example",
        grade=7,
        graded=datetime(2026, 11, 3, 9, 5),
    ),
    Student("joe", "Jörg", "Groß_Müller", 4713, "joe@uni.example", locked=True, handed_in=datetime(2026, 3, 2, 13, 37)),
]


@pytest.mark.parametrize("german", [False, True])
@pytest.mark.parametrize("mark", [False, True])
def test_moodles_worksheet_is_read_in_english_and_german(tmp_path, german, mark):
    sheet = read_moodle(moodle_sheet(tmp_path / "sheet.csv", CLASS, german=german, mark=mark))
    assert [(row.person.number, row.person.name) for row in sheet.rows] == [
        (str(one.number), one.name) for one in CLASS
    ]
    assert [row.person.late for row in sheet.rows] == [True, False, False]
    assert [row.locked for row in sheet.rows] == [False, False, True]
    assert [bool(row.graded) for row in sheet.rows] == [False, True, False]
    assert [row.person.ids for row in sheet.rows] == [{one.email, f"participant-{one.number}"} for one in CLASS]
    assert {row.most for row in sheet.rows} == {Decimal(10)}
    assert sheet.comma == german
    local = datetime(2026, 3, 2, 13, 37).astimezone(UTC).replace(tzinfo=None)
    assert [row.person.when for row in sheet.rows] == [None, None, local]


def test_a_comma_in_a_mark_alone_tells_that_numbers_have_one(tmp_path):
    path = moodle_sheet(tmp_path / "sheet.csv", CLASS, german=True)
    path.write_text(path.read_text(encoding="utf-8").replace('"10,00"', "10"), encoding="utf-8")
    assert read_moodle(path).comma


@pytest.mark.parametrize("hour", [0, 11, 12, 23])
def test_a_time_with_am_and_pm_is_that_of_the_day(tmp_path, hour):
    when = datetime(2026, 12, 31, hour, 59)
    (row,) = read_moodle(moodle_sheet(tmp_path / "sheet.csv", [Student("a", "A", "B", 1, handed_in=when)])).rows
    assert row.person.when == when.astimezone(UTC).replace(tzinfo=None)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("german", [False, True])
def test_only_the_marks_that_are_filled_in_change(tmp_path, german, end):
    path = moodle_sheet(tmp_path / "sheet.csv", CLASS, german=german, end=end)
    before = path.read_bytes()
    sheet = read_moodle(path)
    assert sheet.table.content() == before
    assert sheet.fill(sheet.rows[0], sheet.written(9.214))
    assert not sheet.fill(sheet.rows[1], sheet.written(7.0))  # it stands there
    cells = (b',,"10,00"', b',"9,214","10,00"') if german else (b",,10.00", b",9.214,10.00")
    assert sheet.table.content() == before.replace(*cells, 1)


def test_a_file_in_another_encoding_comes_out_as_it_was(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes(moodle_sheet(path, CLASS, german=True, mark=False).read_bytes().decode().encode("latin-1"))
    sheet = read_moodle(path)
    assert sheet.rows[2].person.name == CLASS[2].name
    assert sheet.table.content() == path.read_bytes()


def test_a_scale_of_words_another_language_and_what_is_no_sheet_are_sentences(tmp_path):
    path = moodle_sheet(tmp_path / "sheet.csv", CLASS)
    text = path.read_text(encoding="utf-8")
    for written, said in (
        (text.replace("Maximum Grade", "Scale"), "scale of words"),
        (text.replace("Identifier", "Identifiant"), "English or German"),
        (text + '4714,"open', "not a CSV file: line 5"),
        ("", "empty"),
    ):
        path.write_text(written, encoding="utf-8")
        with pytest.raises(UsageError, match=said):
            read_moodle(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_moodle(tmp_path)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("two_names", [False, True])
def test_canvass_gradebook_is_read_and_filled_in_at_two_decimals(tmp_path, delimiter, two_names):
    path = canvas_sheet(
        tmp_path / "grades.csv",
        CLASS,
        {"digits": 55, "Essay; part (1)": 56},
        marks={4712: "EX", 4713: "9.21"},
        delimiter=delimiter,
        two_names=two_names,
    )
    before = path.read_bytes()
    sheet = read_canvas(path, 55)
    assert str(sheet.title) == "digits"
    assert [row.person.lms_id for row in sheet.rows] == ["4711", "4712", "4713", "999999"]
    assert [row.person.name for row in sheet.rows][:2] == [one.sortable for one in CLASS[:2]]
    assert [row.kept for row in sheet.rows] == ["", "excused", "", ""]
    assert {row.most for row in sheet.rows} == {Decimal(10)}
    assert sheet.table.content() == before
    assert sheet.fill(sheet.rows[0], sheet.written(9.2))
    assert not sheet.fill(sheet.rows[2], sheet.written(9.214))
    name = (
        delimiter.join(("Lovelace", "Ada"))
        if two_names
        else ("Lovelace, Ada" if delimiter == ";" else '"Lovelace, Ada"')
    )
    changed = next(line for line in before.splitlines() if line.startswith(name.encode()))
    at = changed.index(b"=1+1") + 5
    assert sheet.table.content() == before.replace(changed, changed[:at] + b"9.20" + changed[at:])


def test_which_assignment_of_several_is_asked_by_number(tmp_path):
    path = canvas_sheet(tmp_path / "grades.csv", CLASS, {"Digits": 55, "Essay": 56})
    assert str(read_canvas(path, title="digits").title) == "Digits"
    with pytest.raises(UsageError, match=r"--column; there are: 55 \(Digits\), 56 \(Essay\)"):
        read_canvas(path, title="numbers")
    with pytest.raises(UsageError, match="there are: 55"):
        read_canvas(path, 57)


def test_somebody_called_like_the_row_of_maxima_is_a_person(tmp_path):
    eve = Student("eve", "Eve", "Points Possible", 4714)
    sheet = read_canvas(canvas_sheet(tmp_path / "grades.csv", [eve, *CLASS], {"digits": 55}, marks={4714: "0"}), 55)
    assert {row.most for row in sheet.rows} == {Decimal(10)}
    assert "4714" in {row.person.number for row in sheet.rows}


@pytest.mark.parametrize(
    ("points", "written"), [(9.215, "9.22"), (9.214, "9.21"), (10.0, "10.00"), (0.0, "0.00"), (1 / 3, "0.33")]
)
def test_points_go_to_canvas_at_two_decimals_half_up(tmp_path, points, written):
    sheet = read_canvas(canvas_sheet(tmp_path / "grades.csv", CLASS, {"digits": 55}), title="digits")
    assert f"{sheet.written(points):f}" == written


@pytest.mark.parametrize(
    ("points", "written"), [(9.214, "9.214"), (10.0, "10"), (0.0, "0"), (1 / 3, "0.33333"), (100.0, "100")]
)
def test_points_go_to_moodle_as_it_keeps_them(tmp_path, points, written):
    sheet = read_moodle(moodle_sheet(tmp_path / "sheet.csv", CLASS))
    assert f"{sheet.written(points):f}" == written
