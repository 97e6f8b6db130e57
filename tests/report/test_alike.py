"""Work that is alike where nobody else's is: told with its cells; what many wrote, or was given, is not."""

import json

import numpy as np
import pytest

from netgrader.commands.pages import report_for_class, report_on_class
from netgrader.pages.alike import WORDS_OF_ANSWER, alike, fingerprints, identical, same_runs
from tests.conftest import RIGHT

GIVEN = "import numpy as np\nimport tensorflow as tf\n"
COMMON = """
def prepare(x, y):
    x = x.reshape(len(x), -1) / 255.0
    return x.astype(np.float32), np.eye(10)[y]
"""


def own(seed: int, lines: int = 25) -> str:
    """A student's own code: nobody else's is like it."""
    draw = np.random.default_rng(seed)
    calls = ("tf.matmul", "tf.add", "tf.nn.relu", "tf.reshape", "tf.reduce_mean", "tf.multiply", "np.dot", "tf.concat")
    said = [
        f"a{draw.integers(10)} = {draw.choice(calls)}(b{draw.integers(10)}, {draw.random():.4f})" for _ in range(lines)
    ]
    return "\n".join(said)


def of_class(**more: dict[str, str]) -> dict[str, dict[str, str]]:
    each = {f"s{number}": {"prepare": COMMON, "network": own(number)} for number in range(10)}
    return {**each, **more}


def renamed(code: str) -> str:
    """The same code as somebody makes it look otherwise."""
    for number in range(10):
        code = code.replace(f"a{number}", f"weights_{number}").replace(f"b{number}", f"inputs_{number}")
    lines = [f"{line}  # step {number}" for number, line in enumerate(code.splitlines())]
    return "\n\n".join(lines).replace(", ", " ,  ")


def test_names_comments_and_blank_space_do_not_change_what_code_is_known_by():
    assert fingerprints(own(1)) == fingerprints(renamed(own(1)))
    assert fingerprints(own(1)) != fingerprints(own(2))
    assert fingerprints("x = 1") == frozenset()


@pytest.mark.parametrize("line", ["!echo it's", "!echo '''", "!: 0777", "%%time (", "x = !it's"])
def test_a_line_that_python_cannot_read_hides_nothing_below_it(line):
    assert fingerprints(own(1)) <= fingerprints(f"{line}\n{own(1)}")
    assert fingerprints(own(1)) <= fingerprints(f"{own(2)}\n{line}\n{own(1)}")


def test_a_copy_is_told_with_the_cell_that_it_is_in_and_independent_work_is_not():
    (found,) = alike(of_class(copy={"prepare": COMMON, "network": renamed(own(3))}), [GIVEN])
    assert (found.first, found.second, found.share, found.cells) == ("copy", "s3", 1.0, ("network",))
    assert alike(of_class()) == ()


def test_a_part_that_was_changed_lowers_the_share_and_half_of_it_is_told_no_more():
    lines = own(3, 40).splitlines()
    mostly = "\n".join([*lines[:36], own(77, 4)])
    (found,) = alike(of_class(s3={"network": "\n".join(lines)}, copy={"network": mostly}))
    assert 0.8 < found.share < 1
    half = "\n".join([*lines[:20], own(77, 20)])
    assert alike(of_class(s3={"network": "\n".join(lines)}, copy={"network": half})) == ()


def test_what_many_have_and_what_was_given_tells_nothing():
    shared = own(50)
    many = {f"m{number}": {"network": shared} for number in range(4)}
    assert alike(of_class(**many)) == ()
    two = {f"m{number}": {"network": shared} for number in range(2)}
    assert len(alike(of_class(**two))) == 1
    assert alike(of_class(**two), [shared]) == ()


def test_of_a_small_class_nothing_is_said():
    assert alike({f"s{number}": {"network": own(1)} for number in range(4)}) == ()


def test_of_a_cell_that_few_have_done_nothing_is_said_in_a_class_of_many_either():
    first = {f"early{number}": {"prepare": COMMON, "last": own(99)} for number in range(2)}
    assert alike(of_class(**first)) == ()
    others = {f"late{number}": {"last": own(200 + number)} for number in range(6)}
    assert [one.cells for one in alike(of_class(**first, **others))] == [("last",)]


ANSWER = "The weights of the first class look like the digit, since each pixel that speaks for it has a large weight."


def test_an_answer_that_is_the_same_letter_by_letter_is_told_in_a_class_of_any_size():
    work = {"ada": {"why": f"{ANSWER}\n"}, "bob": {"why": ANSWER}, "cleo": {"why": ANSWER.replace("large", "big")}}
    (found,) = identical(work, [], WORDS_OF_ANSWER)
    assert (found.first, found.second, found.cells, found.same) == ("ada", "bob", ("why",), True)
    assert identical(work, [ANSWER], WORDS_OF_ANSWER) == ()
    assert identical({"ada": {"why": "It is."}, "bob": {"why": "It is."}}, [], WORDS_OF_ANSWER) == ()
    assert identical({f"s{number}": {"why": ANSWER} for number in range(4)}, [], WORDS_OF_ANSWER) == ()


def test_a_run_that_two_share_is_told_by_its_notebook_and_what_many_share_or_hardly_wrote_is_not():
    work = {f"s{number}": {"one, network": own(1), "two, network": own(2, 3)} for number in range(5)}
    runs = {student: {"one": str(at // 2), "two": "same"} for at, student in enumerate(work)}
    found = [(one.first, one.second, one.cells, one.evidence) for one in same_runs(runs, work, [GIVEN])]
    assert found == [("s0", "s1", ("one",), True), ("s2", "s3", ("one",), True)]
    assert same_runs(runs, work, [own(1)]) == ()
    assert same_runs({student: {"one": "all"} for student in work}, work, []) == ()
    assert same_runs({student: {"one": ""} for student in ("s0", "s1")}, work, []) == ()


def test_code_that_does_not_parse_and_code_without_end_are_compared_as_far_as_they_go():
    broken = own(3) + "\nprint('no end\n)]"
    (found,) = alike(of_class(copy={"network": broken}))
    assert found.second == "s3"
    assert fingerprints("(" * 1_000_000) is not None
    assert len(fingerprints("\n".join(own(seed) for seed in range(500)))) < 100_000


def test_code_with_characters_that_are_none_is_compared_as_far_as_it_goes():
    strange = own(3) + "\nx = '\ud800'\n"
    (found,) = alike(of_class(copy={"network": strange}, nul={"network": "x = 1\0" * 100}))
    assert (found.first, found.second) == ("copy", "s3")


def test_the_report_tells_who_and_where_but_not_of_a_group_and_not_to_the_class(booked):
    works = {f"s{number}": own(number) for number in range(10)} | {"copy": renamed(own(3)), "mate": renamed(own(5))}
    for student, code in works.items():
        content = booked.filled(add=f"{RIGHT['add']}\n{code}")
        booked.submit(student, content=content)
        booked.write(f"autograded/{student}/numbers/1_sums.ipynb", json.dumps(content))
    booked.write("groups.toml", '[numbers]\nteam = ["mate", "s5"]\n')
    page = report_on_class(booked.assignment).read_text(encoding="utf-8")
    part = page.partition("Work that is alike")[2].partition("</dl>")[0]
    assert part.count("<dt>") == 1
    assert "copy" in part
    assert "s3" in part
    assert "100\xa0% of it is the same, most in 1_sums, add" in part
    assert "letter by letter" not in part
    assert "Work that is alike" not in report_for_class(booked.assignment).read_text(encoding="utf-8")
