"""No network of the study that never saw a test image is accused, and the page says what the rows say."""

from pathlib import Path

import pytest

from studies.clean_report import by_heart, rows
from studies.kinds_of_networks import CLEAN, GUILTY

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "clean.md").read_text(encoding="utf-8")
ROWS = rows()


@pytest.mark.parametrize("row", [row for row in ROWS if row["network"] in CLEAN], ids=lambda row: row["network"])
def test_a_network_that_never_saw_a_test_image_is_not_accused_and_loses_nothing(row):
    assert (row["accused"], row["charged"]) == ("no", "")


def test_of_those_that_learned_test_images_by_heart_some_are_found():
    found = {row["network"] for row in ROWS if row["accused"] == "yes"}
    assert found <= set(GUILTY)
    assert "whole test set, long" in found
    assert min(by_heart(row) for row in ROWS if row["network"] in found) >= 15


def test_the_page_counts_the_networks_of_the_rows():
    clean, guilty = (sum(row["network"] in kind for row in ROWS) for kind in (CLEAN, GUILTY))
    assert f"- Of {clean} clean networks (of {len(CLEAN)} planned) **0 are accused**, and 0 lose points" in PAGE
    assert f"- Of {guilty} that were trained on test images" in PAGE
