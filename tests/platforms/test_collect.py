"""``netgrader collect``: submissions and their owners, from files as Moodle and Canvas write them."""

import csv
import json
import re
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from nbgrader.plugins.export import CsvExportPlugin

from netgrader.errors import UsageError
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.nbgrader_plugin.handing_in import handed_in
from netgrader_platforms import collect
from netgrader_platforms.people import Member, Person, match, name_key
from netgrader_platforms.zips import read_download
from tests.platforms.exporters import Student, canvas_sheet, canvas_zip, moodle_sheet, moodle_zip

HELPER = b"def add(a, b):\n    return a + b\n"


@pytest.fixture
def course(booked):
    """The tiny course, with a gradebook."""
    return booked


def people(course, **more):
    """A class whose names have all that names have."""
    files = {"1_sums.ipynb": json.dumps(course.filled()).encode(), "helper.py": HELPER, "notes.pdf": b"%PDF"}
    given = {"files": files, **more}
    return [
        Student("ada", "Ada", "Lovelace", 4711, "ada@uni.example", team="Team 1", **given),
        Student("bob", 'Robert "Bob"', "O'Brien, Jr.", 4712, "bob@uni.example", team="Team_2", late=True, **given),
        Student("joe", "Jörg", "Groß_Müller", 4713, "joe@uni.example", team="Team 1", **given),
        Student("li1", "Li", "Wang", 4714, "li1@uni.example", team="", **given),
        Student("li2", "Li", "Wang", 4715, "li2@uni.example", team="", **given),
        Student("vik", "Виктор", "van_12_der Bérg", 4716, "vik@uni.example", team="Team 3", **given),
    ]


def enter(course, students, **left_out):
    with opened(course.course) as gradebook:
        for one in students:
            about = {"first_name": one.first, "last_name": one.last, "email": one.email} | left_out
            gradebook.update_or_create_student(one.id, **about)


def collected(course):
    return {student: names(course, student) for student in course.course.submitted(course.assignment_id)}


@pytest.fixture
def taken(tmp_path):
    """Collect what students handed in to a platform, by its files as they are written or as given; the exit code."""

    def run(students, platform="moodle", *, files=None, listed=None, enter=False, within="", blind=False, **how):
        path, sheet, listed = tmp_path / "x.zip", tmp_path / "x.csv", students if listed is None else listed
        if platform == "canvas":
            canvas_sheet(sheet, listed, {"digits": 5, "numbers": 6})
        else:
            moodle_sheet(sheet, listed, blind=blind, teams="teams" in how)
        if files is not None:
            packed(path, files, within=within)
        elif platform == "canvas":
            canvas_zip(path, students, **how)
        else:
            moodle_zip(path, students, blind=blind, **how)
        return collect.run(path, None, sheet, enter=enter)

    return run


def packed(path, files, *, within=""):
    """A zip of these names, as nobody's exporter would write some of them."""
    with zipfile.ZipFile(path, "w") as out:
        for name, content in files:
            out.writestr(f"{within}{name}", content)
    return path


def names(course, student):
    folder = course.course.folder("submitted", student, course.assignment_id)
    return sorted(path.name for path in folder.iterdir())


def without_addresses(students):
    return [replace(one, email="") for one in students]


ALL = ["1_sums.ipynb", "helper.py"]
UNIQUE = ["ada", "bob", "joe", "vik"]


@pytest.mark.parametrize(
    "how",
    [{}, {"folders": False}, {"before_4_1": True}, {"typed": True}],
    ids=["folders", "flat", "before 4.1", "with typed text"],
)
def test_moodles_zip_is_told_by_the_sheet_and_who_shares_a_name_by_addresses_in_it(course, taken, capsys, how):
    there = people(course)
    enter(course, there)
    assert taken(there, listed=without_addresses(there), **how) == 1
    said = capsys.readouterr().out
    assert collected(course) == dict.fromkeys(UNIQUE, ALL)
    assert "Not collected: Li Wang (4714): several are called so." in said
    assert "Not collected: Li Wang (4715): several are called so." in said
    assert "notes.pdf" in said
    assert "6 handed in numbers, 4 collected" in said
    assert taken(there, **how) == 0
    assert collected(course) == dict.fromkeys([*UNIQUE, "li1", "li2"], ALL)
    assert re.search(r"bob .* late", capsys.readouterr().out)


def test_canvass_zip_is_told_by_the_sheet_and_its_numbers_are_kept(course, taken, capsys):
    there = people(course)
    enter(course, there)
    assert taken(there, "canvas", listed=without_addresses(there), typed=True) == 1
    assert collected(course) == dict.fromkeys(UNIQUE, ALL)
    assert re.search(r"bob .* late", capsys.readouterr().out)
    assert taken(there, "canvas", typed=True) == 0
    assert collected(course) == dict.fromkeys([*UNIQUE, "li1", "li2"], ALL)
    with opened(course.course) as gradebook:
        assert {one.id: one.lms_user_id for one in gradebook.students} == {one.id: str(one.number) for one in there}
    assert taken(there, "canvas", listed=without_addresses(there)) == 0  # the numbers are known by now


@pytest.mark.parametrize(("last", "squeezed"), [("bob", "bob_7"), ("-", "_7"), ("x_7_8", "x78_7")])
def test_a_name_that_ends_in_a_number_is_nobody_elses(course, taken, tmp_path, last, squeezed):
    """Canvas takes only digits between two underscores out of names, so that this one's files look like another's."""
    there = [
        Student("cara", "Cara", "Smith", 7, "cara@uni.example", files={"1_sums.ipynb": b"{}"}),
        Student("bob", "_7", last, 4711, "bob@uni.example", files={"1_sums.ipynb": b"[]"}),
    ]
    with opened(course.course) as gradebook:
        gradebook.add_student("cara", first_name="Cara", last_name="Smith", email="cara@uni.example", lms_user_id="7")
        gradebook.add_student("bob", first_name="Bob", last_name="Baker", email="bob@uni.example")
    assert taken(there, "canvas") == 0
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert any(name.startswith(f"{squeezed}_4711_") for name in archive.namelist())
    assert (course.root / "submitted/cara/numbers/1_sums.ipynb").read_bytes() == b"{}"
    assert (course.root / "submitted/bob/numbers/1_sums.ipynb").read_bytes() == b"[]"


@pytest.mark.parametrize("folders", [False, True])
def test_a_file_that_is_called_as_if_it_were_anothers_is_whose_it_is(course, taken, folders):
    forged = "x_4711_assignsubmission_file_1_sums.ipynb" if not folders else "x_4711_assignsubmission_file/1_sums.ipynb"
    there = [
        Student("ada", "Ada", "Lovelace", 4711, files={"1_sums.ipynb": b"{}"}),
        Student("eve", "Eve", "Hacker", 4712, files={forged: b"[]"}),
    ]
    enter(course, there)
    assert taken(there, folders=folders) == 0
    assert (course.root / "submitted/ada/numbers/1_sums.ipynb").read_bytes() == b"{}"
    assert len(names(course, "ada")) == len(names(course, "eve")) == 1


VICTIM = Student("victim", "Victim", "Berg", 77, "victim@uni.example")
MALLORY = Student("mallory", "Mallory", "Eve", 88, "mallory@uni.example")
HERS = ("bergvictim_77_90001_1_sums.ipynb", b"{}")


@pytest.mark.parametrize("within", ["", "digits_submissions/"])
@pytest.mark.parametrize(
    "called",
    [
        "x\\bergvictim_77_99999_1_sums.ipynb",
        "x/bergvictim_77_99999_1_sums.ipynb",
        "/bergvictim_77_99999_1_sums.ipynb",
        "x/../bergvictim_77_99999_1_sums.ipynb",
        "x/bergvictim_77_99999_x/bergvictim_77_99999_1_sums.ipynb",
        "Victim Berg_77_assignsubmission_file_/bergvictim_77_99999_1_sums.ipynb",
        "LATE_78_99999_1_sums.ipynb",
    ],
)
def test_a_file_of_canvass_belongs_to_the_first_part_of_its_path_whatever_comes_after(course, taken, called, within):
    enter(course, [VICTIM, MALLORY])
    taken([VICTIM, MALLORY], "canvas", files=[HERS, (f"evemallory_88_90210_{called}", b"[]")], within=within)
    assert names(course, "victim") == ["1_sums.ipynb"]
    assert (course.root / "submitted/victim/numbers/1_sums.ipynb").read_bytes() == b"{}"
    (mine,) = names(course, "mallory")
    assert (course.root / "submitted/mallory/numbers" / mine).read_bytes() == b"[]"


@pytest.mark.parametrize("sep", ["/", "\\"])
def test_where_one_alone_handed_in_a_folder_in_a_files_name_is_not_taken_for_one_that_wraps_all(course, taken, sep):
    enter(course, [VICTIM, MALLORY])
    file = (f"evemallory_88_90210_x{sep}bergvictim_77_99999_1_sums.ipynb", b"[]")
    taken([VICTIM, MALLORY], "canvas", files=[file])
    assert list(collected(course)) == ["mallory"]


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_a_name_that_fits_two_people_is_taken_for_neither_and_both_are_told(course, taken, capsys, platform):
    """One of them is called as the beginning of the other's file is written."""
    mallory = Student("mallory", "Victim_77", "Berg", 88, "mallory@uni.example")
    enter(course, [VICTIM, mallory])
    if platform == "canvas":
        hers, forged = HERS, ("bergvictim_77_88_90210_x/1_sums.ipynb", b"[]")
        said = "is named as a file of bergvictim (77) and bergvictim_77 (88)"
    else:
        hers = ("Victim Berg_77_assignsubmission_file/1_sums.ipynb", b"{}")
        forged = ("Victim  Berg_77_assignsubmission_file/1_sums.ipynb", b"[]")
        said = "something else fits the same student"
    assert taken([VICTIM, mallory], platform, files=[hers, forged], enter=True) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert said in told
    if platform == "canvas":
        assert (course.root / "submitted/victim/numbers/1_sums.ipynb").read_bytes() == b"{}"
        assert list(collected(course)) == ["victim"]
    else:
        assert collected(course) == {}
        assert told.count("Not collected: ") == 2


@pytest.mark.parametrize(
    "names",
    [
        ["bergvictim_77_90001_1_sums.ipynb", "bergvictim_77_99999_1_sums.ipynb"],
        ["bergvictim_77_90001_1_sums.ipynb", "bergvictim_77_90001_1_sums.ipynb"],
        ["bergvictim_77_90001_1_sums.ipynb", "bergvictim_77_99999_1_SUMS.ipynb"],
        ["bergvictim_77_90001_ä.py", "bergvictim_77_99999_a\u0308.py"],
        ["Victim Berg_77_assignsubmission_file/1_sums.ipynb", "Victim Berg_77_assignsubmission_file/1_sums.ipynb"],
        ["Victim Berg_77_assignsubmission_file/é/a.py", "Victim Berg_77_assignsubmission_file_/e\u0301/a.py"],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_number_and_name_are_both_told_and_neither_is_taken(course, taken, capsys, names):
    enter(course, [VICTIM, MALLORY])
    platform, other = "canvas", ("evemallory_88_90210_1_sums.ipynb", b"{}")
    if "assign" in names[0]:
        platform, other = "moodle", ("Mallory Eve_88_assignsubmission_file/1_sums.ipynb", b"{}")
    files = [(names[0], b"{}"), (names[1], b"[]"), other]
    assert taken([VICTIM, MALLORY], platform, files=files, enter=True) == 1
    assert list(collected(course)) == ["mallory"]
    told = "".join(capsys.readouterr().out.split())
    assert "onenamehasseveralfiles," in told
    assert all("".join(unicodedata.normalize("NFC", name).split()) in told for name in names)


@pytest.mark.parametrize("digits", ["\u0667\u0667", "7\u200e7"])
@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_digits_of_another_script_are_no_number(course, taken, capsys, digits, platform):
    enter(course, [VICTIM, MALLORY])
    if platform == "canvas":
        files = [("evemallory_88_90210_1_sums.ipynb", b"{}"), (f"bergvictim_{digits}_99999_x.ipynb", b"[]")]
    else:
        files = [
            ("Mallory Eve_88_assignsubmission_file/1_sums.ipynb", b"{}"),
            (f"Victim Berg_{digits}_assignsubmission_file/1_sums.ipynb", b"[]"),
        ]
    taken([VICTIM, MALLORY], platform, files=files)
    assert list(collected(course)) == ["mallory"]
    assert "nobody in the sheet has this number and name" in " ".join(capsys.readouterr().out.split())


ANNA = Student("vic", "Anna", "Berg", 12, "anna@uni.example")
EVIL = Student("mal", "Mallory", "Evil", 5, "evil@uni.example")
PLAIN = "1_sums.ipynb"


def number_in_gradebook(course, *students):
    with opened(course.course) as gradebook:
        for one in students:
            gradebook.update_or_create_student(one.id, lms_user_id=str(one.number))


@pytest.mark.parametrize("displayed", ["berganna_12", "berganna_12_90210", "berganna_12_90210_LATE"])
@pytest.mark.parametrize("source", ["sheet", "gradebook"])
def test_a_file_of_canvass_with_a_classmates_number_behind_its_name_is_told_and_not_taken(
    course, taken, capsys, source, displayed
):
    """Its owner is displayed as the beginning of the other's files."""
    enter(course, [ANNA, EVIL])
    there = {"sheet": [ANNA, EVIL], "gradebook": [ANNA]}[source]
    number_in_gradebook(course, *{"sheet": [], "gradebook": [EVIL]}[source])
    assert taken(there, "canvas", files=[(f"{displayed}_5_101_{PLAIN}", b"[]")], enter=True) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "is named as a file of berganna (12) and berganna_12" in told
    assert f" and {displayed} (5). Look at it" in told
    assert collected(course) == {}


def test_a_number_that_the_gradebook_knows_is_no_others_by_a_name(course, taken, capsys):
    """Somebody goes by a classmate's name on the platform."""
    enter(course, [ANNA, EVIL])
    number_in_gradebook(course, EVIL)
    posing = replace(ANNA, number=EVIL.number, email="", files={PLAIN: b"[]"})
    assert taken([posing], "canvas") == 0
    assert list(collected(course)) == ["mal"]
    assert "which is not how the gradebook writes mal" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_who_goes_by_a_classmates_name_has_none_of_the_classmates_work(course, taken, capsys, platform):
    enter(course, [ANNA, EVIL])
    there = [replace(ANNA, email="", files={PLAIN: b"{}"}), replace(ANNA, email="", number=5, files={PLAIN: b"[]"})]
    assert taken(there, platform, enter=True) == 1
    assert collected(course) == {}
    assert "somebody else is vic, too" in " ".join(capsys.readouterr().out.split())


LOOKS_THE_SAME = {
    "another script": "Victim Be\u0433g",
    "wide letters": "\uff36ictim Berg",
    "an invisible mark": "Victim\u200b Berg",
    "a mark that joins nothing": "Vict\u034fim Berg",
    "a blank at another place": "Vict Imberg",
    "turned round": "\u202eVictim Berg\u202c",
}


@pytest.mark.parametrize("enters", [False, True])
@pytest.mark.parametrize("kind", LOOKS_THE_SAME)
def test_a_name_that_looks_like_another_is_never_placed_without_a_word(course, taken, capsys, kind, enters):
    enter(course, [VICTIM])
    folder = f"{LOOKS_THE_SAME[kind]}_4711_assignsubmission_file"
    taken([Student("", LOOKS_THE_SAME[kind], "", 4711)], files=[(f"{folder}/1_sums.ipynb", b"[]")], enter=enters)
    told = " ".join(capsys.readouterr().out.split())
    if "victim" in collected(course):
        assert "there, which is not how the gradebook writes victim" in told
    elif not enters:
        assert "nobody in the gradebook is called so" in told


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_somebody_elses_address_is_never_taken_without_a_word(course, taken, capsys, platform):
    enter(course, [VICTIM, MALLORY])
    posing = Student("", "Mallory", "Eve", 88, VICTIM.email, files={"1_sums.ipynb": b"[]"})
    taken([posing], platform)
    told = " ".join(capsys.readouterr().out.split())
    assert list(collected(course)) == ["victim"]
    assert "which is not how the gradebook writes victim" in told
    with_her = replace(VICTIM, files={"1_sums.ipynb": b"{}"}, number=77)
    if platform == "moodle":
        assert taken([posing, with_her]) == 1
        assert " ".join(capsys.readouterr().out.split()).count("somebody else is victim, too") == 2


def test_an_address_of_one_and_a_number_of_another_are_nobodys():
    person = Person("1", "Ada", frozenset({"ada@uni.example", "bob"}))
    roster = [
        Member("ada", frozenset({"ada"}), frozenset({"ada", "ada@uni.example"}), "ada@uni.example"),
        Member("bob", frozenset({"bob"}), frozenset({"bob", "bob@uni.example"}), "bob@uni.example"),
    ]
    assert match([person], roster) == ({}, {person: "addresses or numbers are those of ada and bob"})


def test_a_submission_of_a_team_is_nobodys_where_two_teams_are_written_the_same(course, taken):
    there = [replace(VICTIM, team="Team 1", files={"1_sums.ipynb": b"{}"}), replace(MALLORY, team="team_1")]
    enter(course, there)
    assert taken(there, teams={"Team 1": 5, "team_1": 6}) == 1
    assert collected(course) == {}


@pytest.mark.parametrize(
    "hostile", ["../../../evil.py", "/etc/evil.py", "a/../../evil.py", "..\\..\\evil.py", "C:/x/evil.py"]
)
def test_nothing_lands_outside_of_the_folder_of_who_handed_it_in(course, taken, tmp_path, hostile):
    there = [Student("ada", "Ada", "Lovelace", 4711, files={"1_sums.ipynb": b"{}", hostile: b"evil"})]
    enter(course, there)
    before = {path for path in tmp_path.rglob("*") if course.root not in path.parents}
    assert taken(there) == 0
    given = {tmp_path / "x.zip", tmp_path / "x.csv"}
    assert {path for path in tmp_path.rglob("*") if course.root not in path.parents} == before | given
    assert names(course, "ada") == ["1_sums.ipynb", "evil.py"]


def test_what_one_hands_in_is_limited_and_takes_nothing_from_others(course, taken, capsys):
    there = [
        Student("ada", "Ada", "Lovelace", 4711, files={"1_sums.ipynb": b"{}"}),
        Student("eve", "Eve", "Hacker", 4712, files={"1_sums.ipynb": b" " * 60_000_000}),
        Student("joe", "Joe", "Miller", 4713, files={f"part{number}.py": b"" for number in range(300)}),
        Student("zoe", "Zoe", "Young", 4714, files={"notes.pdf": b""}),
    ]
    enter(course, there)
    assert taken(there) == 1
    said = capsys.readouterr().out
    assert collected(course) == {"ada": ["1_sums.ipynb"]}
    assert "Not collected: Eve Hacker (4712): Eve Hacker (4712) holds more than can be read." in said
    assert "Not collected: Joe Miller (4713): 300 files are more than can be graded." in said
    assert "Not collected: Zoe Young (4714): there is no notebook or module in it." in said
    assert "To place them: download Moodle's grading worksheet again" in " ".join(said.split())


def test_a_damaged_file_in_it_is_its_owners_trouble_alone(course, tmp_path, capsys):
    there = [
        Student("ada", "Ada", "Lovelace", 4711, files={"1_sums.ipynb": b"{}"}),
        Student("eve", "Eve", "Hacker", 4712, files={"1_sums.ipynb": b"whatever this may be"}),
    ]
    enter(course, there)
    path = moodle_zip(tmp_path / "digits.zip", there)
    with zipfile.ZipFile(path) as archive:
        entry = archive.infolist()[1]
    content = bytearray(path.read_bytes())
    place = entry.header_offset + 30 + len(entry.filename)
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert collect.run(path, None, moodle_sheet(tmp_path / "x.csv", there), enter=False) == 1
    assert collected(course) == {"ada": ["1_sums.ipynb"]}
    assert "Not collected: Eve Hacker (4712): Eve Hacker (4712) cannot be unpacked" in capsys.readouterr().out


def test_teams_have_what_one_of_them_handed_in(course, taken, capsys):
    there = people(course)
    enter(course, there)
    assert taken(there, teams={"Team 1": 4714, "Team_2": 4715, "Team 3": 9}) == 0
    assert collected(course) == dict.fromkeys(["ada", "bob", "joe", "vik", "li1", "li2"], ALL)
    assert "ada, joe" in capsys.readouterr().out


def test_who_has_no_name_there_can_be_entered_and_is_known_again(course, taken):
    there = people(course)
    assert taken(there, blind=True) == 1
    assert collected(course) == {}
    for blind in (True, True, False):
        assert taken(there, blind=blind, enter=True) == 0
        assert collected(course) == dict.fromkeys([f"participant-{one.number}" for one in there], ALL)
    with opened(course.course) as gradebook:
        assert len(gradebook.students) == len(there)


def test_who_has_a_user_name_and_no_address_there_is_entered_by_the_user_name(course, tmp_path):
    there = [replace(one, email=one.id) for one in people(course)]
    sheet = moodle_sheet(tmp_path / "x.csv", there)
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("Email address", "Username"), encoding="utf-8")
    assert collect.run(moodle_zip(tmp_path / "x.zip", there), None, sheet, enter=True) == 0
    assert collected(course) == dict.fromkeys([one.id for one in there], ALL)


def test_a_file_of_canvass_without_names_is_nobodys(course, taken, capsys):
    there = people(course)
    assert taken(there, "canvas", anonymous=True, enter=True) == 1
    assert collected(course) == {}
    assert "nobody in the sheet has this number and name" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_a_class_that_nobody_entered_is_entered_with_names_and_addresses(course, taken, platform):
    there = people(course)[:3]
    assert taken(there, platform, enter=True) == 0
    with opened(course.course) as gradebook:
        entered = {name_key(f"{one.first_name or ''}{one.last_name}") for one in gradebook.students}
        assert entered == {name_key(one.name) for one in there}
        assert {one.id for one in gradebook.students} == {one.email for one in there}
    first = collected(course)
    assert list(first.values()) == [ALL] * 3
    assert taken(there, platform, enter=True) == 0
    assert collected(course) == first


@pytest.mark.parametrize("platform", ["moodle", "moodle, blind", "canvas"])
def test_who_is_in_the_sheet_and_handed_in_nothing_is_entered_once(course, taken, platform):
    there = people(course)
    blind = "blind" in platform
    listed = [*there, Student("test", "Test", "Student", 9, "", files={})] if platform == "canvas" else there
    ids = {f"participant-{one.number}" if blind else one.email for one in there}
    for _ in range(2):
        assert taken(there[:2], platform.partition(",")[0], listed=listed, blind=blind, enter=True) == 0
        with opened(course.course) as gradebook:
            assert {one.id for one in gradebook.students} == ids
    assert len(collected(course)) == 2


def test_a_name_that_is_a_formula_is_entered_as_none(course, taken):
    there = [Student("x", '=HYPERLINK("x")', "+1,=2", 4711, "x@uni.example", files={"1_sums.ipynb": b"{}"})]
    taken(there, enter=True)
    with opened(course.course) as gradebook:
        (entered,) = gradebook.students
    assert (entered.first_name, entered.last_name) == ("HYPERLINK('x')", "1 =2")
    taken(there)
    assert list(collected(course)) == ["x@uni.example"]


@pytest.mark.parametrize("first", ["X,,e@x.example,5.0,0.0,5.0,5.0", '"X', "X\u202e;=1+1"])
def test_a_name_gives_nobody_a_mark_where_nbgraders_export_quotes_nothing(course, taken, tmp_path, first):
    there = [
        Student("", first, "Hacker", 4711, "a,5.0@x.example", files={"1_sums.ipynb": b"{}"}),
        Student("", "Zoe", "Young", 4712, "zoe@x.example", files={"1_sums.ipynb": b"{}"}),
    ]
    taken(there, enter=True)
    with opened(course.course) as gradebook:
        gradebook.update_or_create_assignment("numbers")
        CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(gradebook)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert all(None not in row and row["score"] == row["raw_score"] == "0.0" for row in rows)
    assert "\u202e" not in (tmp_path / "grades.csv").read_text(encoding="utf-8")


def test_a_name_as_long_as_a_platform_takes_ends_nobodys_collecting(course, taken):
    there = [
        Student("", "漢" * 100, "字" * 100, 4711, files={"1_sums.ipynb": b"{}"}),
        Student("", "漢" * 100, "文" * 100, 4712, files={"1_sums.ipynb": b"[]"}),
        Student("", "Zoe", "Young", 4713, files={"1_sums.ipynb": b"{}"}),
    ]
    for _ in range(2):
        assert taken(there, enter=True) == 0
        assert len(collected(course)) == 3


def test_two_of_one_name_who_are_entered_are_two(course, taken):
    taken(without_addresses(people(course)[3:5]), enter=True)
    assert collected(course) == dict.fromkeys(["participant-4714", "participant-4715"], ALL)


def test_the_time_in_the_sheet_is_that_which_nbgrader_counts(course, taken):
    there = people(course, handed_in=datetime(2026, 11, 27, 23, 58))[:1]
    enter(course, there)
    assert taken(there) == 0
    found = handed_in(course.course.folder("submitted", "ada", "numbers"))
    assert found == datetime(2026, 11, 27, 23, 58).astimezone(UTC).replace(tzinfo=None)


def test_what_was_handed_in_anew_replaces_what_was_there_and_that_is_kept(course, taken, capsys):
    there = people(course)[:1]
    enter(course, there)
    taken(there)
    capsys.readouterr()
    taken(there)
    assert "unchanged" in capsys.readouterr().out
    there[0].files = {**there[0].files, "helper.py": HELPER + b"\n"}
    taken(there)
    said = capsys.readouterr().out
    assert "replaces what was there" in said
    assert "is missing" not in said
    (old,) = (course.root / ".netgrader/store/replaced/numbers").iterdir()
    assert (old / "helper.py").read_bytes() == HELPER
    assert (course.root / "submitted/ada/numbers/helper.py").read_bytes() == HELPER + b"\n"


def test_a_notebook_that_the_new_submission_lacks_is_named(course, taken, capsys):
    there = people(course)[:1]
    enter(course, there)
    taken(there)
    there[0].files = {"2_words.ipynb": there[0].files["1_sums.ipynb"]}
    taken(there)
    assert "1_sums.ipynb of the earlier submission is missing" in " ".join(capsys.readouterr().out.split())


def test_of_a_file_that_was_uploaded_to_canvas_again_the_newest_counts(course, taken, capsys):
    files = {
        "1_sums.ipynb": b"{}",
        "1_sums-1.ipynb": b"[]",
        "helper-2.py": HELPER,
        "week-1.ipynb": b"",
        "week-2.ipynb": b"",
    }
    there = [Student("ada", "Ada", "Lovelace", 4711, files=files)]
    enter(course, there)
    assert taken(there, "canvas") == 0
    assert "left out: 1_sums.ipynb" in capsys.readouterr().out
    assert names(course, "ada") == ["1_sums.ipynb", "helper.py", "week-1.ipynb", "week-2.ipynb"]
    assert (course.root / "submitted/ada/numbers/1_sums.ipynb").read_bytes() == b"[]"


def test_the_sheet_of_another_assignment_fits_nobody(course, taken, capsys):
    there = people(course)[:2]
    enter(course, there)
    assert taken(there, listed=[replace(one, number=4711 + (one.number == 4711)) for one in there]) == 1
    assert collected(course) == {}
    assert "download submissions and sheet of the same assignment" in capsys.readouterr().out


def test_a_sheet_of_another_course_gives_nobody_a_number_of_canvass(course, taken):
    there = people(course)[:2]
    enter(course, there)
    assert taken(there, "canvas", listed=[replace(one, number=one.number + 90) for one in there]) == 1
    with opened(course.course) as gradebook:
        assert [one.lms_user_id for one in gradebook.students] == [None, None]


def test_a_download_that_was_unpacked_and_packed_again_is_one(course, tmp_path):
    there = people(course)[:2]
    enter(course, there)
    path = moodle_zip(tmp_path / "x.zip", there)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "again.zip", "w") as again:
        for name in archive.namelist():
            again.writestr(f"digits-4711/{name}", archive.read(name))
        again.writestr("__MACOSX/digits-4711/._x.py", b"")
        again.writestr("digits-4711/._Ada Lovelace_4711_assignsubmission_file", b"")
        again.writestr("Mallory Eve_88_assignsubmission_file/2_words.ipynb", b"")
    sheet = moodle_sheet(tmp_path / "x.csv", there)
    assert collect.run(tmp_path / "again.zip", None, sheet, enter=False) == 1
    assert collected(course) == dict.fromkeys(["ada", "bob"], ALL)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "zip archive"),
        (b"PK", "zip archive"),
        (None, "cannot be read"),
        ({"a/b.ipynb": b""}, "not a download of submissions"),
    ],
)
def test_what_is_no_file_of_submissions_is_a_sentence(course, tmp_path, content, said):
    path = tmp_path / "x.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        with zipfile.ZipFile(path, "w") as out:
            for name, inside in content.items():
                out.writestr(name, inside)
    with pytest.raises(UsageError, match=said):
        collect.run(path, None, moodle_sheet(tmp_path / "x.csv", []), enter=False)


def test_a_single_name_cannot_make_a_class_another_platforms(tmp_path):
    forged = {"Ada_5_assignsubmission_file_x.ipynb": b"", "1_sums.ipynb": b""}
    there = [Student("a", "A", "B", 1, files=forged), Student("c", "C", "D", 2, files={"1_sums.ipynb": b""})]
    assert read_download(canvas_zip(tmp_path / "x.zip", there)).platform == "Canvas"


def test_a_person_is_nobody_who_has_another_address():
    person = Person("1", "Li Wang", frozenset({"li2@uni.example"}))
    member = Member("li1", frozenset({"liwang"}), frozenset({"li1", "li1@uni.example"}), "li1@uni.example")
    assert match([person], [member]) == ({}, {person: "nobody in the gradebook is called so"})


def test_one_of_nbgraders_own_assignments_is_collected_by_its_name(course, tmp_path):
    course.write("source/ps1/problem.ipynb", "{}")
    there = people(course)[:1]
    enter(course, there)
    path, sheet = moodle_zip(tmp_path / "x.zip", there), moodle_sheet(tmp_path / "x.csv", there)
    with pytest.raises(UsageError, match=r"these assignments: numbers, ps1\. Name one with --assignment"):
        collect.run(path, None, sheet, enter=False)
    assert collect.run(path, "ps1", sheet, enter=False) == 0
    assert (course.root / "submitted/ada/ps1/helper.py").read_bytes() == HELPER
