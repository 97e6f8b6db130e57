"""Write the generated pages of docs/reference: ``make reference``."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import json
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import typer

from evaluation import chart, verdicts
from graphread.text import Text
from netgrader.checks import CellEvidence, language
from netgrader.checks.run import Fixtures
from netgrader.cli import with_plugins
from netgrader.faults import CATALOGUE
from tests.datasets import EXERCISES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCHEMA = FOLDER / "results.schema.json"
COLUMNS = "argument,meaning,default"
WRITTEN = "Written by `make reference`; a test compares it with the code.\n"


def cell(text: object) -> str:
    """Return a text as it stands in a cell of a table."""
    return " ".join(str(text).replace("``", "`").replace("|", "\\|").split())


def table(head: str, rows: Iterator[tuple[object, ...]]) -> str:
    """Return a table of Markdown."""
    columns = head.split(",")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(cell, row))} |" for row in rows)]) + "\n"


def first(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    said = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    what = said.removeprefix("Return ").removeprefix(
        "Give "
    )  # a table says what a thing is, not what its function does
    return what[:1].upper() + what[1:]


def commands() -> str:
    """Return the page of the command line, as `--help` has it; arguments of several commands are listed once."""
    found = sorted(with_plugins().registered_commands, key=lambda command: command.callback.__name__)
    options = {command.callback.__name__: list(_options(command.callback)) for command in found}
    uses = Counter(itertools.chain.from_iterable(options.values()))
    common = {row: None for row in itertools.chain.from_iterable(options.values()) if uses[row] > 1}
    parts = [
        "# Commands\n",
        WRITTEN,
        f"{with_plugins().info.help}\n",
        "## Common arguments\n",
        "Every command takes `--debug`, `--version` and `-h`. Each command's section names which of these it takes:\n",
        table(COLUMNS, iter(common)),
    ]
    for command in found:
        name = command.callback.__name__
        said, _, example = inspect.getdoc(command.callback).partition("Example: ")
        parts += [f"## netgrader {name.replace('_', '-')}\n", f"{said.strip()}\n"]
        shared = [str(row[0]).partition(" ")[0].strip("`") for row in options[name] if row in common]
        own = [row for row in options[name] if row not in common]
        if shared:
            listed = ", ".join(f"`{one}`" for one in shared)
            parts.append(f"[Common](#common-arguments): {listed}.\n")
        if own:
            parts.append(table(COLUMNS, iter(own)))
        parts.append(f"Example: `{example.strip()}`\n")
    return "\n".join(parts)


def _options(command: Any) -> Iterator[tuple[object, ...]]:
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        (info,) = hints[name].__metadata__
        if isinstance(info, typer.models.ArgumentInfo):
            written = info.metavar or name.upper()
        else:
            flag = info.metavar or ("" if parameter.default is False else name.upper())
            # Where a declaration is missing typer takes the first one for the default.
            declared = info.param_decls[0] if info.param_decls else info.default
            written = f"{declared} {flag}".strip()
        required = parameter.default is parameter.empty
        default = "" if not parameter.default else f"`{parameter.default}`"
        yield f"`{written}`", info.help, "required" if required else default


def faults() -> str:
    """Return the page of all codes, by group."""
    parts = [
        "# Fault codes\n",
        WRITTEN,
        "Codes are public and never renamed. [Points](../guides/points.md#what-a-mistake-costs) lists the cost of a severity.\n",
    ]
    say = EXERCISES.texts.say
    spoken = [EXERCISES.texts.kind(code) for code in CATALOGUE]
    for group in sorted({kind.group for kind in spoken}):
        kinds = [kind for kind in spoken if kind.group == group]
        parts.append(f"## {group}\n")
        rows = ((f"`{kind.code}`", kind.severity, say(Text(kind.sentence)), "; ".join(kind.places)) for kind in kinds)
        parts.append(table("code,severity,message,explained in", rows))
    return "\n".join(parts)


def result_json() -> str:
    """Return the page of the JSON that `grade` writes, from its schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = ["# Result JSON\n", WRITTEN, RESULT]
    titles = {"notebook": "An entry", "cell": "`cells`", "check": "`checks`", "observed": "`integrity`"}
    for name, title in titles.items():
        entry = schema["$defs"][name]
        rows = (
            (
                f"`{key}`" + ("" if key in entry["required"] else " (may be absent)"),
                type_in_words(one),
                one.get("description", ""),
            )
            for key, one in entry["properties"].items()
        )
        parts += [f"## {title}\n", table("key,type,meaning", rows)]
    parts.append(READ)
    return "\n".join(parts)


def type_in_words(one: Mapping[str, Any]) -> str:
    """Return what a value of the schema may be."""
    if "enum" in one:
        return ", ".join("null" if value is None else f"`{value}`" for value in one["enum"])
    kind = one.get("type", "text")
    named = " or ".join(kind) if isinstance(kind, list) else kind
    if named != "array":
        return named
    each = one["items"]
    return f"list: {each['$ref'].rpartition('/')[2] if '$ref' in each else type_in_words(each)}"


RESULT = """`netgrader grade --json FILE` writes a list with one entry for each notebook. Its schema is
[results.schema.json](results.schema.json). New versions may add keys but never rename them. Sentences
are in the course's language; keys and codes are the same in every language.
"""
READ = """## netgrader read --json

```json
{"layers": [{"kind": "dense", "inputs": 784, "outputs": 10, "activation": "none", "bias": true, "variables": ["W", "b"]}],
 "loss": {"kind": "softmax-cross-entropy", "of": "logits", "reduction": "mean"},
 "optimizer": {"kind": "adam", "learning_rate": 0.003, "variables": ["W", "b"]},
 "faults": [], "remarks": []}
```

A layer of a model or function also has a `name`.
"""


def checks() -> str:
    """Return the page of names for writing tests."""
    parts = [
        LANGUAGE.format(written=WRITTEN),
        table("argument,meaning", _attributes(language.Grades)),
        ENDS,
        table("call,effect", _calls()),
        WHAT,
        "## Fixtures\n",
        table("fixture,value", _fixtures()),
        "## cell_evidence\n",
        first(CellEvidence) + "\n",
        table("call,result", _methods(CellEvidence, "array", "graph", "fact", "has")),
        JUDGES,
        table("call,module in `netgrader.judges`,effect or result", _judges()),
    ]
    return "\n".join(parts)


LANGUAGE = """# The language of checks

{written}
A test is a pytest function in `grader_tests/` or `source/digits/checks/`. The first line of its docstring is the sentence
that students read. Import the names below with `from netgrader.checks import …`.
[Write an exercise](../guides/write-an-exercise.md) is a complete example.

## @grades(cell, …)
"""
ENDS = """## How a test can end

A test that returns passes. `assert condition, "Sentence."` fails with that sentence. Any other exception means that
the test itself is broken: it is ungradable, and the traceback goes to the instructor's log. A test that exceeds its time
limit is also ungradable.
"""
JUDGES = """## Shared judges

The tests of `netgrader new` and of the [example course](../../examples/clothes/README.md) use these functions. Import one
with, for example, `from netgrader.judges.training import require_training`.
"""
WHAT = """`what` is a [fault code](faults.md), or a sentence if no code fits. With a code, students also read why the fault
matters and where the notebook explains it.
"""


def _attributes(kind: type) -> Iterator[tuple[object, ...]]:
    """Yield the fields of a class with the text that stands below each."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body
    for field, said in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(said, ast.Expr):
            yield f"`{ast.unparse(field.target)}`", " ".join(ast.literal_eval(said.value).split())


def _calls() -> Iterator[tuple[object, ...]]:
    for one in (language.fail, language.partial, language.fail_all, language.ungradable, language.fault):
        yield f"`{_signature(one)}`", first(one)


def _signature(function: Callable[..., Any]) -> str:
    names = [
        f"{name}=…" if one.kind is one.KEYWORD_ONLY or one.default is not one.empty else name
        for name, one in inspect.signature(function).parameters.items()
    ]
    return f"{function.__name__}({', '.join(names)})"


def _fixtures() -> Iterator[tuple[object, ...]]:
    for name, one in vars(Fixtures).items():
        if not name.startswith("_"):
            yield f"`{name}`", first(inspect.unwrap(one) if callable(one) else one)


def _methods(kind: type, *names: str) -> Iterator[tuple[object, ...]]:
    for name in names:
        yield f"`.{name}(name)`", first(getattr(kind, name))


def _judges() -> Iterator[tuple[object, ...]]:
    """Yield what tests of new courses and of the example import from `netgrader.judges`, by module."""
    root = FOLDER.parents[1]
    tests = [
        *(root / "packages/netgrader/src/netgrader/new_course").rglob("test_*.j2"),
        *(root / "examples").rglob("test_*.py"),
    ]
    imports = {
        (module, name)
        for test in tests
        for module, names in re.findall(
            r"(?m)^from netgrader\.judges\.(\w+) import (\([^)]*\)|.*)$", test.read_text(encoding="utf-8")
        )
        for name in re.findall(r"\w+", names)
    }
    for module, name in sorted(imports):
        one = getattr(importlib.import_module(f"netgrader.judges.{module}"), name)
        yield f"`{_signature(one)}`", f"`{module}`", first(one)


def students() -> str:
    """Return the pages for students as the release has them: one page, without links to pages that are not there."""
    first, *more = (
        (FOLDER.parent / "guides" / f"{name}.md").read_text(encoding="utf-8")
        for name in ("students", "students-set-up", "students-marks")
    )
    page = "\n".join([first, *(re.sub(r"(?m)^#", "##", one) for one in more)])
    return re.sub(r"\[([^\]]+)\]\([\w./-]+\.md[^)]*\)", r"\1", page)


PAGES = {
    "../../source/digits/students.md": students,
    "commands.md": commands,
    "faults.md": faults,
    "result-json.md": result_json,
    "checks.md": checks,
    "verdicts.md": verdicts.page,
    "first-sight.svg": chart.svg,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
