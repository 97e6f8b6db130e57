"""The table of threats names an existing test for each, each file of attacks has a threat, and the policy is short."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [field.strip() for field in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "reference" / "threats.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


def files_of(row: list[str]) -> list[Path]:
    """The test files that a row names; those without a folder are in this one."""
    names = re.findall(r"`([\w/-]+\.(?:py|toml))`", row[2])
    return [ROOT / name if "/" in name else Path(__file__).parent / name for name in names]


def test_each_threat_names_what_holds_it_off_and_a_test_that_is_there() -> None:
    assert len(ROWS) >= 25
    for row in ROWS:
        assert len(row) == 3, row
        assert row[1], row
        assert files_of(row), row
        assert all(path.is_file() for path in files_of(row)), row


def test_each_file_of_attacks_stands_behind_a_threat() -> None:
    named = {path.name for row in ROWS for path in files_of(row)}
    there = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}
    assert there <= named, there - named


def test_the_policy_and_the_threat_model_are_short() -> None:
    assert len((ROOT / "SECURITY.md").read_text(encoding="utf-8").split()) <= 400
    assert len((ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8").split()) <= 1400
