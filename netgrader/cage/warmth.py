"""The sandbox with this process's own warmed process, started once: `warm_sandbox`, `warm_lab`.

Where there can be none, or one does not keep the promises of a cage, runs begin from nothing as ever.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing.util
import os
import threading
from typing import TYPE_CHECKING, Any, TypeGuard

from netgrader.cage.api import Sandbox, SandboxError
from netgrader.cage.bubblewrap import BubblewrapSandbox
from netgrader.cage.choose import open_sandbox
from netgrader.cage.kept import warm_holds
from netgrader.cage.nursery import AT_IMPORT, PACKAGES, Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["COLD", "nursery_environment", "warm_lab", "warm_sandbox"]

LOG = logging.getLogger(__name__)
COLD = "NETGRADER_COLD"
"""An environment variable: if it is set, every notebook imports its packages anew."""
LIVES = 3
"""How often one that was lost is started anew."""


def nursery_environment(threads: int) -> dict[str, str]:
    """The environment that packages are imported in, for runs with that many threads."""
    count = str(threads)
    return {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        # What a kernel sets before a notebook imports Matplotlib.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def warm_sandbox(
    name: str, env: Mapping[str, str], files: Callable[[Sandbox], Mapping[str, bytes]] | None = None
) -> Sandbox:
    """The sandbox called `name`, with a warmed process if this machine allows one; returns before that is ready.

    Parameters
    ----------
    name
        As for `netgrader.cage.open_sandbox`.
    env
        The environment that packages are imported in.
    files
        Says what stands in its home folder, given a sandbox.

    Raises
    ------
    SandboxError
        If there is no such sandbox.
    """
    sandbox = open_sandbox(name)
    if not _may_be_warm(sandbox):
        return sandbox
    nursery = _keeper(_kind(env)).nursery(sandbox, env, files)
    return sandbox if nursery is None else type(sandbox)(nursery=nursery)


def warm_lab(
    name: str, env: Mapping[str, str], files: Callable[[Sandbox], Mapping[str, bytes]] | None = None
) -> Mapping[str, Any]:
    """Options of a `netgrader.lab.caged.CagedLab` that is to begin as a fork of this process's warmed process.

    There are none where that is not to be had, nor for the first lab of a process that has run no notebook: for one alone it
    does not pay. For the parameters see `warm_sandbox`.
    """
    keeper = _keeper(_kind(env))
    if not keeper.wanted():
        return {}
    sandbox = open_sandbox(name)
    nursery = keeper.nursery(sandbox, env, files) if _may_be_warm(sandbox) else None
    try:
        return {} if nursery is None else {"nursery": nursery.address}
    except SandboxError as error:
        LOG.warning("Each notebook imports its packages anew: %s", error)
        return {}


def _may_be_warm(sandbox: Sandbox) -> TypeGuard[BubblewrapSandbox]:
    return isinstance(sandbox, BubblewrapSandbox) and not os.environ.get(COLD) and warm_holds()


def _kind(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, env.get(name, "")) for name in AT_IMPORT)


@functools.cache
def _keeper(_key: tuple[tuple[str, str], ...]) -> _Keeper:
    return _Keeper()


class _Keeper:
    """Keeps one warmed process for each kind of environment, as long as this process lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nursery: Nursery | None = None
        self._lives = LIVES
        self._labs = 0

    def wanted(self) -> bool:
        """Whether it pays for one more lab."""
        with self._lock:
            self._labs += 1
            return self._nursery is not None or self._labs > 1

    def nursery(
        self,
        sandbox: BubblewrapSandbox,
        env: Mapping[str, str],
        files: Callable[[Sandbox], Mapping[str, bytes]] | None,
    ) -> Nursery | None:
        """The one there is; None if there can be none."""
        with self._lock:
            if self._nursery is not None and self._nursery.alive:
                return self._nursery
            if self._nursery is not None:
                self._nursery.close()
            if self._lives <= 0:
                return None
            self._lives -= 1
            try:
                self._nursery = sandbox.warm(PACKAGES, env, files(sandbox) if files is not None else None)
            except SandboxError as error:
                LOG.warning("Each notebook imports its packages anew: %s", error)
                self._lives = 0
                return None
            # Runs at the end of a process that multiprocessing started, too, where atexit does not.
            multiprocessing.util.Finalize(None, self._nursery.close, exitpriority=0)
            return self._nursery
