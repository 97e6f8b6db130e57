"""Write ``netgrader/phrases.toml``, the texts to translate, out of the programs that say them: ``make phrases``.

Every text of theirs with a space in it is listed, and single words that are found or expected, since what is shown in
the end cannot be told from a program. What is translated already stays; what no program says any more goes.
"""

from __future__ import annotations

import ast
import json
import tomllib
from typing import TYPE_CHECKING

from netgrader.imports import PACKAGE
from netgrader.phrases import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["main", "programs", "texts", "written"]

SAYING = (
    "checks",
    "judges",
    "reader/summary.py",
    "reader/drawing.py",
    "reader/faults",
    "reader/find",
    "reader/graph",
    "reader/lab/__init__.py",
    "reader/model.py",
    "reader/reading.py",
    "reader/trial",
    "evidence.py",
    "student/answer.py",
    "student/estimate.py",
    "student/predict.py",
    "student/stuck.py",
    "grading/run_report.py",
    "grading/integrity.py",
    "grading/restore.py",
    "grading/submission.py",
)
OTHERS = {"exercises.py", "parameters.py", "plugin.py", "problems.py"}
"""What speaks to the instructor alone."""
LABELLING = {"answer.py", "drawing.py"}
"""What says single words: all of theirs are listed."""
ALONE = frozenset({"found", "expected", "place", "at"})
"""Arguments that single words are said by, too."""
HEAD = """\
# What students read of what was found, in another language: write it beside each text, between the quotes.
# Places like {1} may change their order. What is left empty stays English. Written by `make phrases`.
"""


def texts(source: str, *, words: bool = False) -> Iterator[str]:
    """Yield texts that a program may say; single words too if asked for.

    What is put together in an f-string is said by nobody: texts with places are formatted by `netgrader.phrases.say`.
    """
    tree = ast.parse(source)
    apart: set[int] = set()  # documentation, and pieces of f-strings
    alone: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            apart.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            apart.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.keyword) and node.arg in ALONE:
            alone.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
            alone.update(map(id, node.args))
            apart -= set(map(id, node.args))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in apart else None
        if (
            isinstance(text, str)
            and any(map(str.isalpha, text))
            and (" " in text.strip() or id(node) in alone or (words and text.isalpha()))
        ):
            yield text


def written(programs: Sequence[Path], translated: Mapping[str, str]) -> str:
    """Return the file: what `programs` say, each with its translation if it has one."""
    lines, seen = [HEAD], set[str]()
    for path in programs:
        found = texts(path.read_text(encoding="utf-8"), words=path.name in LABELLING)
        said = [text for text in dict.fromkeys(found) if text not in seen]
        seen.update(said)
        if said:
            lines.append(f"# {path.name}")
            lines += [f"{_quoted(text)} = {_quoted(translated.get(text, ''))}" for text in said]
            lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def programs() -> list[Path]:
    """Return where students' sentences come from, the tests aside: those of a hidden test must not travel to students."""
    ours = [path for name in SAYING for path in sorted((PACKAGE / name).rglob("*.py")) or [PACKAGE / name]]
    return [path for path in ours if path.name not in OTHERS]


def main() -> None:
    """Write the file, or bring it up to date."""
    translated = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    FILE.write_text(written(programs(), translated), encoding="utf-8")
    count = len(tomllib.loads(FILE.read_text(encoding="utf-8")))
    print(f"{FILE}: {count} texts, {sum(map(bool, translated.values()))} translated before")  # noqa: T201


if __name__ == "__main__":
    main()
