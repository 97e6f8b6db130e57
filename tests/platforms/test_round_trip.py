"""Submissions from a platform and marks back to it: with any names, nobody is lost or confused."""

import functools
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netgrader_platforms.collect import handed_in_by
from netgrader_platforms.people import CANVAS, MOODLE, Member, match, name_key
from netgrader_platforms.received import read_handed_in
from netgrader_platforms.sheets import read_canvas, read_moodle
from tests.conftest import build
from tests.platforms.exporters import Student, canvas_sheet, canvas_zip, moodle_sheet, moodle_zip

LETTER = st.characters(
    categories=["Lu", "Ll", "Lo", "Mn", "Nd", "Zs", "Pd", "Pc", "Po"], exclude_characters="\u0345\u0149"
)
NAME = st.one_of(
    st.sampled_from(
        ["Ada", "Lovelace", "O'Brien, Jr.", "_7", "bob_", "Müller", "Mu\u0308ller", "=1+1", "anon", "LATE", "12", '"Q"']
    ),
    st.text(LETTER, min_size=1, max_size=12),
).filter(lambda name: name_key(name) != "")


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return build(tmp_path_factory.mktemp("round") / "course").assignment


@pytest.mark.parametrize("platform", ["Moodle", "Moodle, flat", "Moodle in German", "Canvas", "Canvas in two columns"])
@settings(max_examples=30, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.tuples(NAME, NAME, st.booleans()), min_size=1, max_size=6), data=st.data())
def test_whatever_people_are_called_each_has_their_own_work_and_mark(
    assignment, tmp_path_factory, platform, names, data
):
    folder, with_roster_names = tmp_path_factory.getbasetemp(), data.draw(st.booleans())
    numbers = data.draw(st.lists(st.integers(1, 60), min_size=len(names), max_size=len(names), unique=True))
    people = [
        Student(
            f"s{at}", first, last, number, f"s{at}@uni.example", late=late, files={"1_sums.ipynb": str(at).encode()}
        )
        for at, ((first, last, late), number) in enumerate(zip(names, numbers, strict=True))
    ]
    roster = [
        Member(
            one.id,
            frozenset({name_key(one.first + one.last), name_key(one.last + one.first)} if with_roster_names else ()),
            frozenset({one.id, one.email}),
            one.email,
        )
        for one in people
    ]
    if platform.startswith("Moodle"):
        path = moodle_zip(folder / "x.zip", people, folders="flat" not in platform)
        sheet = moodle_sheet(folder / "x.csv", people, german="German" in platform)
        read, kind = read_moodle, MOODLE
    else:
        path = canvas_zip(folder / "x.zip", people)
        sheet = canvas_sheet(folder / "x.csv", people, {"numbers": 5}, two_names="two" in platform)
        read, kind = functools.partial(read_canvas, column=5), CANVAS
    download = read_handed_in(path, sheet, assignment.notebooks, ())
    assert download.platform == kind
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        handed = handed_in_by(download, roster)
        got = {
            student: int(archive.read(entries[place]))
            for one in handed
            for student in one.students
            for _, place in one.submission.files
        }
    assert got == {one.id: at for at, one in enumerate(people)}
    assert {one.id for one in people if one.late} == {name for one in handed if one.late for name in one.students}
    table = read(sheet)
    found, _ = match(table.people, roster)
    for row in table.rows:
        if row.person in found:
            table.fill(row, table.written(int(found[row.person][1:]) + 0.5))
    sheet.write_bytes(table.table.content())
    marks = {int(row.person.number): row.mark.replace(",", ".") for row in read(sheet).rows}
    assert {one.number: at + 0.5 for at, one in enumerate(people)} == {
        number: float(mark) for number, mark in marks.items() if mark
    }
