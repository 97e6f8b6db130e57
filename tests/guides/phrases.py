"""Write the texts to translate out of the programs that say them: ``make phrases LANGUAGE=de``.

Ours go into ``netgrader/languages/de/phrases.toml``, those of the course on digits into ``phrases.de.toml`` beside its checks,
and beside its hidden tests. Every text of theirs with a space in it is listed, and single words that are found or expected,
since what is shown in the end cannot be told from a program. What is translated already stays; what no program says any more
goes.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from typing import TYPE_CHECKING

from netgrader.checks.advice import ADVICE
from netgrader.imports import PACKAGE
from netgrader.phrases import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["listed", "main", "of_checks", "of_netgrader", "programs", "texts", "written"]

COURSE = PACKAGE.parent

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
    "reader/open_questions.py",
    "reader/reading.py",
    "reader/trial",
    "evidence.py",
    "student/answer.py",
    "student/estimate.py",
    "grading/run_report.py",
    "grading/integrity.py",
    "grading/restore.py",
    "grading/jobs.py",
    "grading/submission.py",
    "grading/grade_submission.py",
    "limited.py",
    "releases.py",
    "drawing_pad.py",
    "student/notebook_cells.py",
    "student/own_drawing.py",
    "student/own_lines.py",
)
OTHERS = {"advice.py", "exercises.py", "parameters.py", "plugin.py", "rules.py", "toml_tables.py"}
"""What speaks to the instructor alone, or looks for others' words."""
LABELLING = {"answer.py", "drawing.py"}
"""What says single words: all of theirs are listed."""
WORDS = (
    *NUMBERS,
    "image",
    "images",
    "class",
    "classes",
    "value",
    "values",
    "training",
    "test",
    "nothing",
    "after",
    "before",
    "loss",
    "accuracy",
    "error",
    "epoch",
    "step",
    "evaluation",
    "Clear",
)
"""Words that are put into texts: numbers, what an input shows where a course says nothing of it, and others."""
ALONE = frozenset({"found", "expected", "place", "at"})
"""Arguments that single words are said by, too."""
PATTERN = re.compile(r"\\\\|\(\?|\.\*|^\^|^\w+\[\w")
"""In what is looked for and not said."""
OPS = re.compile(r"(?:[A-Z]\w*[A-Z0-9]?\w* ?){2,}")
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
        elif isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        ):
            apart.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.keyword) and node.arg in ALONE:
            alone.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
            alone.update(id(inner) for argument in node.args for inner in ast.walk(argument))
            apart -= set(map(id, node.args))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in apart else None
        if (
            isinstance(text, str)
            and any(map(str.isalpha, text))
            and not (PATTERN.search(text) or OPS.fullmatch(text))
            and (" " in text.strip() or id(node) in alone or (words and text.rstrip(".").isalpha()))
        ):
            yield text


def of_netgrader() -> Iterator[tuple[str, list[str]]]:
    """Yield what our programs say, by their names."""
    for path in programs():
        yield path.name, [*texts(path.read_text(encoding="utf-8"), words=path.name in LABELLING)]
    yield "advice.toml", [one.answer for one in ADVICE]
    yield "words", [*WORDS]


def of_checks(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what a course says, by the names of the files in a folder of its checks: sentences of tests first."""
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        tests = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
        told = [(ast.get_docstring(test) or "").partition("\n")[0] for test in tests if test.name.startswith("test_")]
        yield path.name, [*told, *texts(source)]
    for name, keys in (("exercises.toml", {"only_in_grading", "called"}), ("faults.toml", {"sentence", "why", "hint"})):
        file = folder / name
        tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        said = [text for table in tables.values() for key, text in table.items() if key in keys]
        called = tables.get("data", {}).get("called")
        yield name, [*said, *([f"{called}s"] if called else [])]


def written(found: Iterable[tuple[str, Iterable[str]]], translated: Mapping[str, str]) -> str:
    """Return a file of `found`, texts by who says them, each with its translation if it has one."""
    lines, seen = [HEAD], set[str]()
    for name, said in found:
        new = [text for text in dict.fromkeys(said) if text and text not in seen]
        seen.update(new)
        if new:
            lines.append(f"# {name}")
            lines += [f"{_quoted(text)} = {_quoted(translated.get(text, ''))}" for text in new]
            lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def programs() -> list[Path]:
    """Return where students' sentences come from, the tests aside: those of a hidden test must not travel to students."""
    ours = [path for name in SAYING for path in sorted((PACKAGE / name).rglob("*.py")) or [PACKAGE / name]]
    return [path for path in ours if path.name not in OTHERS]


def listed(language: str) -> dict[Path, Iterator[tuple[str, list[str]]]]:
    """Return what belongs into which file of a language."""
    checks, hidden = COURSE / "source" / "digits" / "checks", COURSE / "grader_tests"
    return {
        PACKAGE / "languages" / language / "phrases.toml": of_netgrader(),
        checks / f"phrases.{language}.toml": of_checks(checks),
        hidden / f"phrases.{language}.toml": of_checks(hidden),
    }


def main() -> None:
    """Write the files of a language, or bring them up to date."""
    for file, found in listed(sys.argv[1]).items():
        translated = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        file.parent.mkdir(exist_ok=True)
        file.write_text(written(found, translated), encoding="utf-8")
        phrases = tomllib.loads(file.read_text(encoding="utf-8"))
        print(f"{file}: {len(phrases)} texts, {sum(map(bool, phrases.values()))} of them translated")  # noqa: T201


if __name__ == "__main__":
    main()
