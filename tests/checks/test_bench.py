"""What the tests of a notebook share: prepared images are judged, and reading is timed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import graphread
from netgrader.checks import context
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.language import Failed
from netgrader.evidence import EvidenceWriter, GraphEvidence
from netgrader.judges.arrays import require_images
from netgrader.student import load_mnist

CHECKS = Path(__file__).parents[2] / "source" / "digits" / "checks"


@pytest.fixture
def handed_over(tmp_path):
    """A bench with evidence of a cell, which a function writes."""

    def make(cell, write):
        (tmp_path / cell).mkdir()
        out = EvidenceWriter(tmp_path / cell, cell)
        write(out)
        out.close()
        return TestContext(tmp_path, load_exercises(CHECKS), lambda: SimpleNamespace(close=lambda: None))

    return make


def test_images_of_another_range_are_named(handed_over):
    (of_train, _), (of_test, _) = load_mnist()

    def write(out):
        out.array("x_train", of_train.reshape(-1, 784) / np.float32(255), ("x_train_2d", of_train))
        out.array("x_test", of_test.reshape(-1, 784) / np.float32(127.5), ("x_test_2d", of_test))

    bench = handed_over("check_prepare_data", write)
    with pytest.raises(Failed) as failed:
        require_images(bench, "test")
    assert [fault.code for fault in failed.value.faults] == ["scaled-on-one-side"]


def test_what_reading_took_is_added_up_whether_it_came_to_an_end_or_not(handed_over, monkeypatch):
    bench = handed_over("check_one_layer_network", lambda out: out.graph("net", GraphEvidence(b"", {})))
    clock = iter([1.0, 3.5, 10.0, 11.0])
    monkeypatch.setattr(context, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(graphread, "read_network", lambda *_, **__: "network")
    assert bench.network("check_one_layer_network") == "network"

    def broken(*_, **__):
        raise ValueError

    monkeypatch.setattr(graphread, "read_network", broken)
    with pytest.raises(ValueError):  # noqa: PT011  (that it comes through is all)
        bench.network("check_one_layer_network", rate=0.002)
    assert bench.reading_seconds == 3.5
