"""Update and compile the translation catalogues of a language: ``make messages LANGUAGE=de``.

Ours is ``languages/de.po`` in netgrader's package; the digits course has one next to its checks, and one next to its hidden
tests, which no release contains. Obsolete messages are removed; new ones are empty, and appear in English until they are
translated.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from graphread.text import NUMBERS, WORDS
from netgrader.checks.advice import ADVICE
from netgrader.faults import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from babel.messages.catalog import Message

__all__ = ["catalogues", "compiled", "main", "of_course", "of_netgrader", "written"]

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "packages"
PACKAGE = PACKAGES / "netgrader" / "src" / "netgrader"
KEYWORDS = {"Text": None, "Plural": (1, 2)}
SAID_IN_TABLES = {"sentence", "why", "hint"}
OF_THE_COURSE = {"only_in_grading", "called"}
PLACE, WORD = re.compile(r"\{[^{}]*\}"), re.compile(r"[A-Za-z]{3}")
"""Matches a placeholder, and a word: texts of placeholders and symbols alone need no translation."""
WIDTH = 120
DATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The date in each catalogue, fixed so that files do not depend on the day."""

Id = str | tuple[str, str]


def of_programs(files: Iterable[Path]) -> Iterator[Id]:
    """Yield the templates in programs."""
    for path in files:
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, KEYWORDS):
                if message:
                    yield message if isinstance(message, str) else (message[0], message[1])


def of_table(file: Path, keys: set[str]) -> Iterator[Id]:
    """Yield the texts under these keys in the tables of a TOML file, including nested tables."""
    tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for table in tables.values():
        for key, value in table.items():
            if isinstance(value, dict):
                yield from (text for name, text in value.items() if name in keys)
            elif key in keys and value:
                yield value


def of_faults() -> Iterator[Id]:
    """Yield the student-facing texts of fault pages: sentence, why and hint, for each kind of data."""
    for kind in CATALOGUE.values():
        texts = kind.sentence, kind.why, kind.hint, *kind.regression.values(), *kind.rows.values()
        yield from filter(None, texts)


def of_netgrader() -> list[Id]:
    """Return all messages of netgrader without duplicates, in file order."""
    programs = sorted(PACKAGES.glob("*/src/**/*.py"), key=lambda path: (PACKAGE not in path.parents, path))
    said = [*of_programs(programs), *of_faults(), *(one.answer for one in ADVICE), *NUMBERS]
    words = (str(WORDS[name]) for name in ("one", "One", "many", "count", "floor"))
    return list(dict.fromkeys([*said, *words]))


def of_course(folder: Path) -> list[Id]:
    """Return all messages of a course folder's tests and tables, sentences of tests first."""
    files = sorted(folder.glob("*.py"))
    tests = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    named = [node for node in tests if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    told = [(ast.get_docstring(test) or "").partition("\n")[0] for test in named]
    tables = [*of_table(folder / "exercises.toml", OF_THE_COURSE), *of_table(folder / "faults.toml", SAID_IN_TABLES)]
    called = [f"{word}s" for word in of_table(folder / "exercises.toml", {"called"})]
    return list(dict.fromkeys([*filter(None, told), *of_programs(files), *tables, *called]))


def catalogues(language: str) -> dict[Path, list[Id]]:
    """Return the texts of each catalogue of a language."""
    checks, hidden = ROOT / "source" / "digits" / "checks", ROOT / "grader_tests"
    return {
        PACKAGE / "languages" / f"{language}.po": of_netgrader(),
        checks / f"messages.{language}.po": of_course(checks),
        hidden / f"messages.{language}.po": of_course(hidden),
    }


def written(said: Iterable[Id], before: Catalog, language: str) -> Catalog:
    """Return the catalogue of these texts with their known translations; keep the words of the data."""
    made = Catalog(locale=language, project="netgrader", header_comment="", creation_date=DATED, revision_date=DATED)
    for message in (one for one in before if one.context):
        made.add(message.id, message.string, context=message.context)
    for template in said:
        known: Message | None = before.get(template if isinstance(template, str) else template[0])
        made.add(template, known.string if known is not None else None)
    return made


def catalogue_in(file: Path, language: str) -> Catalog:
    """Return the catalogue in a file; an empty one if there is none."""
    return read_po(io.BytesIO(file.read_bytes()), language) if file.is_file() else Catalog(locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue in the binary ``.mo`` format."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def as_text(catalogue: Catalog) -> bytes:
    """Return a catalogue in the ``.po`` format."""
    made = io.BytesIO()
    write_po(made, catalogue, width=WIDTH)
    return made.getvalue()


def main() -> None:
    """Update the catalogues of a language, and compile them."""
    language = sys.argv[1]
    for file, said in catalogues(language).items():
        made = written(said, catalogue_in(file, language), language)
        file.write_bytes(as_text(made))
        file.with_suffix(".mo").write_bytes(compiled(made))
        missing = [
            one.id
            for one in made
            if one.id and not "".join(one.string or ()) and WORD.search(PLACE.sub("", str(one.id)))
        ]
        print(f"{file.relative_to(ROOT)}: {len(made)} texts, {len(missing)} without a translation")  # noqa: T201
        for text in missing:
            print(f"  {text}")  # noqa: T201


if __name__ == "__main__":
    main()
