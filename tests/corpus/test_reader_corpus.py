"""The reader on a fixed sample of the corpus; `make reader-report` reads all of it."""

from __future__ import annotations

import json

import pytest

from tests.corpus.sample import FAULTY, MODELS, RIGHT, UNCONFIRMED
from tests.processes import run_program

STATIC_VERDICTS_ALLOWED = {"right", "undecided", "missed", "partly"}


@pytest.fixture(scope="module")
def found(asked):
    """What the reader said of what is asked for of the sample: graphs in one process, models in another, since they run eagerly."""
    said = {}
    for names in ([one for one in asked("name") if one not in MODELS], [one for one in asked("name") if one in MODELS]):
        if names:
            said |= json.loads(run_program("tests.corpus", "sample", *names, seconds=600).printed)
    return said


@pytest.mark.parametrize("name", [*RIGHT, *FAULTY])
def test_a_product_is_what_its_label_says_by_a_reference_in_numpy(found, name):
    assert found[name]["state"] == "good", found[name]["problems"]


@pytest.mark.parametrize("name", UNCONFIRMED)
def test_a_label_is_not_confirmed_where_the_change_took_nothing_away(found, name):
    assert found[name]["state"] == "mislabelled"


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_network_is_accepted_however_it_is_written(found, name):
    row = found[name]["lab"]
    assert row["problem"] == ""
    assert row["faults"] == []


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_named_with_its_code_and_no_other(found, name):
    row = found[name]["lab"]
    assert row["verdict"] == "right", f"wanted {found[name]['codes']}, said {row['faults']} {row['problem']}"


@pytest.mark.parametrize("name", [*RIGHT, *FAULTY])
def test_without_a_lab_what_cannot_be_told_is_undecided_and_never_a_false_fault(found, name):
    row = found[name]["static"]
    assert row["verdict"] in STATIC_VERDICTS_ALLOWED, f"said {row['faults']} {row['problem']}"


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_read_as_what_it_is_by_the_names_of_its_layers(found, name):
    assert found[name]["state"] == "good", found[name]["problems"]
    row = found[name]["lab"]
    assert row["verdict"] == "right", f"wanted {found[name]['codes']}, said {row['faults']} {row['problem']}"
    assert tuple(row["places"]) == MODELS[name]
    assert found[name]["static"]["verdict"] in STATIC_VERDICTS_ALLOWED
