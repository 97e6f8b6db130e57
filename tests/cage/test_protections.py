"""Each protection holds off an attack that succeeds without it: the same program in a cage as it is, and with one part off.

What is off is one part at a time, and what the attack then reaches is something that the test put there for it. Programs
begin from nothing and as forks of a zygote.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from notebook_cage import Limits, Mount, Plan
from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.zygote import Preload, Zygote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


@dataclass(frozen=True)
class Protection:
    """A part of the cage, an attack's body that returns whether it succeeded, and the cage without that part."""

    name: str
    attack: str
    without: BubblewrapSandbox
    limits: Limits = SMALL
    roomy: Limits | None = None


def calls(name: str, body: str) -> Protection:
    return Protection(f"the filter of system calls: {name}", body, Unfiltered())


PROTECTIONS = [
    Protection(
        "a network of its own",
        "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0' + sys.argv[1])\nreturn True",
        Weakened("--unshare-net"),
    ),
    Protection(
        "processes of its own",
        "import glob\nwanted = sys.argv[2][::-1].encode()\n"
        "for name in glob.glob('/proc/[0-9]*/cmdline'):\n    try:\n"
        "        if wanted in open(name, 'rb').read(): return name\n"
        "    except OSError: continue  # it has ended meanwhile\n",
        Weakened("--unshare-pid"),
    ),
    Protection(
        "mounts that are read only",
        "open(f'/run/given/new-{os.getuid()}', 'w').write('x')\nreturn True",
        Weakened("--ro-bind", instead="--bind"),
    ),
    Protection(
        "a size of folders in memory",
        "with open('/tmp/big', 'wb') as out:\n    for _ in range(60): out.write(bytes(1_000_000))\nreturn True",
        Weakened("--size", values=1),
    ),
    Protection(
        "a number of processes",
        "import time\nfor _ in range(60):\n    if os.fork() == 0:\n        time.sleep(2)\n        os._exit(0)\nreturn True",
        Weakened("--nproc"),
    ),
    Protection(
        "a number of open files",
        "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(1_500)]\nreturn len(held)",
        Weakened("--nofile", instead="--nofile=4096"),
    ),
    Protection(
        "a size of files",
        "with open('/tmp/big', 'wb') as out: out.truncate(10**12)\nreturn os.path.getsize('/tmp/big')",
        Weakened("--fsize"),
    ),
    Protection(
        "a limit on memory",
        "held = bytearray(b'x') * 600_000_000\nreturn len(held)",
        BubblewrapSandbox(),
        roomy=Limits(wall_seconds=20, memory_bytes=2_000_000_000),
    ),
    Protection(
        "a limit on time",
        "import time\ntime.sleep(1.5)\nreturn True",
        BubblewrapSandbox(),
        limits=Limits(wall_seconds=0.7),
        roomy=Limits(wall_seconds=20),
    ),
    calls("memory that no process maps", "return libc.memfd_create(b'x', 0) >= 0"),
    calls("room on the disk taken without writing", "return libc.fallocate(os.open('/tmp/x', 66), 0, 0, 1000) == 0"),
    calls("being traced", "return libc.ptrace(0, 0, 0, 0) == 0"),
    calls("a fixed layout of memory", "return libc.personality(0x0040000) >= 0"),
    calls("a choice of processors", "os.sched_setaffinity(0, os.sched_getaffinity(0))\nreturn True"),
    calls("sockets of the internet", "import socket\nsocket.socket(socket.AF_INET)\nreturn True"),
    calls("sockets of the internet's version 6", "import socket\nsocket.socket(socket.AF_INET6)\nreturn True"),
    calls("keys of the kernel", "return libc.syscall(250, 0, -3, 1) != -1 or ctypes.get_errno() not in (1, 38)"),
    calls(
        "sockets to the machine's host",
        "import socket\ntry: socket.socket(16 + 22, socket.SOCK_SEQPACKET)\n"
        "except OSError as error: return error.errno != 1\nreturn True",
    ),
]
if os.geteuid() == 0:
    PROTECTIONS.append(
        Protection(
            "being nobody",
            "return sys.argv[3] in open('/run/given/private').read()",
            # The arguments of setpriv: two ids, the groups, the bounding set, the inherited capabilities, the flag.
            Weakened("/usr/bin/setpriv", values=10),
        )
    )


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


def tried(
    sandbox: BubblewrapSandbox, protection: Protection, listened: str, folder: Path, zygote: Zygote | None = None
) -> str:
    body = "\n".join("    " + line for line in protection.attack.splitlines())
    argv = [sys.executable, "-I", "-S", "-c", TRIED.format(body=body), listened, MARKER[::-1], MINE]
    plan = Plan(argv, [Mount(folder, "/run/given")], limits=protection.limits, warm=True)
    if protection.roomy is not None and sandbox is protection.without:
        plan = replace(plan, limits=protection.roomy)
    sandbox._zygote = zygote
    caged = sandbox.start(plan, stdout=subprocess.PIPE)
    assert caged.stdout is not None
    said = caged.stdout.read().decode()
    caged.close()
    return said.strip()


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.name)
def test_an_attack_is_held_off_by_what_it_succeeds_without(protection: Protection, given: Path, listening: str) -> None:
    assert "GOT" not in tried(BubblewrapSandbox(), protection, listening, given)
    assert tried(protection.without, protection, listening, given) == "GOT"


# A fork that would stay root refuses to run anything; and only root may join namespaces of the machine's own.
BY_FORKS = [one for one in PROTECTIONS if one.name != "being nobody"]
if os.geteuid() != 0:
    BY_FORKS = [one for one in BY_FORKS if one.name not in ("a network of its own", "processes of its own")]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote.start(BubblewrapSandbox(), Preload()) as zygote:
        yield zygote


@pytest.mark.parametrize("protection", BY_FORKS, ids=lambda protection: protection.name)
def test_a_fork_that_attacks_is_held_off_by_what_it_succeeds_without(
    protection: Protection, given: Path, listening: str, zygote: Zygote
) -> None:
    assert "GOT" not in tried(BubblewrapSandbox(), protection, listening, given, zygote)
    assert tried(protection.without, protection, listening, given, zygote) == "GOT"
    assert zygote.alive
