"""What Python sources say, read without running any.

Which of our modules import which, for the wheel and for hashes; and of a course's files which cells they are about.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = [
    "PACKAGE",
    "cells_named",
    "closure",
    "code_hash",
    "constants_of",
    "data_files",
    "imported_modules",
    "module_path",
    "modules_below",
    "our_imports",
    "parsed",
    "texts_in",
]

PACKAGE = Path(__file__).resolve().parent
OURS = PACKAGE.name
FOR_TYPES = frozenset({"TYPE_CHECKING", "typing.TYPE_CHECKING"})


def closure(roots: Iterable[str], follow: Callable[[str, str, bool], bool]) -> frozenset[str]:
    """`roots` and all our modules that they import, directly or not; the packages around them included.

    Parameters
    ----------
    roots
        Names of modules.
    follow
        Whether to go on from a module to one that it imports, given both names and whether the import stands at the top
        (and not inside a function).
    """
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        module = todo.pop()
        path = module_path(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            todo.append(parent)
        todo.extend(name for name, at_top in our_imports(path) if follow(module, name, at_top))
    return frozenset(seen)


@functools.cache
def code_hash(roots: frozenset[str], *, inner: bool = True, extra: tuple[Path, ...] = ()) -> str:
    """SHA-256 of the sources of `roots` and of all that they import, and of the data files in their packages.

    Parameters
    ----------
    roots
        Names of modules.
    inner
        Whether imports inside functions count.
    extra
        Further files whose imports are roots too, such as a course's probes.
    """
    more = {name for path in extra for name, at_top in our_imports(path) if at_top or inner}
    # What the outermost package offers lazily is what others ask it for, not what it needs.
    modules = closure(roots | more, lambda source, _to, at_top: at_top or (inner and source != OURS))
    paths = {path for path in map(module_path, modules) if path} | data_files(modules)
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def modules_below(root: str) -> Iterator[str]:
    """The module `root`, or the package `root` with all modules in it."""
    path = module_path(root)
    if path is None:
        return
    if path.name != "__init__.py":
        yield root
        return
    for file in sorted(path.parent.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def data_files(modules: Iterable[str]) -> set[Path]:
    """Files that are no modules in the packages among `modules`; in the outermost one those named like a module."""
    files: set[Path] = set()
    for module in modules:
        path = module_path(module)
        if path is not None and path.parent == PACKAGE:
            files.update(file for file in PACKAGE.glob(f"{path.stem}.*") if file.suffix != ".py")
        if path is not None and path.name == "__init__.py" and module != OURS:
            files.update(
                file
                for file in path.parent.rglob("*")
                if file.is_file() and file.suffix not in {".py", ".pyc"} and "__pycache__" not in file.parts
            )
    return files


def module_path(module: str) -> Path | None:
    """The file of one of our modules; None if `module` is not one (a name in a module, say)."""
    base = PACKAGE.parent.joinpath(*module.split("."))
    return next((path for path in (base / "__init__.py", base.with_name(base.name + ".py")) if path.is_file()), None)


@functools.cache
def our_imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """Our modules that the file `path` imports, and whether it does so at its top; imports for types alone are none."""
    text = path.read_text(encoding="utf-8")
    if OURS not in text and "from ." not in text:
        return ()
    found: list[tuple[str, bool]] = []
    todo: list[tuple[ast.AST, bool]] = [(ast.parse(text, str(path)), True)]
    while todo:
        node, at_top = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [(name, at_top) for name in _names(node, path) if module_path(name)]
            continue
        at_top = at_top and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            if field == "body" and isinstance(node, ast.If) and ast.unparse(node.test) in FOR_TYPES:
                continue
            # Statements only: imports stand in no expression, and expressions are most of a tree.
            todo += [(inner, at_top) for inner in getattr(node, field, ()) if isinstance(inner, ast.AST)]
    return tuple(dict.fromkeys(found))


def _names(node: ast.AST, path: Path) -> list[str]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level and path.is_relative_to(PACKAGE):
            around = path.parents[node.level - 1].relative_to(PACKAGE.parent).parts
            base = ".".join([*around, *([node.module] if node.module else [])])
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.partition(".")[0] == OURS]


def cells_named(path: Path, decorator: str) -> frozenset[str]:
    """Return the ids of cells that ``@probe("…")`` or ``@grades("…")`` names in a file, read without running it.

    Raises
    ------
    NetgraderError
        If it is not Python.
    """
    return _named(path.read_text(encoding="utf-8"), path, decorator)


@functools.lru_cache(maxsize=64)
def _named(source: str, path: Path, decorator: str) -> frozenset[str]:
    """Return the ids that `decorator` names in the text of a file, once for each text: a class asks for it at every notebook.

    They are written out, or by a name of the file's.
    """
    tree = _parsed(source, path)
    constants = constants_of(tree)
    calls = (one for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for one in node.decorator_list)
    named = (
        argument
        for one in calls
        if isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] == decorator
        for argument in one.args
    )
    return frozenset(text for argument in named for text in texts_in(argument, constants))


def parsed(path: Path) -> ast.Module:
    """Return a Python file's syntax tree.

    Raises
    ------
    NetgraderError
        If it is not Python.
    """
    return _parsed(path.read_text(encoding="utf-8"), path)


def _parsed(source: str, path: Path) -> ast.Module:
    try:
        return ast.parse(source, str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise NetgraderError(
            f"{path} is not Python{f': line {line}' if line else ''}, {getattr(error, 'msg', error)}. Mend it and call again."
        ) from error


def constants_of(tree: ast.Module) -> Mapping[str, ast.expr]:
    """Return what names at the top of a file stand for."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                found |= {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
    return found


def texts_in(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 5) -> Iterator[str]:
    """Yield the texts that an expression is, or lists; what is computed is left out."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants and depth:
            yield from texts_in(constants[name], constants, depth - 1)
        case ast.Starred(value=inner):
            yield from texts_in(inner, constants, depth)
        case ast.Tuple(elts=each) | ast.List(elts=each):
            for one in each:
                yield from texts_in(one, constants, depth)
        case _:
            return


@functools.lru_cache(maxsize=1024)
def imported_modules(source: str) -> frozenset[str]:
    """Return the top-level names of the modules that a cell imports; none if it is not Python, magics left aside."""
    try:
        tree = ast.parse(re.sub(r"^([ \t]*+)[%!].*$", r"\1pass", source, flags=re.MULTILINE))
    except (SyntaxError, ValueError):
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return frozenset(names)
