"""Seeds every source of randomness in a kernel; its source is run in the kernel, before anything of the student's.

So it imports the standard library only, and does nothing to NumPy and TensorFlow before the notebook imports them: then
hooks set their seeds. Where nobody seeds, all draws follow from one seed. A student's own seeds are left as they are in
the first run and shifted in further ones.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Sequence

__all__ = ["install"]

MODULUS = 2**31 - 1


def install(seed: int, shift: int = 0) -> None:
    """Seed Python's generator now, NumPy and TensorFlow when they are imported.

    Parameters
    ----------
    seed
        What draws follow from where nobody seeds.
    shift
        What is added to the seeds that the student sets; 0 respects them.
    """
    _seed_python(seed, shift)
    hooks: dict[str, Callable[[types.ModuleType], None]] = {
        "numpy.random": lambda module: _seed_numpy(module, seed, shift),
        "tensorflow.python.framework.ops": lambda module: _seed_graphs(module, seed),
        "tensorflow.python.framework.random_seed": lambda module: _shift_tensorflow(module, shift),
        "tensorflow.python.eager.context": lambda module: _seed_eager(module, seed),
    }
    for name in [name for name in hooks if name in sys.modules]:
        hooks.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder(hooks))


class _Finder(importlib.abc.MetaPathFinder):
    """Calls a hook right after a module has been imported."""

    def __init__(self, hooks: dict[str, Callable[[types.ModuleType], None]]) -> None:
        self._hooks = hooks

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._hooks:
            return None
        hook = self._hooks.pop(fullname)  # popped first: the next line comes here again
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        @functools.wraps(run)
        def exec_module(module: types.ModuleType) -> None:
            run(module)
            hook(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _moved(seed: Any, shift: int) -> Any:
    """A student's seed in a further run. What is not a whole number stays as it is."""
    if not shift or isinstance(seed, bool) or not hasattr(seed, "__index__"):
        return seed
    return (int(seed) + shift) % MODULUS


def _seed_python(seed: int, shift: int) -> None:
    fresh = random.Random(seed)  # noqa: S311 - nothing secret comes of it
    original = random.Random.seed

    @functools.wraps(original)
    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        # Without a seed of its own a generator would take one from the system; these follow one after the other.
        original(self, fresh.getrandbits(64) if a is None else _moved(a, shift), version)

    original(random._inst, seed)  # noqa: SLF001 - the generator behind random.random
    random.Random.seed = seeded  # type: ignore[method-assign]
    random.seed = random._inst.seed  # noqa: SLF001


def _seed_numpy(module: Any, seed: int, shift: int) -> None:
    fresh = random.Random(seed + 1)  # noqa: S311
    # What unseeded generators of NumPy take their seeds from, the new ones and the old.
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
    """Give each new graph a seed: TensorFlow derives those of its ops from it, in the order they are made."""
    original = module.Graph.__init__

    @functools.wraps(original)
    def initialise(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        self.seed = seed % MODULUS

    module.Graph.__init__ = initialise


def _shift_tensorflow(module: Any, shift: int) -> None:
    if not shift:
        return
    set_seed, set_random_seed, get_seed = module.set_seed, module.set_random_seed, module.get_seed
    module.set_seed = lambda seed: set_seed(_moved(seed, shift))
    module.set_random_seed = lambda seed: set_random_seed(_moved(seed, shift))
    module.get_seed = lambda op_seed: get_seed(_moved(op_seed, shift))


def _seed_eager(module: Any, seed: int) -> None:
    module.set_global_seed(seed % MODULUS)
