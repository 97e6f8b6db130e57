"""Whether a text gives a name of the notebook's another meaning, read off its syntax: what `integrity` says of `check`.

It is told, not believed: a program can always do what its text does not show, and no mark hangs on it.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["reaches_for", "replaces", "takes_all_of"]

OURS = "netgrader.student"
LONGEST = 100_000  # characters that are taken apart: a program of megabytes takes gigabytes
DEEPEST = 3  # texts of programs within texts of programs
SUFFIX = ".py"
# How names get into another namespace by a call.
SETTERS = frozenset({"setattr", "delattr", "setitem", "__setattr__", "__setitem__", "setdefault", "__delattr__"})
TAKERS = frozenset({"update", "push"})
RUNNERS = frozenset({"exec", "run_cell", "run_code", "eval", "compile", "ex"})


def replaces(source: str, name: str) -> bool:
    """Whether running `source` in the notebook gives its `name` another meaning, as far as can be read off the text.

    A name of a function's own is none of the notebook's, and neither is an attribute of something else's.
    """
    tree = _parsed(source, name)
    if tree is None:
        return _looks_like(source, name)
    return any(name in _bound(node) for node in _outside_functions(tree)) or _reaches(tree, name)


def reaches_for(source: str, name: str) -> bool:
    """Whether `source` gives `name` another meaning outside of its own module: in the notebook, or in one of ours."""
    tree = _parsed(source, name)
    return tree is not None and _reaches(tree, name)


def takes_all_of(cells: Sequence[str], helpers: Mapping[str, str]) -> frozenset[str]:
    """The files among `helpers` whose names become the notebook's own: by `import *`, through others too, or `%run`."""
    found: set[str] = set()
    todo = list(cells)
    while todo:
        text = todo.pop()
        for name in _spilled(text):
            file = name.removeprefix("./").removesuffix(SUFFIX) + SUFFIX
            if file in helpers and file not in found:
                found.add(file)
                todo.append(helpers[file])
    return frozenset(found)


def _spilled(text: str) -> Iterator[str]:
    text = text[:LONGEST]
    yield from re.findall(r"^[ \t]*+from[ \t]++\.?(\w+)[ \t]+import[ \t]*+\(?\s*+\*", text, re.MULTILINE)
    yield from re.findall(r"^[ \t]*+%(?:run|load)[ \t]++(?:-\w[ \t]++)*+[\"']?([^\s\"']++)", text, re.MULTILINE)


def _parsed(source: str, name: str) -> ast.Module | None:
    """`source` as a tree, magics left out; without `name` in it there is nothing to look at."""
    if name not in source:
        return ast.Module([], [])
    try:
        return ast.parse(_without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_magics(source: str) -> str:
    lines = source[:LONGEST].splitlines()
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def _looks_like(source: str, name: str) -> bool:
    """What is no program as a whole may still be one as far as it goes."""
    pattern = rf"^(?:(?:async )?def|class)\s+{name}\b|^{name}\s*=(?!=)"
    return re.search(pattern, _without_magics(source), re.MULTILINE) is not None


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are run with the text itself; of a function or a class what says that it is a global name."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.Global))
        elif isinstance(node, ast.comprehension):
            todo += [node.iter, *node.ifs]  # its own names end with it
        else:
            todo.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> frozenset[str]:
    """The names that a node gives a meaning, or takes it from, where it stands."""
    found: list[str] = []
    match node:
        case (
            ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
        ):
            found = [name]
        case ast.Import(names=names):
            found = [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=module, names=names):
            given = (alias for alias in names if module != OURS or alias.asname not in (None, alias.name))
            found = [alias.asname or alias.name for alias in given]
        case ast.Global(names=declared):
            found = declared
    return frozenset(found)


def _reaches(tree: ast.AST, name: str, depth: int = 0) -> bool:
    """Whether anything in `tree`, in functions too, sets `name` in a namespace that is not the text's own."""
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return any(_sets_elsewhere(node, name, imported, depth) for node in ast.walk(tree))


def _sets_elsewhere(node: ast.AST, name: str, imported: set[str], depth: int) -> bool:
    match node:
        # globals()["check"] = ..., shell.user_ns["check"] = ..., module.__dict__["check"] = ...
        case ast.Subscript(
            value=ast.Call() | ast.Attribute(), slice=ast.Constant(value=key), ctx=ast.Store() | ast.Del()
        ):
            return key == name
        # netgrader.student.check = ..., sys.modules["..."].check = ..., __import__("...").check = ...
        case ast.Attribute(
            value=ast.Attribute() | ast.Subscript() | ast.Call(), attr=attribute, ctx=ast.Store() | ast.Del()
        ) if attribute == name:
            return True
        # module.check = ..., by the name that it was imported by; check.__code__ = ...
        case ast.Attribute(value=ast.Name(id=holder), attr=attribute, ctx=ast.Store() | ast.Del()):
            return (attribute == name and holder in imported) or (holder == name and attribute.startswith("__"))
        case ast.Attribute(value=ast.Attribute(attr=holder), attr=attribute, ctx=ast.Store()):
            return holder == name and attribute.startswith("__")
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            return _call_sets(node, called, name, depth)
    return False


def _call_sets(call: ast.Call, called: str, name: str, depth: int) -> bool:
    if called in SETTERS:
        return any(isinstance(argument, ast.Constant) and argument.value == name for argument in call.args[:2])
    if called in TAKERS:
        return any(name in _keys(argument) for argument in call.args) or name in {word.arg for word in call.keywords}
    if called in RUNNERS and depth < DEEPEST:
        texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        trees = [(text, _parsed(text, name)) for text in texts]
        return any(
            _looks_like(text, name)
            if tree is None
            else any(name in _bound(node) for node in _outside_functions(tree)) or _reaches(tree, name, depth + 1)
            for text, tree in trees
        )
    return False


def _keys(node: ast.expr) -> set[object]:
    match node:
        case ast.Dict(keys=keys):
            return {key.value for key in keys if isinstance(key, ast.Constant)}
        case ast.Call(func=ast.Name(id="dict"), keywords=words):
            return {word.arg for word in words}
    return set()
