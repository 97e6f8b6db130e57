import errno
from pathlib import Path

import pytest

from netgrader.errors import NetgraderError, UsageError
from netgrader.own_files import CAGE, GRAPHREAD, PACKAGE, SHOWING, code_hash, files_of, package_files
from netgrader.python_sources import cells_named, imported_modules
from netgrader.which_course import find_course

READ = Path.read_bytes


def test_a_course_is_found_from_a_folder_inside_it(tiny, monkeypatch):
    monkeypatch.chdir(tiny.root / "source" / "numbers")
    assert find_course().root == tiny.root


def test_the_environment_names_the_course_wherever_one_stands(tiny, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETGRADER_COURSE", str(tiny.root))
    assert find_course().root == tiny.root


def test_outside_any_course_the_one_this_package_lies_in_is_used_and_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETGRADER_COURSE", raising=False)
    root = find_course().root
    assert (root / "packages/netgrader/src/netgrader/course.py").is_file()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{tmp_path} is in no course, so this is about netgrader's own, in {root}.")
    monkeypatch.chdir(root)
    assert find_course().root == root
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("links", [True, False])
def test_the_secret_is_drawn_once_and_read_by_its_owner_alone_also_on_a_disk_without_links(tiny, monkeypatch, links):
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refused)
    file = tiny.course.scratch / "secret"
    file.unlink(missing_ok=True)
    drawn = tiny.course.secret
    assert len(drawn) == 32
    assert tiny.course.secret == file.read_bytes() == drawn
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.glob("*secret*")] == ["secret"]
    file.unlink()
    assert tiny.course.secret != drawn


def refused(*_):
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_lone_notebook_may_lie_anywhere_but_brings_no_course(tiny, monkeypatch, tmp_path):
    monkeypatch.chdir(tiny.root)
    for place in (tiny.root.parent / "x.ipynb", tiny.root / "notes" / "x.ipynb", tmp_path / "x.ipynb"):
        assert find_course(place).root == tiny.root
    # The checkout that this package lies in is ours, whatever lies in it; another folder is not ours for that.
    ours = Path(__file__).parents[2]
    monkeypatch.chdir(ours)
    assert find_course(ours / "a_notebook.ipynb").root == ours
    monkeypatch.chdir(tiny.root)
    assert find_course(tiny.root / "a_notebook.ipynb").root == ours


def test_an_assignment_that_there_is_not_is_named_with_those_that_there_are(tiny):
    with pytest.raises(UsageError, match=r"no assignment 'digit' .* There is: numbers\."):
        tiny.course.assignment("digit")


def test_a_broken_config_is_a_sentence(tiny):
    tiny.write("nbgrader_config.py", "c = get_config(\n")
    with pytest.raises(UsageError, match=r"nbgrader_config\.py cannot be read: SyntaxError"):
        tiny.course.assignment("numbers")


def test_a_kept_skeleton_is_read_again_and_a_damaged_one_is_made_anew(tiny):
    first = tiny.assignment.skeleton("1_sums")
    (kept,) = (tiny.root / ".netgrader" / "skeletons").glob("1_sums-*.json")
    assert tiny.assignment.skeleton("1_sums") == first
    kept.write_text("{")
    assert tiny.assignment.skeleton("1_sums") == first
    assert kept.stat().st_size > 10


def test_evidence_is_taken_at_check_cells_and_at_given_cells_that_have_a_probe(tiny):
    probes = tiny.root / "source" / "numbers" / "checks" / "probes_sums.py"
    assert tiny.assignment.evidence_cells("1_sums") == ("check_add", "check_squares")
    probes.write_text(
        probes.read_text() + '\n\n@probe("setup")\ndef setup(student, out):\n    out.fact("here", True)\n'
    )
    assert tiny.assignment.evidence_cells("1_sums") == ("setup", "check_add", "check_squares")


def test_files_belong_to_the_notebook_that_their_names_say(tiny):
    tiny.write("source/numbers/checks/probes_sums_more.py", "")
    tiny.write("source/numbers/checks/test_sums_more_public.py", "")
    tiny.write("source/numbers/checks/probes_words.txt", "")
    files = tiny.assignment.files("1_sums")
    assert [path.name for path in files.probes] == ["probes_sums.py", "probes_sums_more.py"]
    assert [path.name for path in files.public_tests] == ["test_sums_more_public.py", "test_sums_public.py"]
    assert [path.name for path in files.hidden_tests] == ["test_sums.py"]
    (tiny.root / "source" / "numbers" / "3_sums_more.ipynb").write_text("{}")
    assert [path.name for path in tiny.assignment.files("1_sums").probes] == ["probes_sums.py"]


def test_given_modules_belong_to_the_notebooks_that_import_them(tiny):
    tiny.write("source/numbers/helpers.py", "def twice(x):\n    return 2 * x\n")
    path = tiny.root / "source" / "numbers" / "2_words.ipynb"
    path.write_text(path.read_text().replace("import string", "from helpers import twice"))
    assert [file.name for file in tiny.assignment.files("2_words").given] == ["helpers.py"]
    assert tiny.assignment.files("1_sums").given == ()


def test_imports_are_read_from_code_and_not_from_broken_code():
    assert imported_modules("import a.b as c, d\nfrom e.f import g\nfrom . import h") == {"a", "d", "e"}
    assert imported_modules("%matplotlib inline\nimport a") == {"a"}
    assert imported_modules("import a\ndef (") == frozenset()


def test_the_seed_of_grading_is_the_instructors(tiny):
    assert tiny.course.seed == 0
    tiny.write("grader_tests/seed.txt", "20201118\n")
    assert tiny.course.seed == 20201118
    tiny.write("grader_tests/seed.txt", "secret")
    with pytest.raises(UsageError, match=r"seed\.txt must hold a whole number"):
        tiny.course.seed  # noqa: B018


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("student/capture.py", True),
        ("judges/rows.py", True),
        ("fault_pages/not-scaled.md", True),
        ("grading/execute.py", True),
        ("pages/feedback_page.py", False),
        ("commands/grade.py", False),
    ],
)
def test_what_runs_and_judges_counts_for_the_hash_of_code_and_what_shows_does_not(name, counts):
    assert (PACKAGE / name).is_file()
    assert (f"netgrader/{name}" in package_files(SHOWING)) == counts


def test_a_changed_file_changes_the_hash_of_code(monkeypatch):
    files = {**package_files(SHOWING), **files_of(GRAPHREAD), **files_of(CAGE)}
    first = code_hash()
    for package in ("netgrader", "graphread", "notebook_cage"):
        changed = next(path for name, path in files.items() if name.startswith(f"{package}/") and path.suffix == ".py")
        monkeypatch.setattr(Path, "read_bytes", lambda path, one=changed: READ(path) + b"#" * (path == one))
        code_hash.cache_clear()
        assert code_hash() != first
    code_hash.cache_clear()


def test_probes_that_are_not_python_are_a_sentence_that_names_the_line(tiny):
    path = tiny.root / "source" / "numbers" / "checks" / "probes_sums.py"
    path.write_text("def probe(:\n")
    with pytest.raises(NetgraderError, match=r"probes_sums.py is not Python: line 1, .*Fix it"):
        tiny.assignment.evidence_cells("1_sums")


def test_cells_that_a_file_names_are_found_without_running_it(tmp_path):
    file = tmp_path / "probes_x.py"
    file.write_text(
        'raise SystemExit\nFIRST, SECOND = "check_a", "check_b"\nOTHER = FIRST\n'
        "@probe(OTHER)\ndef a(student, out): ...\n@probes.probe(SECOND)\ndef b(student, out): ...\n"
        '@probe("check_c")\ndef c(student, out): ...\n@probe(computed())\ndef d(student, out): ...\n'
        '@other("check_e")\ndef e(): ...\n'
        "@grades(FIRST)\ndef test_a(): ...\n"
    )
    assert cells_named(file, "probe") == {"check_a", "check_b", "check_c"}
    assert cells_named(file, "grades") == {"check_a"}
