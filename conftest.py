"""Select the tests of each level, in all packages: see tests/levels.toml."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
LEVELS = tomllib.loads((ROOT / "tests" / "levels.toml").read_text(encoding="utf-8"))


def pytest_configure(config: pytest.Config) -> None:
    """Check that the files in the levels exist; block TensorFlow in quick tests."""
    for name in (*LEVELS["quick"], *LEVELS["root"], *LEVELS["all"], *LEVELS["sampled"]):
        if not (ROOT / name.partition("::")[0]).exists():
            raise pytest.UsageError(f"tests/levels.toml names {name}, which is not there.")
    if config.option.markexpr == "quick":
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as in netgrader.cli


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether to skip a file or folder that has no selected tests, or only tests that require root."""
    name = str(collection_path.relative_to(ROOT))
    if collection_path.is_file() and config.option.markexpr == "quick":
        return name not in LEVELS["quick"]
    if config.option.markexpr == "not all" and name in LEVELS["all"]:
        return True
    return True if name in LEVELS["root"] and os.geteuid() != 0 else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its level; run files with slow tests first, so that they do not delay the end."""
    cases: dict[tuple[Path, str, int], list[pytest.Item]] = {}
    for item in items:
        path, test = item.path.relative_to(ROOT), item.name.partition("[")[0]
        names = {str(path), *map(str, path.parents), f"{path}::{test}", f"{path}::{item.name}"}
        if names & set(LEVELS["quick"]):
            item.add_marker(pytest.mark.quick)
        if names & LEVELS["all"].keys():
            item.add_marker(pytest.mark.all)
        most = LEVELS["sampled"].get(f"{path}::{test}", LEVELS["sampled"].get(str(path)))
        if most is not None:
            cases.setdefault((path, test, most), []).append(item)
    for (_, _, most), of_one_test in cases.items():
        count = len(of_one_test)
        chosen = {number * count // most for number in range(most)} if count > most else set(range(count))
        for number, item in enumerate(of_one_test):
            if number not in chosen:
                item.add_marker(pytest.mark.all)
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
