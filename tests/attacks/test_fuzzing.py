"""A short run of the fuzzer, and properties of the untrusted-input readers; ``make fuzz MINUTES=n`` runs longer."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netgrader.evidence import read_npy
from notebook_cage import require_self_tests
from tests.attacks.fuzzing import TARGETS, fuzz
from tests.attacks.whole_road import build_road, change

INPUTS = {"arrays": 3_000, "evidence": 150, "graphs": 150, "allow-list": 150, "notebooks": 25, "archives": 150}
QUICK = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_refuses_what_it_cannot_read_and_does_nothing_else(name: str) -> None:
    report = fuzz(TARGETS[name], range(INPUTS[name]))
    assert report.tried == INPUTS[name]
    assert not report.wrong, next(iter(report.wrong.items()))


def test_whole_roads_end_in_a_mark_or_a_sentence(tmp_path) -> None:
    require_self_tests()
    road = build_road(tmp_path)
    for seed in range(6):
        random = Random(seed)  # noqa: S311
        road.walk(change(road.good, random), tmp_path, random)


FOUND = {"graphs": (2454, 11860), "archives": (7488,)}  # seeds that went wrong once


@pytest.mark.parametrize("name", FOUND)
def test_what_the_fuzzer_found_stays_mended(name: str) -> None:
    for seed in FOUND[name]:
        report = fuzz(TARGETS[name], range(seed, seed + 1))
        assert not report.wrong, report.wrong


@QUICK
@given(st.sampled_from(["<f4", ">f8", "|u1", "|b1", "<i8"]), st.lists(st.integers(0, 5), max_size=4), st.booleans())
def test_what_numpy_writes_is_read(kind: str, shape: list[int], fortran: bool) -> None:
    import io

    array = np.arange(int(np.prod(shape))).reshape(shape).astype(kind)
    array = np.asfortranarray(array) if fortran else array
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    found = read_npy(stream.getvalue())
    assert np.array_equal(found, array)
    assert found.dtype.isnative
