"""Make the benchmark, let tools read it, write what came of it: ``python -m research.benchmark make | read | neuralint | report``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

from research.benchmark import measure
from research.benchmark.load import HERE, load
from research.benchmark.score import catalogue, score

PAGE = HERE / "results.md"
TOOLS = ("netgrader", "neuralint")
HEAD = """# What tools say of the benchmark

Written by `make benchmark-report` from `results/*.jsonl`. What the columns mean: [README](README.md#scoring). **Our own reader was developed on the
corpus that these programs were drawn from, those of `test` included: its figures say that labels and reader agree, and nothing of programs
that it has not seen** (those are in [benchmarks.md](../benchmarks.md) and [reader-public.md](../reader-public.md)).
"""


def page() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    cases = load()
    for tool in TOOLS:
        commits = Counter(row["commit"] for row in measure.rows(tool).values())
        yield f"- {tool}: {len(measure.rows(tool))} of {len(cases)} programs, at {', '.join(f'{c} ({n})' for c, n in commits.most_common()) or 'no commit yet'}"
    yield "\n| tool | programs | not read | mistakes found | of those in programs that it read | precision | right programs accused, of those read |"
    yield "|---|---|---|---|---|---|---|"
    whole = {}
    for tool in TOOLS:
        said, codes = measure.rows(tool), measure.codes(tool)
        for title, part in (
            ("dev", {"split": "dev"}),
            ("test", {"split": "test"}),
            ("graphs", {"api": "graph"}),
            ("Keras", {"api": "keras"}),
        ):
            yield _line(tool, title, score(load(**part), said, codes, catalogue()))
        known = catalogue()
        plain = [case for case in cases if not any(known[code]["task"] for code in case.causes)]
        yield _line(tool, "without mistakes against the task alone", score(plain, said, codes, known))
        whole[tool] = score(cases, said, codes, known)
        yield _line(tool, "**all**", whole[tool])
    yield "\n## By mistake\n\n*Found* of the mistakes of a code, in parentheses those that are in no program that the tool read; then how often it named the code falsely.\n"
    yield "| code | " + " | ".join(TOOLS) + " |\n|---" + "|---" * len(TOOLS) + "|"
    for code in sorted({code for result in whole.values() for code in result["by_fault"]}):
        yield f"| {code} | " + " | ".join(_cell(whole[tool]["by_fault"].get(code, {})) for tool in TOOLS) + " |"


def _line(tool: str, title: str, result: dict[str, Any]) -> str:
    count = Counter(result["count"])
    unread = f"{count['right not read'] + count['wrong not read']} of {count['right'] + count['wrong']}"
    return (
        f"| {tool} | {title} | {unread} | {count['found']} of {count['mistakes']} ({_percent(result['recall'])}) "
        f"| {_percent(result['recall of what was read'])} | {_percent(result['precision'])} "
        f"| {count['right named something']} of {count['right'] - count['right not read']} |"
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _cell(each: dict[str, int]) -> str:
    unread = each.get("mistakes", 0) - each.get("mistakes read", 0)
    found = f"{each.get('found', 0)} of {each.get('mistakes', 0)}" + (f" ({unread})" if unread else "")
    return found + (f", falsely {each['named falsely']}" if each.get("named falsely") else "")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m research.benchmark", description=__doc__)
    parser.add_argument("what", choices=("make", "read", "neuralint", "report"))
    parser.add_argument("folder", type=Path, nargs="?", help="neuralint: the folder that holds the clone NeuraLint")
    parser.add_argument("--api", choices=("graph", "keras"), help="read: these alone")
    parser.add_argument("--minutes", type=float, default=1e9, help="make, read: begin nothing new after so many")
    arguments = parser.parse_args()
    if arguments.what == "make":
        from research.benchmark import make

        make.main(arguments.minutes)
    elif arguments.what == "read":
        measure.read(arguments.api, arguments.minutes)
    elif arguments.what == "neuralint":
        measure.neuralint(arguments.folder.resolve())
    else:
        PAGE.write_text("\n".join(page()) + "\n", encoding="utf-8")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
