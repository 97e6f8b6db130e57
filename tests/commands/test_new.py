"""`netgrader new` creates a course from any data in which everything works at once."""

import io
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netgrader.checks.exercises import load_exercises
from netgrader.commands.release import release
from netgrader.course import Course
from netgrader.data import load_data
from netgrader.errors import NetgraderError, UsageError
from netgrader.new_course import NewAssignment, make_assignment, make_config
from netgrader.new_course.datasets import read_data

SHAPES = ("frame", "corner", "diagonal")
SIDE = 16
ABOUT_NOTHING = "Say what the course is about: --from digits, or --data FILE."
ROOT = Path(__file__).resolve().parents[2]


def shape(kind, rng):
    """Draw a noisy frame, corner or diagonal of some size somewhere: uint8 (16, 16)."""
    image = np.zeros((SIDE, SIDE))
    size = rng.integers(4, 9)
    x, y = rng.integers(0, SIDE - size, 2)
    part = image[x : x + size, y : y + size]
    if kind == 0:
        part[:] = 1
        part[1:-1, 1:-1] = 0
    elif kind == 1:
        part[:, 0] = part[0] = 1
    else:
        np.fill_diagonal(part, 1)
    return np.clip(200 * image + rng.normal(20, 10, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """A file of 2,500 images and their labels, not split."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, len(SHAPES), 2500)
    file = tmp_path_factory.mktemp("given") / "shapes.npz"
    np.savez(file, x=np.stack([shape(kind, rng) for kind in labels]), y=labels)
    return file


@pytest.mark.slow
def test_what_the_guide_types_makes_a_course_that_grades_its_right_and_its_wrong_submission(
    netgrader, shapes, tmp_path
):
    guide = (ROOT / "docs" / "guides" / "your-own-course.md").read_text(encoding="utf-8")
    typed = [shlex.split(line) for line in re.findall(r"(?m)^\$ netgrader (.*)$", guide)]
    assert [command[0] for command in typed] == ["new", "release", "autograde", "feedback", "report", "new"]
    shutil.copy(shapes, tmp_path / "flowers.npz")
    root, said = tmp_path / "flowers", {}
    for command in typed[:5]:
        process = netgrader(*command, cwd=root if root.exists() else tmp_path, seconds=600)
        assert process.returncode == 0, process.stdout + process.stderr
        said[command[0]] = process.stdout
    assert {"1_flowers.ipynb", "flowers.npz", "checks"} <= {
        path.name for path in (root / "release" / "flowers").iterdir()
    }
    assert "right 1_flowers: 12 of 12" in said["autograde"]
    assert "softmax-before-loss" in said["autograde"]
    page = (root / "feedback" / "right" / "flowers" / "1_flowers.html").read_text(encoding="utf-8")
    assert "digit" not in page
    assert "tulip" in page
    shutil.copy(shapes, root / "fruit.npz")
    added = netgrader(*typed[5], cwd=root)
    assert added.returncode == 0, added.stderr
    assert Course(root).assignments == ("flowers", "fruit")


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    """A file of 2,500 rows of six numbers and a price for each, not split."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2500, 6)) * [1, 20, 3, 1, 1, 5] + [0, 100, 0, 5, 0, 0]
    y = 40 + 8 * np.tanh(x[:, 0]) + 0.3 * np.maximum(x[:, 1] - 100, 0) + 2 * rng.normal(size=2500)
    file = tmp_path_factory.mktemp("given") / "prices.npz"
    np.savez(file, x=x, y=y)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("about", [("--target", "3", "--unit", "k€"), ("--target", "0.85", "--one-output")])
def test_a_course_of_numbers_or_of_one_output_is_released_as_it_is_made(netgrader, prices, tmp_path, about):
    with np.load(prices) as given:
        targets = (given["y"] > 40).astype(int) if "--one-output" in about else given["y"]
        np.savez(tmp_path / "given.npz", x=given["x"], y=targets)
    made = netgrader("new", "course", "--data", "given.npz", "--called", "price", *about, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    process = netgrader("release", cwd=tmp_path / "course", seconds=900)
    assert process.returncode == 0, process.stdout + process.stderr
    assert list((tmp_path / "course" / "release").glob("*/1_*.ipynb"))


def test_numbers_are_read_with_their_unit_and_an_error_that_anybody_reaches_is_refused(prices, tmp_path):
    make_config(tmp_path)
    wanted = NewAssignment("prices", prices, "price", target=1.2, unit="k€")
    make_assignment(tmp_path, wanted)
    tables = load_exercises(tmp_path / "source" / "prices" / "checks")
    data = tables.data
    assert (data.is_regression, data.unit, data.scaling, data.shape) == (True, "k€", "standard", (6,))
    assert tables.of_kind("training-loop") == "train"
    skeleton = Course(tmp_path).own_assignments[0].skeleton("1_prices")
    assert sum(cell.points for cell in skeleton.graded) == 12
    asked = tables.network("network")
    assert (asked.outputs, asked.loss) == (1, None)
    assert asked.targets[0] < 40 < asked.targets[1]
    with pytest.raises(UsageError, match="who always answers the same is off by"):
        make_assignment(tmp_path / "other", replace(wanted, target=9.0))


def test_another_assignment_stands_beside_the_first(shapes, tmp_path):
    make_config(tmp_path)
    for name in ("first", "second"):
        make_assignment(tmp_path, NewAssignment(name, shapes, "shape", SHAPES, 0.85))
    course = Course(tmp_path)
    assert [one.name for one in course.own_assignments] == ["first", "second"]
    for one in course.own_assignments:
        files = one.files(f"1_{one.name}")
        assert len(files.probes) == len(files.public_tests) == len(files.hidden_tests) == 1
        spec = load_exercises(files.exercises, one.exercise_names).data
        assert (spec.classes, spec.shape, spec.name(2), spec.called) == (3, (SIDE, SIDE), "diagonal", "shape")
        assert sum(cell.points for cell in one.skeleton(f"1_{one.name}").graded) == 12
    with pytest.raises(UsageError, match=r"exists\. Choose another name"):
        make_assignment(tmp_path, NewAssignment("first", shapes, "shape", SHAPES, 0.85))


def test_a_low_target_lowers_what_counts_as_nothing(shapes, tmp_path):
    make_config(tmp_path)
    make_assignment(tmp_path, NewAssignment("low", shapes, "shape", SHAPES, 0.45))
    tables = load_exercises(tmp_path / "source" / "low" / "checks")
    assert 0.34 < tables.data.nothing_for < tables.table("training")["least_accuracy"] < 0.45
    with pytest.raises(UsageError, match=r"With 3 classes the target must be between 0\.40 and 1"):
        make_assignment(tmp_path, NewAssignment("guessed", shapes, "shape", SHAPES, 0.3))


def split(*rows):
    """Return arrays of so many rows."""
    names = ("x_train", "y_train", "x_test", "y_test")
    return {name: np.zeros((n, 4) if name[0] == "x" else n) for name, n in zip(names, rows, strict=True)}


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"a": np.zeros(3)}, "Give an .npz with x_train"),
        ({"x": np.zeros((9, 4)), "y": np.zeros(8)}, "one target for each input"),
        ({"x": np.array([{}], dtype=object), "y": np.array([0])}, "Python objects are not read"),
        ({"x": np.full((9, 4), np.nan), "y": np.zeros(9)}, "not finite"),
        ({"x": np.array([["a"] * 3] * 9), "y": np.zeros(9)}, "must be numbers .*, not <U1 and float64"),
        ({"x": np.zeros((30, 4)), "y": np.zeros(30, int)}, "classes must be"),
        ({"x": np.zeros((6, 4)), "y": np.arange(6) % 2}, "has 5 rows to train on and 1 to test on"),
        (split(9, 8, 8, 9), "one target for each input"),
        ({"x": np.zeros((9, 4)), "y": np.arange(9) > 3}, "the targets numbers or words, not float64 and bool"),
        (split(9, 9, 9, 9) | {"x_test": np.zeros((9, 5))}, "cannot be read"),
    ],
)
def test_data_that_cannot_be_read_are_refused_with_what_they_must_be(tmp_path, arrays, told):
    np.savez(tmp_path / "given.npz", **arrays)
    with pytest.raises(UsageError, match=told):
        read_data(tmp_path / "given.npz")


RNG = np.random.default_rng(2)


@pytest.mark.parametrize(
    ("x", "y", "about"),
    [
        (RNG.normal(size=(40, 3)), np.arange(40) % 2, ((3,), "standard", 2, ())),
        (RNG.normal(size=(40, 3)), np.array(["b", "a"] * 20), ((3,), "standard", 2, ("a", "b"))),
        (RNG.normal(size=(40, 3)), np.arange(40), ((3,), "standard", 0, ())),
        (RNG.normal(size=(40, 3)), RNG.normal(size=(40, 1)), ((3,), "standard", 0, ())),
        (RNG.normal(size=(40, 6, 2)), np.arange(40) % 3, ((6, 2), "standard", 3, ())),
        (RNG.integers(0, 256, (40, 5, 6, 3)).astype(np.uint8), np.arange(40) % 2, ((5, 6, 3), "largest", 2, ())),
        (RNG.integers(0, 256, (40, 5, 6)).astype(np.uint8), RNG.normal(size=40), ((5, 6), "largest", 0, ())),
    ],
    ids=["classes", "words", "many whole", "numbers", "sequences", "colours", "numbers of images"],
)
@pytest.mark.parametrize("form", ["whole", "split"])
def test_arrays_of_all_kinds_are_read_whole_or_split(tmp_path, x, y, about, form):
    given = tmp_path / "d.npz"
    split = {"x_train": x[:32], "y_train": y[:32], "x_test": x[32:], "y_test": y[32:]}
    np.savez(given, **({"x": x, "y": y} if form == "whole" else split))
    spec, content = read_data(given)
    assert (spec.shape, spec.scaling, spec.classes, spec.names) == about
    (tmp_path / "made.npz").write_bytes(content)
    (x_train, y_train), (x_test, y_test) = load_data(spec, tmp_path / "made.npz")
    assert (len(x_train), len(x_test)) == (32, 8)
    held = {
        (row.tobytes(), spec.name(int(one)) if spec.classes else float(one))
        for row, one in zip([*x_train, *x_test], [*y_train, *y_test], strict=True)
    }
    counts = np.bincount(np.searchsorted(np.unique(y), y[:, 0] if y.ndim > 1 else y))
    held_back = (
        np.bincount(y_test.astype(int), minlength=len(counts)) if form == "whole" and spec.classes else counts // 5
    )
    assert np.abs(held_back - counts / 5).max() < 1
    told = [str(one) if spec.classes else float(np.float32(one)) for one in y.reshape(-1)]
    assert held == {(row.tobytes(), one) for row, one in zip(x.astype(x_train.dtype), told, strict=True)}
    assert read_data(given) == (spec, content)


TABLE = "size;rooms;price\n" + "\n".join(f"{40 + n};{n % 5};{100.5 + 3 * n}" for n in range(40)) + "\n"


def test_a_table_is_read_with_its_target_column(tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("\ufeff" + TABLE, encoding="utf-8")
    spec, content = read_data(file, target_column="price", unit="k€")
    assert (spec.is_regression, spec.called, spec.unit, spec.shape) == (True, "price", "k€", (2,))
    with np.load(io.BytesIO(content)) as made:
        assert np.allclose(made["y_train"], 100.5 + 3 * (made["x_train"][:, 0] - 40))
    by_rooms, _ = read_data(file, target_column="rooms")
    assert (by_rooms.classes, by_rooms.called, by_rooms.shape) == (5, "rooms", (2,))
    assert (spec.columns, by_rooms.columns) == (("size", "rooms"), ("size", "price"))


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        (TABLE, None, "--target-column must name .* there are size, rooms, price"),
        (TABLE.replace(";1;", ";one;"), "price", "numbers in all columns .*'one'"),
        (TABLE.replace(";1;", ";;"), "price", "numbers in all columns .*Fill in or leave out rows with gaps"),
        (TABLE.replace("41;", "41,5;"), "price", "numbers in all columns .*'41,5'"),
        (TABLE.replace("41;", "1e39;"), "price", "not finite in single precision"),
        (TABLE.replace("100.5", ""), "price", "a row has no target"),
        (TABLE.replace("41;", "41;7;"), "price", "cannot read .*houses.csv as a table.* 3 to 4 at row 3"),
        (TABLE.replace("rooms", "price"), "price", "there are size, price, price"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_column_and_what_was_found(tmp_path, text, column, told):
    file = tmp_path / "houses.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        read_data(file, target_column=column)


def test_a_course_about_nothing_is_refused(netgrader, tmp_path):
    said = netgrader("new", tmp_path / "empty")
    assert (said.returncode, said.stderr) == (2, f"netgrader: {ABOUT_NOTHING}\n")
    assert not (tmp_path / "empty").exists()


def test_what_does_not_go_together_is_refused(tmp_path, shapes):
    file = tmp_path / "houses.csv"
    file.write_text(TABLE, encoding="utf-8")
    for wrong, told in (
        ({"target_column": "rooms", "unit": "k€"}, "unit must be left out"),
        ({"target_column": "price", "names": ("a", "b")}, "names must have 0 different names"),
        ({"target_column": "rooms", "names": ("a", "b")}, "names must have 5 different names"),
    ):
        with pytest.raises(UsageError, match=told):
            read_data(file, **wrong)
    with pytest.raises(UsageError, match=r"--target-column names a column of a \.csv"):
        read_data(shapes, target_column="labels")


def test_a_file_of_another_kind_is_refused_with_what_to_give_and_no_error_of_numpys(tmp_path):
    (tmp_path / "given.json").write_bytes(b'{"x": []}')
    with pytest.raises(UsageError, match=r"given\.json cannot be read\. Give an \.npz with x_train"):
        read_data(tmp_path / "given.json")


@pytest.mark.parametrize(
    ("called", "names", "told"),
    [
        ("rose/tulip", SHAPES, "called must be up to 40 letters"),
        ("shape", ("frame", "corner"), "names must have 3 different names"),
    ],
)
def test_what_cannot_be_said_of_data_is_refused_and_nothing_is_written(shapes, tmp_path, called, names, told):
    with pytest.raises(UsageError, match=told):
        make_assignment(tmp_path / "course", NewAssignment("first", shapes, called, names, 0.85))
    assert not (tmp_path / "course").exists()


def test_a_release_is_refused_that_would_leave_a_file_out(shapes, tmp_path):
    make_config(tmp_path)
    make_assignment(tmp_path, NewAssignment("first", shapes, "shape", SHAPES, 0.85))
    checks, hidden = tmp_path / "source" / "first" / "checks", tmp_path / "grader_tests"
    for path in (checks / "probes_sweep.py", checks / "test_sweep_public.py", hidden / "test_sweep.py"):
        path.write_text('"""Called like no notebook."""\n', encoding="utf-8")
    assignment = Course(tmp_path).own_assignment("first", "nbgrader generate_assignment")
    with pytest.raises(NetgraderError) as caught:
        release(assignment)
    told = str(caught.value)
    assert told.count("is read by nobody") == 3
    assert "probes_first[_…].py" in told
    assert "test_first[_…]_public.py" in told
    assert "test_first[_…].py" in told


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (
            "source/first/checks/probes_first.py",
            ("def network(", "def network)("),
            r"probes_first\.py is not Python: line \d+",
        ),
        ("grader_tests/test_first.py", ("def test_", "def (test_"), r"test_first\.py is not Python: line \d+"),
        (
            "grader_tests/test_first.py",
            ('"check_accuracy"', '"check_accurac"'),
            "not a check cell of 1_first; is it check_accuracy?",
        ),
        ("source/first/checks/probes_first.py", ('@probe("check_accuracy")', ""), "no probe takes its evidence"),
        (
            "source/first/1_first.ipynb",
            ('"check_accuracy"', '"check_reached"'),
            "check_reached is worth points, but no test",
        ),
    ],
)
def test_a_release_that_cannot_work_is_refused_with_what_to_mend(shapes, tmp_path, file, change, told):
    make_config(tmp_path)
    make_assignment(tmp_path, NewAssignment("first", shapes, "shape", SHAPES, 0.85))
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / file).write_text(text.replace(*change), encoding="utf-8")
    assignment = Course(tmp_path).own_assignment("first", "nbgrader generate_assignment")
    with pytest.raises(NetgraderError, match=told.replace("?", "[?]")):
        release(assignment)
    assert not (tmp_path / "release" / "first").exists()


def test_a_course_inside_of_another_is_told_to_be_named_and_nothing_goes_into_the_other(netgrader, shapes, tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    (tmp_path / "source").mkdir()
    given = ("--data", shapes, "--called", "shape", "--target", "0.85")
    inner = tmp_path / "inner"
    made = netgrader("new", inner, *given, cwd=tmp_path)
    assert f"export NETGRADER_COURSE={inner}" in made.stdout
    process = netgrader("new", ".", "--assignment", "more", *given, cwd=inner)
    assert process.returncode == 2
    assert f"export NETGRADER_COURSE={inner}" in process.stderr
    assert not [*tmp_path.glob("source/*"), *inner.glob("source/more")]
    added = netgrader("new", ".", "--assignment", "more", *given, cwd=inner, NETGRADER_COURSE=str(inner))
    assert added.returncode == 0
    assert "  netgrader release --assignment more\n" in added.stdout
    assert (inner / "source" / "more").is_dir()
    assert ["know this course as 'inner'" in one.stdout for one in (made, added)] == [True, False]
