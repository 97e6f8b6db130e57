"""Read products, and store the reader's results with the measured commit."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from netgrader import read_network
from netgrader.course_reader import exercise_named

from .eager import EXERCISES, examples
from .products import CACHE, Entry, named, thing

__all__ = ["Row", "commit", "export", "keep", "read", "reader_hash", "rows", "verdict"]

ROOT = Path(__file__).parents[2]
KEPT = {
    track: ROOT / "evaluation" / f"reader_corpus{ending}.jsonl"
    for track, ending in (("graphs", ""), ("keras", "_keras"))
}
JUDGED = ("right", "verdict")
"""What the repository's rows have besides: whether the product is a right network, and what the row comes to."""
READER = (
    "packages/graphread/src/graphread",
    "packages/netgrader/src/netgrader/course_reader.py",
    "packages/netgrader/src/netgrader/faults.py",
)


@dataclass(frozen=True)
class Row:
    """What the reader said of one product.

    `reader` is the hash of the reader's sources, `commit` the commit they were read at (with a + where they were changed
    since), `mode` is ``lab`` or ``static``, `seconds` are of processor time, `places` is where its faults are said to be, in the
    words of the author of a model.
    """

    name: str
    digest: str
    mode: str
    reader: str
    commit: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...]
    undecided: tuple[str, ...]
    problem: str
    seconds: float
    places: tuple[str, ...] = ()


@cache
def reader_hash() -> str:
    """Hash of the reader's sources."""
    content = hashlib.sha256()
    for part in READER:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            content.update(file.relative_to(ROOT).as_posix().encode())
            content.update(file.read_bytes())
    return content.hexdigest()[:16]


@cache
def commit() -> str:
    """The commit that is checked out, with a + where the reader's sources differ from it."""
    head = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", *READER], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def read(entry: Entry, lab: Any, mode: str) -> Row:
    """Read one product. An exception of the reader is kept as the row's problem: it is a miss."""
    keras = entry.exercise in EXERCISES
    exercise = EXERCISES[entry.exercise] if keras else exercise_named(entry.exercise)
    if not keras and entry.exercise != "deep_network":
        exercise = replace(exercise, learning_rate=entry.rate)
    parts: Any = examples(entry.parts, entry.exercise) if keras else dict(entry.parts) or None
    graph = thing(named(entry.name)) if keras else entry.graph
    began = time.process_time()  # the machine may be busy with other things
    faults: list[str] = []
    places: list[str] = []
    remarks: list[str] = []
    undecided: list[str] = []
    problem = ""
    try:
        network = read_network(graph, parts, exercise, lab=lab, eval_feed=entry.eval_feed)
        faults = [fault.code for fault in network.faults]
        places = [str(fault.where) for fault in network.faults] if keras else []
        remarks = [fault.code for fault in network.remarks]
        undecided = list(map(str, network.undecided))
    except Exception as error:  # noqa: BLE001 - that the reader raises is what is looked for here
        problem = f"{type(error).__name__}: {str(error)[:300]}"
    return Row(
        name=entry.name,
        digest=entry.digest,
        mode=mode,
        reader=reader_hash(),
        commit=commit(),
        faults=tuple(sorted(set(faults))),
        remarks=tuple(sorted(set(remarks))),
        undecided=tuple(undecided),
        problem=problem,
        seconds=round(time.process_time() - began, 3),
        places=tuple(places),
    )


def verdict(entry: Entry, row: Row) -> str:
    """``right``, or how the row is wrong.

    For a right network: ``right``, ``undecided`` or ``rejected``. For a faulty one: ``right``, ``missed`` (no fault named),
    ``wrong code``, ``false alarm`` (the fault is named, and one that is not there), ``undecided`` (nothing named, and
    something said to be undecided), ``partly`` (of two faults one is named). A reader that raises is ``failed``.
    """
    if row.problem:
        return "failed"
    named, wanted, also = set(row.faults), set(entry.codes), set(entry.also)
    if entry.remark:
        if not wanted <= set(row.remarks) | named:
            return "missed"
        return "right" if not named else "rejected"
    if not wanted:
        if named:
            return "rejected"
        return "undecided" if row.undecided else "right"
    if wanted <= named:
        return "right" if named <= wanted | also else "false alarm"
    if not named:
        return "undecided" if row.undecided else "missed"
    return "partly" if named <= wanted else "wrong code"


def _path() -> Path:
    return CACHE / "rows.jsonl"


def rows() -> Iterator[Row]:
    """All rows kept so far, those of the repository first."""
    for path in (*KEPT.values(), _path()):
        if not path.exists():
            continue
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    raw = json.loads(line)
                except ValueError:
                    continue  # the last line of a run that was killed
                for key in ("faults", "remarks", "undecided", "places"):
                    raw[key] = tuple(raw.get(key, ()))
                yield Row(**{key: value for key, value in raw.items() if key not in JUDGED})


def _line(row: Row, **judged: object) -> str:
    found = {key: value for key, value in asdict(row).items() if value or key != "places"}
    return json.dumps(found | judged, separators=(",", ":"))


def keep(row: Row) -> None:
    """Append a row."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with _path().open("a", encoding="utf-8") as out:
        out.write(_line(row) + "\n")


def export(entries: Iterable[Entry], track: str) -> None:
    """Keep the last row of each product, as it is now, in the repository, with what it comes to."""
    known = {(entry.name, entry.digest): entry for entry in entries}
    last = {(row.name, row.mode): row for row in rows() if (row.name, row.digest) in known}
    judged = [(known[last[key].name, last[key].digest], last[key]) for key in sorted(last)]
    lines = [_line(row, right=entry.right, verdict=verdict(entry, row)) for entry, row in judged]
    KEPT[track].write_text("\n".join(lines) + "\n", encoding="utf-8")
