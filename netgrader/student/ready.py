"""Lets a given cell wait for the student's: `ready("train")` is False, and says so, until train has been filled in."""

from __future__ import annotations

import dis
import inspect
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_stub", "ready"]

NOT_DONE = "Not yet: {names} still to be done. Then run this cell again."

# What a body of `pass`, of `...` or of a docstring compiles to.
_IDLE = frozenset({"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"})


def ready(*names: str, namespace: Mapping[str, Any] | None = None) -> bool:
    """Whether each of `names` exists and is more than the stub that the notebook came with; says which is not.

    Parameters
    ----------
    names
        Names that the notebook's cells define.
    namespace
        Where to look; the globals of the caller, which is the notebook, if None.
    """
    if namespace is None:
        namespace = sys._getframe(1).f_globals  # noqa: SLF001 (what inspect.currentframe gives, where it exists)
    missing = [name for name in names if name not in namespace or is_stub(namespace[name])]
    if missing:
        print(NOT_DONE.format(names=_listed(missing)))  # noqa: T201 (a notebook cell's own output)
    return not missing


def is_stub(value: object) -> bool:
    """Whether `value` is a function whose body still does nothing, or nothing but raise NotImplementedError."""
    function = inspect.unwrap(value) if callable(value) else value
    if not isinstance(function, FunctionType):
        return False
    code = function.__code__
    n_arguments = code.co_argcount + code.co_kwonlyargcount
    if code.co_names == ("NotImplementedError",) and code.co_nlocals == n_arguments:
        return True
    instructions = list(dis.get_instructions(code))
    loaded = [each.argval for each in instructions if each.opname in {"LOAD_CONST", "RETURN_CONST"}]
    return {each.opname for each in instructions} <= _IDLE and loaded == [None]


def _listed(names: list[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last
