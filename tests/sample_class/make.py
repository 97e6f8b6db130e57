"""Make the sample class: fill the release's notebooks with what each student wrote.

A student is a file of ``tests/programs/notebooks/sample_class``, a notebook a program of it. ``# %% prepare_data`` starts the
text of the solution cell of that id, ``# %% +`` a further cell after it, ``# %% edit check_train`` replaces the text of a locked
cell, ``# %% delete check_train`` leaves a cell out, ``# %% markdown gradients_meaning`` writes an answer.
A program that is ``raw`` is handed in as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

import nbformat

from tests.programs import FOLDER, programs

ROOT = Path(__file__).parents[2]
STUDENTS = sorted(path.stem for path in (FOLDER / "notebooks" / "sample_class").glob("*.toml"))


def fill(release: nbformat.NotebookNode, text: str) -> nbformat.NotebookNode:
    """Fill the cells of `release` with the parts of `text`."""
    parts = re.split(r"^# %% ?(.*)\n", text, flags=re.MULTILINE)[1:]
    cells = list(release.cells)
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in cells}
    last = None
    for head, raw in zip(parts[::2], parts[1::2], strict=True):
        body = raw.strip("\n")
        verb, _, name = head.strip().rpartition(" ")
        if name == "+":
            made = nbformat.v4.new_code_cell(body, id=hashlib.sha256(raw.encode()).hexdigest()[:8])
            cells.insert(cells.index(last) + 1, made)
            last = made
        elif verb == "delete":
            cells.remove(by_id[name])
        else:
            last = by_id[name]
            last.source = body.replace("# | ", "") if verb == "markdown" else body
    filled = nbformat.from_dict({**release, "cells": cells})
    nbformat.validate(filled)
    return filled


def make(target: Path, release: Path) -> list[Path]:
    """Write every student's notebooks to ``target/<student>/digits``; returns the files written."""
    written = []
    for student in STUDENTS:
        for name, one in programs(f"notebooks/sample_class/{student}").items():
            out = target / student / "digits" / f"{name}.ipynb"
            out.parent.mkdir(parents=True, exist_ok=True)
            if one.terms.get("raw"):
                out.write_text(one.source, encoding="utf-8")
            else:
                nbformat.write(fill(nbformat.read(release / out.name, as_version=4), one.source), out)
            written.append(out)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=ROOT / "submitted")
    parser.add_argument("--release", type=Path, default=ROOT / "release" / "digits")
    options = parser.parse_args()
    make(options.target, options.release)
