"""Read the networks of a round at first sight, or grade its notebooks: python -m evaluation.first_sight.read_round ROUND KIND.

Each program is read in a process of its own. Goes on after the last row of `networks.csv` or `notebooks.csv`; a row that is there is
never written again.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
EXERCISES = {"one_layer": "one_layer_network", "two_layers": "two_layer_network", "deep": "deep_network"}
FIELDS = {
    "network": ("id", "right", "borderline", "faults", "remarks", "undecided", "problem", "commit"),
    "notebook": ("id", "right", "borderline", "score", "of", "faults", "status", "commit"),
}


def labels(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Return the labels of a round's networks or notebooks."""
    return [one for one in json.loads((folder / "labels.json").read_text(encoding="utf-8")) if one["kind"] == kind]


def read_one(path: Path, task: str) -> dict[str, str]:
    """Build a network here and read it for the exercise of its task."""
    from netgrader import read_network

    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    net = SimpleNamespace(**program.build())
    network = read_network(net.graph, net, EXERCISES[task])
    found = {"faults": network.faults, "remarks": network.remarks}
    codes = {name: " ".join(sorted({one.code for one in faults})) for name, faults in found.items()}
    return {**codes, "undecided": " | ".join(map(str, network.undecided))}


def read(folder: Path, label: dict[str, Any]) -> dict[str, str]:
    """Have a process read a network; an error of either is the row's problem."""
    command = [
        sys.executable,
        "-m",
        "evaluation.first_sight.read_round",
        str(folder / f"{label['id']}.py"),
        label["task"],
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"problem": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def grade(folder: Path, label: dict[str, Any]) -> dict[str, str]:
    """Grade a submission as `netgrader grade` does."""
    notebook = graded((folder / label["id"] / "solution.py").read_text(encoding="utf-8"))
    faults = " ".join(sorted(notebook["faults"]))
    return {"score": notebook["score"], "of": notebook["max_score"], "faults": faults, "status": notebook["status"]}


def graded(text: str, *options: str) -> dict[str, Any]:
    """Fill the released notebook that a solution names, and return what `netgrader grade --json` says of it."""
    import nbformat

    from tests.sample_class.make import fill

    name = re.match(r"# notebook: (\w+)\n", text)[1]
    release = nbformat.read(ROOT / "release" / "digits" / f"{name}.ipynb", as_version=4)
    with tempfile.TemporaryDirectory() as work:
        submitted, result = Path(work) / f"{name}.ipynb", Path(work) / "result.json"
        nbformat.write(fill(release, text), submitted)
        command = [Path(sys.executable).with_name("netgrader"), "grade", submitted, "--json", result, *options]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        (notebook,) = json.loads(result.read_text(encoding="utf-8"))
    return notebook


def rows(folder: Path, kind: str, done: set[str]) -> Iterator[dict[str, str]]:
    """Yield a row for each program that has none yet."""
    from tests.corpus.reading import commit

    for label in labels(folder, kind):
        if label["id"] not in done:
            found = (read if kind == "network" else grade)(folder, label)
            yield {
                "id": label["id"],
                "right": label["right"],
                "borderline": label["borderline"],
                **found,
                "commit": commit(),
            }


def main(round_: str, kind: str) -> None:
    """Write the rows of a round that are not there yet."""
    folder = HERE / round_
    file = folder / f"{kind}s.csv"
    known = [*csv.DictReader(file.open(encoding="utf-8"))] if file.is_file() else []
    with file.open("a", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, FIELDS[kind], restval="", lineterminator="\n")
        if not known:
            writer.writeheader()
        for row in rows(folder, kind, {row["id"] for row in known}):
            writer.writerow(row)
            out.flush()


if __name__ == "__main__":
    first, second = sys.argv[1:]
    if Path(first).is_file():
        print(json.dumps(read_one(Path(first), second)))  # noqa: T201
    else:
        main(first, second)
