"""The pages of docs/reference say what the code has."""

import re

import pytest

from netgrader.checks.parameters import KINDS, LIMITS, NEEDED, STUDENT_LIMITS
from netgrader.course import STORE_VARIABLE
from netgrader.data import DataSpec
from netgrader.grading.execution import ExecutionLimits
from tests.guides.reference import FOLDER, PAGES, type_in_words

PARAMETERS = (FOLDER / "parameters.md").read_text(encoding="utf-8")


def allowed_by(kinds):
    """Return what each value must be, in words."""
    return {name: next(one.description for one in kind.__metadata__ if one.description) for name, kind in kinds.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_follows_from_the_code_is_what_make_reference_writes(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["string", "null"]}, "string or null"),
        ({"enum": ["yes", None]}, "`yes`, null"),
        ({"type": "array", "items": {"$ref": "#/$defs/code"}}, "list: code"),
        ({"type": "array", "items": {"type": "string"}}, "list: string"),
    ],
)
def test_a_type_of_the_schema_is_told_in_words(schema, words):
    assert type_in_words(schema) == words


def test_every_parameter_is_told_with_what_is_allowed():
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", PARAMETERS)
    assert dict(told) == allowed_by(KINDS)


def test_every_limit_is_told_with_its_default():
    of_a_run = section("limits").partition("Of all that one student hands in")[0]
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([\d,.]+) \| ([^|]+) \|$", of_a_run)
    limits = ExecutionLimits()
    assert {name: float(default.replace(",", "")) for name, default, _ in told} == {
        name: getattr(limits, name) for name in LIMITS
    }
    assert {name: allowed for name, _, allowed in told} == allowed_by(LIMITS)


def test_every_limit_of_a_student_is_told_with_what_is_allowed():
    of_a_student = section("limits").partition("Of all that one student hands in")[2]
    told = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| [^|]+ \| ([^|]+) \|$", of_a_student)
    assert dict(told) == allowed_by(STUDENT_LIMITS)


def section(name):
    """Return what the page says under a heading."""
    return PARAMETERS.partition(f"\n## [{name}]\n")[2].partition("\n## ")[0]


def test_every_kind_of_exercise_is_told_with_what_its_table_must_have():
    rows = re.findall(r"(?m)^\| `([\w-]+)` \| (.+) \|$", section("exercises"))
    assert {kind: tuple(re.findall(r"`(\w+)`", keys)) for kind, keys in rows} == dict(NEEDED)


def test_every_key_of_the_data_is_told():
    keys = [key for cell in re.findall(r"(?m)^\| (`.+?) \|", section("data")) for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(DataSpec.__struct_fields__)


def test_the_variable_of_the_store_is_told():
    assert f"| `{STORE_VARIABLE}` |" in (FOLDER / "settings.md").read_text(encoding="utf-8")
