"""Each protection stops an attack that succeeds without it: the same program with all protections, and with one off.

One part is off at a time, and the attack then reaches only what the test put there for it. Programs start in a new
interpreter and as forks of a zygote.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest

from notebook_cage import Limits, Mount, Plan
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.zygote import Preload, Zygote

if TYPE_CHECKING:
    from collections.abc import Iterator


ALLOW_ALL = b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # a filter of one instruction: return SECCOMP_RET_ALLOW
MARKER = "somebody-elses-process"
MINE = "what-only-its-owner-may-read"
SMALL = Limits(wall_seconds=20, memory_bytes=400_000_000, disk_bytes=20_000_000, processes=30)
TRIED = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt():
{body}
try: print('GOT' if attempt() else 'NOTHING')
except Exception as error: print('NOTHING', type(error).__name__)
"""


class Weakened(BubblewrapSandbox):
    """A cage with some of its options off: each is left out with as many values as follow it."""

    def __init__(self, *off: str, values: int = 0, instead: str | None = None) -> None:
        super().__init__()
        self._off, self._values, self._instead = off, values, instead

    def _options(self, plan: Plan, user: int, descriptors: list[int], *, watched: bool) -> Iterator[str]:
        yield from self._without(list(super()._options(plan, user, descriptors, watched=watched)))

    def _limiter(self, plan: Plan, user: int, *, watched: bool) -> list[str]:
        return list(self._without(super()._limiter(plan, user, watched=watched)))

    def _limits(self, plan: Plan, *, watched: bool) -> dict[str, int]:
        found = super()._limits(plan, watched=watched)
        off = {name for name in found if f"--{name.lower()}" in self._off}
        name, _, value = (self._instead or "").removeprefix("--").partition("=")
        return {
            key: int(value) if key.lower() == name else most for key, most in found.items() if value or key not in off
        }

    def _without(self, options: list[str]) -> Iterator[str]:
        skip = 0
        for option in options:
            if skip:
                skip -= 1
            elif option.partition("=")[0] in self._off:
                skip = self._values
                if self._instead is not None:
                    yield self._instead
            else:
                yield option


class Unfiltered(BubblewrapSandbox):
    """A cage without a filter of system calls."""

    def _options(self, plan: Plan, user: int, descriptors: list[int], *, watched: bool) -> Iterator[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("notebook_cage.bubblewrap.filter_program", lambda **_: ALLOW_ALL)
            yield from list(super()._options(plan, user, descriptors, watched=watched))

    def _request(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        return {**super()._request(*arguments, **options), "filter": ALLOW_ALL.hex()}


class Online(Weakened, Unfiltered):
    """A cage with some of its options off and without the filter: each alone keeps programs from the network."""


ROWS = {
    row["name"]: row for row in tomllib.loads(Path(__file__).with_name("protections.toml").read_text())["protection"]
}
# A fork that would stay root refuses to run anything; and only root may join namespaces of the machine's own.
OF_ROOT = {"being nobody"}
OF_ROOTS_FORKS = {"a network of its own", "processes of its own"}
AS_ROOT = os.geteuid() == 0
TRIED_HERE = [name for name in ROWS if AS_ROOT or name not in OF_ROOT]
BY_FORKS = [name for name in ROWS if name not in OF_ROOT and (AS_ROOT or name not in OF_ROOTS_FORKS)]


def without(name: str) -> BubblewrapSandbox:
    """A cage that lacks a part."""
    row = ROWS[name]
    if "off" not in row:
        return BubblewrapSandbox() if "raised" in row else Unfiltered()
    kind = Online if row["off"] == ["--unshare-net"] else Weakened
    return kind(*row["off"], values=row.get("values", 0), instead=row.get("instead"))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    (folder / "private").write_text(MINE)
    (folder / "private").chmod(0o600)
    folder.chmod(0o777)
    return folder


@pytest.fixture(scope="module")
def listening() -> Iterator[str]:
    """The name of a local socket without a file, which belongs to the machine's network namespace."""
    name = f"netgrader-tests-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        yield name


@pytest.fixture(scope="module", autouse=True)
def somebody_else() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", MARKER])
    yield
    process.kill()
    process.wait()


def tried(sandbox: BubblewrapSandbox, name: str, limits: str, listened: str, folder: Path) -> str:
    row = ROWS[name]
    argv = [sys.executable, "-I", "-S", "-c", TRIED.format(body=indent(row["attack"].strip("\n"), "    "))]
    argv += [listened, MARKER[::-1], MINE]
    most = Limits(**row[limits]) if limits in row else SMALL
    caged = sandbox.start(Plan(argv, [Mount(folder, "/run/given")], limits=most, warm=True), stdout=subprocess.PIPE)
    assert caged.stdout is not None
    said = caged.stdout.read().decode()
    caged.close()
    return said.strip()


def assert_held_off(name: str, given: Path, listening: str, zygote: Zygote | None = None) -> None:
    caged, weakened = BubblewrapSandbox(zygote=zygote), without(name)
    weakened._zygote = zygote
    assert "GOT" not in tried(caged, name, "limits", listening, given)
    assert tried(weakened, name, "raised" if "raised" in ROWS[name] else "limits", listening, given) == "GOT"


@pytest.mark.parametrize("name", TRIED_HERE)
def test_an_attack_succeeds_only_without_its_protection(name: str, given: Path, listening: str) -> None:
    assert_held_off(name, given, listening)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote.start(BubblewrapSandbox(), Preload()) as zygote:
        yield zygote


@pytest.mark.parametrize("name", BY_FORKS)
def test_a_fork_that_attacks_is_held_off_by_what_it_succeeds_without(
    name: str, given: Path, listening: str, zygote: Zygote
) -> None:
    assert_held_off(name, given, listening, zygote)
    assert zygote.alive
