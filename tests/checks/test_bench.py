"""Shared objects of a notebook's tests: reading is timed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import graphread
from netgrader.checks import context
from netgrader.checks.context import TestContext
from netgrader.evidence import EvidenceWriter, GraphEvidence
from tests.datasets import EXERCISES


def test_what_reading_took_is_added_up_whether_it_came_to_an_end_or_not(tmp_path, monkeypatch):
    (tmp_path / "check_one_layer_network").mkdir()
    out = EvidenceWriter(tmp_path / "check_one_layer_network", "check_one_layer_network")
    out.graph("net", GraphEvidence(b"", {}))
    out.close()
    bench = TestContext(tmp_path, EXERCISES, lambda: SimpleNamespace(close=lambda: None))
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
