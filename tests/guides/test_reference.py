"""The pages of docs/reference agree with the code."""

import re

import msgspec
import pytest

from netgrader.checks.parameters import OF_CLASSES, OWN, PARAMETERS, CourseLimits, ExecutionLimits
from netgrader.course import STORE_VARIABLE
from netgrader.data import DataSpec
from netgrader.toml_tables import words_of
from tests.guides.reference import FOLDER, PAGES

PAGE = (FOLDER / "parameters.md").read_text(encoding="utf-8")


def allowed_in(kind):
    """Return what each value in a table must be, in words."""
    return {field.name: words_of(field.type) for field in msgspec.structs.fields(kind)}


RUN = allowed_in(ExecutionLimits)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_follows_from_the_code_is_what_make_reference_writes(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]()


def test_every_parameter_is_told_with_what_is_allowed():
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", PAGE)
    assert dict(told) == {name: words_of(kind) for name, kind in PARAMETERS.items()}


def test_every_limit_is_told_with_its_default():
    of_a_run = section("limits").partition("For all submissions of one student")[0]
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([\d,.]+) \| ([^|]+) \|$", of_a_run)
    limits = ExecutionLimits()
    assert {name: float(default.replace(",", "")) for name, default, _ in told} == {
        name: getattr(limits, name) for name in RUN
    }
    assert {name: allowed for name, _, allowed in told} == RUN


def test_every_limit_of_a_student_is_told_with_what_is_allowed():
    of_a_student = section("limits").partition("For all submissions of one student")[2]
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| [^|]+ \| ([^|]+) \|$", of_a_student)
    assert dict(told) == {name: words for name, words in allowed_in(CourseLimits).items() if name not in RUN}


def section(name):
    """Return what the page says under a heading."""
    return PAGE.partition(f"\n## [{name}]\n")[2].partition("\n## ")[0]


def test_every_kind_of_exercise_is_told_with_what_its_table_must_have():
    rows = re.findall(r"(?m)^\| `([\w-]+)` \| (.+) \|$", section("exercises"))
    assert {kind: set(re.findall(r"`(\w+)`", keys)) for kind, keys in rows} == {
        name: {field.name for field in msgspec.structs.fields(kind) if field.required}
        for name, kind in OF_CLASSES.items()
        if name != OWN
    }


def test_every_key_of_the_data_is_told():
    keys = [key for cell in re.findall(r"(?m)^\| (`.+?) \|", section("data")) for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(DataSpec.__struct_fields__)


def test_the_variable_of_the_store_is_told():
    assert f"| `{STORE_VARIABLE}` |" in (FOLDER / "settings.md").read_text(encoding="utf-8")
