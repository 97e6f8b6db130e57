"""Score what a tool says of the programs, with Python's standard library alone.

    python score.py PREDICTIONS.jsonl [--codes codes/TOOL.json] [--split test] [--api graph] [--json]

A prediction is a line ``{"id": …, "faults": [code or {"code": …, "place": {"lines": [first, last]}}, …]}``, for each program once;
``"error": "…"`` says that the tool could not read it. A program without a line counts as not read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

try:
    from load import HERE, Case, lines, load  # beside this file, wherever the folder lies
except ImportError:
    from research.benchmark.load import HERE, Case, lines, load

Prediction = Mapping[str, Any]
Codes = Mapping[str, Sequence[str]]


def predictions(path: Path, known: Sequence[Case]) -> dict[str, Prediction]:
    """Read predictions by the id of the program.

    Raises
    ------
    ValueError
        If a line is about no program of the benchmark, or about one for the second time.
    """
    ids = {case.id for case in known}
    found: dict[str, Prediction] = {}
    for line in lines(path):
        if line["id"] not in ids or line["id"] in found:
            raise ValueError(f"{path}: {line['id']!r} is {'there twice' if line['id'] in found else 'no program'}")
        found[line["id"]] = line
    return found


def catalogue(folder: Path = HERE) -> dict[str, Any]:
    """The mistakes of the benchmark by their codes."""
    return dict(json.loads((folder / "faults.json").read_text(encoding="utf-8")))


def claims(prediction: Prediction, codes: Codes, known: Mapping[str, Any]) -> list[tuple[frozenset[str], list[Any]]]:
    """What is claimed, each of the tool's codes once: the codes of the benchmark that it may mean, the lines that it points to.

    A code that the tool's file maps to nothing is no mistake in the sense of the benchmark, and is left out.

    Raises
    ------
    ValueError
        If a code stands neither in the tool's file nor in the catalogue.
    """
    meanings: dict[str, frozenset[str]] = {}
    places: dict[str, list[Any]] = {}
    for fault in prediction.get("faults", ()):
        code, place = (fault, None) if isinstance(fault, str) else (fault["code"], fault.get("place"))
        if code not in codes and code not in known:
            raise ValueError(
                f"{prediction['id']}: {code!r} is in no catalogue; map it with --codes, to [] if it is no mistake"
            )
        if meant := frozenset(codes.get(code, (code,))):
            meanings[code] = meant
            places.setdefault(code, []).extend([place["lines"]] if place and "lines" in place else [])
    return [(meant, places[code]) for code, meant in meanings.items()]


def score(
    cases: Sequence[Case], said: Mapping[str, Prediction], codes: Codes, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Count over some cases; `said` may hold further ones."""
    count: Counter[str] = Counter()
    by_fault: dict[str, Counter[str]] = {}
    for case in cases:
        prediction = said.get(case.id)
        read = prediction is not None and not prediction.get("error")
        found = claims(prediction, codes, known) if prediction is not None and read else []
        kind = "wrong" if case.causes else "right"
        count[kind] += 1
        count[f"{kind} not read"] += not read
        count[f"{kind} without a line"] += prediction is None
        count[f"{kind} named something"] += bool(found)
        for code in case.causes:
            hit = [places for meant, places in found if code in meant]
            each = by_fault.setdefault(code, Counter())
            for counter in (count, each):
                counter["mistakes"] += 1
                counter["mistakes read"] += read
                counter["found"] += bool(hit)
            fault = next(fault for fault in case.label["faults"] if fault["code"] == code)
            count["found, with lines"] += any(hit)
            count["found at the place"] += any(_meet(one, fault["place"]["lines"]) for places in hit for one in places)
        for meant, _ in found:
            if meant & case.causes:
                count["claims, mistakes"] += 1
            elif meant & case.follows:
                count["claims, consequences"] += 1
            else:
                count["claims, false"] += 1
                for code in sorted(meant):
                    by_fault.setdefault(code, Counter())["named falsely"] += 1
    return {
        "count": dict(count),
        "by_fault": {code: dict(by_fault[code]) for code in sorted(by_fault)},
        **_shares(count),
    }


def _meet(lines: Sequence[int], wanted: Sequence[Sequence[int]]) -> bool:
    return any(lines[0] <= last and first <= lines[-1] for first, last in wanted)


def _shares(count: Mapping[str, int]) -> dict[str, float | None]:
    def share(part: int, whole: int) -> float | None:
        return round(part / whole, 4) if whole else None

    read_right = count["right"] - count["right not read"]
    return {
        "recall": share(count["found"], count["mistakes"]),
        "recall of what was read": share(count["found"], count["mistakes read"]),
        "precision": share(count["claims, mistakes"], count["claims, mistakes"] + count["claims, false"]),
        "false alarms": share(count["right named something"], read_right),
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument(
        "--codes", type=Path, help='the tool\'s codes as ours: {"its code": ["ours, or any of several", …]}'
    )
    parser.add_argument("--split", choices=("dev", "test"))
    parser.add_argument("--api", choices=("graph", "keras"))
    parser.add_argument("--json", action="store_true", help="everything that was counted")
    arguments = parser.parse_args()
    codes = json.loads(arguments.codes.read_text(encoding="utf-8")) if arguments.codes else {}
    result = score(load(arguments.split, arguments.api), predictions(arguments.predictions, load()), codes, catalogue())
    if arguments.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return 0
    for name, value in {
        **result["count"],
        **{k: v for k, v in result.items() if k not in ("count", "by_fault")},
    }.items():
        sys.stdout.write(f"{name}: {value}\n")
    for code, each in result["by_fault"].items():
        found = f"{each.get('found', 0)} of {each.get('mistakes', 0)}"
        sys.stdout.write(f"{code}: {found}, named falsely {each.get('named falsely', 0)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
