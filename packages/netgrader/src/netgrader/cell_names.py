"""Names that a notebook's cells define and use, by their texts, whether or not they parse."""

from __future__ import annotations

import ast
import re
import symtable

__all__ = ["made_by", "made_with"]


def made_with(sources: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return for each exercise the earlier ones whose cells define names that its own cell uses.

    Parameters
    ----------
    sources
        The code cells that ran, in order: the exercise that each solves, empty for others, and its text.
    """
    makers: dict[str, list[int]] = {}
    reached: list[set[int]] = []
    names: list[str] = []
    for number, (name, text) in enumerate(sources):
        used, made = _names(text)
        direct = {maker for one in used for maker in makers.get(one, ())}
        reached.append(direct.union(*(reached[maker] for maker in direct)))
        names.append(name)
        for one in made:
            makers.setdefault(one, []).append(number)
    return {name: [names[at] for at in sorted(reached[n]) if names[at]] for n, name in enumerate(names) if name}


def _names(text: str) -> tuple[list[str], frozenset[str]]:
    """Return the notebook names that a cell uses, even if it does not parse, and the names it defines."""
    try:
        return _global_names(symtable.symtable(text, "cell", "exec")), made_by(text)
    except SyntaxError:  # invalid Python, or IPython's own syntax
        return re.findall(r"[^\W\d]\w*", text), made_by(text)
    except (ValueError, RecursionError, MemoryError):  # such a cell cannot have run
        return [], frozenset()


def _global_names(table: symtable.SymbolTable) -> list[str]:
    outermost = table.get_type() == "module"
    own = [one.get_name() for one in table.get_symbols() if one.is_referenced() and (outermost or one.is_global())]
    return own + [name for inner in table.get_children() for name in _global_names(inner)]


def made_by(source: str) -> frozenset[str]:
    """Return the names that a cell defines outside its functions, even if it does not parse."""
    try:
        tree = _WithoutEnds().visit(ast.parse(source))
        names = symtable.symtable(ast.unparse(tree), "cell", "exec").get_symbols()
    except SyntaxError:  # invalid Python, or IPython's own syntax
        functions = re.findall(r"^\s*(?:async\s+)?def\s+(\w+)", source, re.MULTILINE)
        targets = re.findall(r"^\s*([\w\s,()*]+?)=(?!=)", source, re.MULTILINE)
        return frozenset([*functions, *re.findall(r"[^\W\d]\w*", " ".join(targets))])
    return frozenset(name.get_name() for name in names if name.is_assigned())


class _WithoutEnds(ast.NodeTransformer):
    """Removes code that unbinds names: del, and the name of an exception, which ends with its clause."""

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = None
        return self.generic_visit(node)
