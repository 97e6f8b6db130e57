"""Load the benchmark, with Python's standard library alone; only `Case.build` runs a program, which needs TensorFlow."""

from __future__ import annotations

import hashlib
import json
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Case:
    """A program with its label; `label` is its line of ``labels.jsonl``, as ``schema.json`` says."""

    folder: Path
    label: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The name of the program, which tells nothing."""
        return str(self.label["id"])

    @property
    def path(self) -> Path:
        """The file of the program."""
        return self.folder / "programs" / f"{self.id}.py"

    @property
    def causes(self) -> frozenset[str]:
        """Codes of the mistakes that were made; empty for a right program."""
        return frozenset(fault["code"] for fault in self.label["faults"] if fault["kind"] == "cause")

    @property
    def follows(self) -> frozenset[str]:
        """Codes that are true of the program as well: naming them is no false alarm, and finds no mistake."""
        found = {fault["code"] for fault in self.label["faults"] if fault["kind"] == "consequence"}
        return frozenset(found | set(self.label["also"]))

    def source(self) -> str:
        """The text of the program.

        Raises
        ------
        ValueError
            If the file is not the one that was labelled.
        """
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.label["sha256"]:
            raise ValueError(f"{self.path} is not the file that was labelled")
        return content.decode("utf-8")

    def build(self) -> dict[str, Any]:
        """Run the program in this process: ``graph``, ``parts`` and ``feed`` of a graph; ``model`` and ``labels`` of Keras.

        Graphs and Keras programs go into processes of their own: the former switch TensorFlow 2 behaviour off.
        """
        names = runpy.run_path(str(self.path), run_name="program")
        wanted = ("graph", "parts", "feed") if self.label["api"] == "graph" else ("model", "labels")
        return {name: names[name] for name in wanted}


def load(split: str | None = None, api: str | None = None, folder: Path = HERE) -> list[Case]:
    """The cases of a split (``dev`` or ``test``) and an interface (``graph`` or ``keras``); all where None."""
    cases = [Case(folder, label) for label in lines(folder / "labels.jsonl")]
    return [case for case in cases if split in (None, case.label["split"]) and api in (None, case.label["api"])]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
