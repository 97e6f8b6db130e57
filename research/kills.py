"""Kill ``netgrader autograde`` at random moments, let the next call finish, and compare with an undisturbed class.

A row of ``research/kills.csv`` for each series (`tests.commands.killing`). Resumable: each call adds the next ones.

    .venv/bin/python -m research.kills --kills 100
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.commands.killing import CLASS, copy_of, finished, series, template_class

ROWS = Path(__file__).with_suffix(".csv")
FIELDS = ("commit", "series", "during", "moments", "done_when_killed", "same", "differs")


def main() -> None:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kills", type=int, default=100, help="how many there shall be in the end, former calls' included"
    )
    wanted = parser.parse_args().kills
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROWS.parent, capture_output=True, text=True, check=True
    ).stdout.strip()
    rows = _rows()
    with tempfile.TemporaryDirectory(prefix="netgrader-kills-") as made:
        template = template_class(Path(made) / "template")
        undisturbed, seconds = finished(copy_of(template, Path(made) / "alone"))
        while _kills(rows) < wanted:
            number = len(rows) + 1
            folder = Path(made) / f"series{number}"
            kills, state = series(copy_of(template, folder), number, seconds / len(CLASS))
            row = {
                "commit": commit,
                "series": number,
                "during": " ".join(kill.during for kill in kills),
                "moments": " ".join(f"{kill.moment:.3f}" for kill in kills),
                "done_when_killed": " ".join(str(kill.done) for kill in kills),
                "same": "yes" if state == undisturbed else "no",
                "differs": " ".join(name for name in undisturbed if state.get(name) != undisturbed[name]),
            }
            _write(row)
            rows = _rows()
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            shutil.rmtree(folder)
    same = [row for row in rows if row["same"] == "yes"]
    sys.stdout.write(f"{_kills(rows)} kills in {len(rows)} series; {len(same)} ended as the undisturbed class did.\n")


def _kills(rows: list[dict[str, str]]) -> int:
    return sum(len(row["moments"].split()) for row in rows)


def _rows() -> list[dict[str, str]]:
    if not ROWS.is_file():
        return []
    with ROWS.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _write(row: dict[str, Any]) -> None:
    new = not ROWS.exists()
    with ROWS.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    main()
