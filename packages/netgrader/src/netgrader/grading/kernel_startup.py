"""Code that runs in a kernel before the student's: seeds, and streams that are restored.

Its source runs there as it is, through the calls of `netgrader.grading.execute.STARTUP`, so it imports only the standard
library. Parts of NumPy and TensorFlow that are already imported (the kernel may be forked from the fork server) are seeded at
once, the rest by hooks when the notebook imports it; random numbers are the same either way. Without a student's seed, all
generators follow from one seed, except the order of `tf.data` datasets. A student's own seeds are respected in the first run
and shifted in further ones.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import random
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["keep_streams", "seed_everything"]

MODULUS = 2**31 - 1
DRAWING = frozenset({"keras", "tensorflow"})
"""Packages that draw random numbers during import; later draws must not depend on when that happens."""


class _Ours(int):
    """A graph's seed that the student did not set."""


def seed_everything(seed: int, shift: int = 0) -> None:
    """Seed Python's generator now, and NumPy and TensorFlow when they are imported.

    Parameters
    ----------
    seed
        The seed for generators that the student does not seed.
    shift
        Added to the seeds that the student sets; 0 respects them.
    """
    fresh = _seed_python(seed, shift)
    hooks: dict[str, Callable[[types.ModuleType], None]] = {
        "numpy.random": lambda module: _seed_numpy(module, seed, shift),
        "tensorflow.python.framework.ops": lambda module: _seed_graphs(module, seed),
        "tensorflow.python.framework.random_seed": lambda module: _shift_tensorflow(module, shift),
        "tensorflow.python.eager.context": lambda module: module.set_global_seed(seed % MODULUS),
        "tensorflow.python.data.util.random_seed": _leave_data_unseeded,
        **dict.fromkeys(DRAWING, lambda _module: None),
    }
    for name in [name for name in hooks if name in sys.modules]:
        hooks.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _SeedingFinder(hooks, fresh))


class _SeedingFinder(importlib.abc.MetaPathFinder):
    """Calls a hook right after a module has been imported, and undoes the import's own random draws."""

    def __init__(self, hooks: dict[str, Callable[[types.ModuleType], None]], fresh: random.Random) -> None:
        self._hooks = hooks
        self._generators = (random._inst, fresh)  # noqa: SLF001

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._hooks:
            return None
        hook = self._hooks.pop(fullname)  # removed first: the next line gets here again
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        @functools.wraps(run)
        def exec_module(module: types.ModuleType) -> None:
            states = [generator.getstate() for generator in self._generators]
            run(module)
            for generator, state in zip(self._generators, states, strict=True):
                generator.setstate(state)
            hook(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _moved(seed: Any, shift: int) -> Any:
    """Return a student's seed shifted for a further run; unchanged if it is not a whole number."""
    if not shift or isinstance(seed, bool) or not hasattr(seed, "__index__"):
        return seed
    return (int(seed) + shift) % MODULUS


def _seed_python(seed: int, shift: int) -> random.Random:
    """Seed the generator behind `random`; return the generator that gives first seeds to others."""
    fresh = random.Random(seed)  # noqa: S311 - not used for secrets
    original = random.Random.seed

    @functools.wraps(original)
    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        # An unseeded generator would take a seed from the system; here each takes the next from `fresh`.
        original(self, fresh.getrandbits(64) if a is None else _moved(a, shift), version)

    original(random._inst, seed)  # noqa: SLF001 - the generator behind random.random
    random.Random.seed = seeded  # type: ignore[method-assign]
    random.seed = random._inst.seed  # noqa: SLF001
    return fresh


def _seed_numpy(module: Any, seed: int, shift: int) -> None:
    fresh = random.Random(seed + 1)  # noqa: S311
    # The source of seeds for NumPy's unseeded generators, new and legacy.
    module.bit_generator.randbits = fresh.getrandbits
    module.seed(seed % 2**32)
    if shift:
        seed_function, default_rng = module.seed, module.default_rng
        module.seed = lambda seed=None: seed_function(_moved(seed, shift))
        module.default_rng = lambda seed=None: default_rng(_moved(seed, shift))

        class RandomState(module.RandomState):  # type: ignore[misc]
            def __init__(self, seed: Any = None) -> None:
                super().__init__(_moved(seed, shift))

        module.RandomState = RandomState


def _seed_graphs(module: Any, seed: int) -> None:
    """Give each new graph a seed; TensorFlow derives the seeds of its ops from it, in order of creation."""
    original = module.Graph.__init__

    @functools.wraps(original)
    def initialise(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        self.seed = _Ours(seed % MODULUS)

    module.Graph.__init__ = initialise


def _shift_tensorflow(module: Any, shift: int) -> None:
    if not shift:
        return
    for name in ("set_seed", "set_random_seed", "get_seed"):
        original = getattr(module, name)
        moved = _moving(original, shift)
        # Modules that have imported it hold it under the same name.
        for other in list(sys.modules.values()):
            if isinstance(other, types.ModuleType) and other.__dict__.get(name) is original:
                setattr(other, name, moved)


def _moving(original: Callable[[Any], Any], shift: int) -> Callable[[Any], Any]:
    """Return `original` called with a shifted seed."""

    @functools.wraps(original)
    def moved(seed: Any) -> Any:
        return original(_moved(seed, shift))

    return moved


def _leave_data_unseeded(module: Any) -> None:
    """Let a student's unseeded datasets shuffle differently each time, despite our seed."""
    original = module.get_seed

    @functools.wraps(original)
    def get_seed(seed: Any) -> Any:
        graph = sys.modules["tensorflow.python.framework.ops"].get_default_graph()
        own = graph.seed
        if seed is None and isinstance(own, _Ours):
            graph.seed = None
        try:
            return original(seed)
        finally:
            graph.seed = own

    module.get_seed = get_seed


def keep_streams(shell: Any) -> None:
    """Restore broken output streams after each cell, and before a traceback is shown.

    IPython flushes ``sys.stdout`` and ``sys.stderr`` after each cell and before it shows anything. If one of them is None, a
    number or closed, IPython shows nothing more, and all later output would be lost.
    """
    # A stream's parts are kept too, since a closed stream has lost them.
    kept = {
        name: (stream, stream.session, stream.pub_thread)
        for name in ("stderr", "stdout")  # the stream that is written to is restored first
        if (stream := getattr(sys, name))
    }

    def put_back() -> None:
        for name, (stream, session, thread) in kept.items():
            if _can_be_written_to(getattr(sys, name, None)):
                continue
            if not _can_be_written_to(stream):
                again = type(stream)(session, thread, name, watchfd=False)
                again.set_parent(shell.get_parent())
                kept[name] = (again, session, thread)
            setattr(sys, name, kept[name][0])
            sys.stderr.write(
                f"sys.{name} was put back after this cell: nothing could be printed to what the cell left in its place.\n"
            )

    show = shell._showtraceback  # noqa: SLF001  (IPython's hook for frontends that show tracebacks themselves)

    def show_traceback(*arguments: Any) -> None:
        put_back()
        show(*arguments)

    shell._showtraceback = show_traceback  # noqa: SLF001
    shell.events.register("post_execute", put_back)


def _can_be_written_to(stream: Any) -> bool:
    try:
        stream.write("")
        stream.flush()
    except Exception:  # noqa: BLE001  (a student's stream can raise anything)
        return False
    return not getattr(stream, "closed", False)
