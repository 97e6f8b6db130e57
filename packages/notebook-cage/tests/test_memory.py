"""Kernel memory outside processes is limited, with a control group and without; each part of the limit is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.filter import filter_program
from notebook_cage.self_tests import HOARDS, _SelfTests
from notebook_cage.watch import process_memory

PAGES, FILES, UNIX, PIPES = HOARDS


class Mappable(BubblewrapSandbox):
    """A watched cage whose ``/dev/zero`` can be mapped, as any other can."""

    def _options(self, *arguments, **options):
        given = list(super()._options(*arguments, **options))
        place = given.index("--dev-bind")
        yield from [*given[:place], *given[place + 3 :]]


def held(sandbox, what, tmp_path):
    return _SelfTests(sandbox, tmp_path).memory_in(what).held


@pytest.mark.parametrize("what", HOARDS)
def test_the_kernel_limits_it_where_there_is_a_control_group_and_a_watchdog_else(what, tmp_path):
    assert held(BubblewrapSandbox(), what, tmp_path)
    assert held(BubblewrapSandbox(groups=False), what, tmp_path)


WITHOUT = {
    PAGES: {"bubblewrap.filter_program": lambda **_: filter_program()},
    FILES: {"supervisor.tmpfs_use": lambda *_: (0, 0)},
    UNIX: {"supervisor.socket_memory": lambda _: 0},
    PIPES: {"watch._open_files": lambda _: 0},
}


@pytest.mark.parametrize("what", WITHOUT)
def test_without_a_control_group_it_is_not_limited_where_nobody_looks(what, tmp_path, monkeypatch):
    for function, instead in WITHOUT[what].items():
        monkeypatch.setattr(f"notebook_cage.{function}", instead)
    assert not held(BubblewrapSandbox(groups=False), what, tmp_path)


def test_pages_of_a_device_that_can_be_mapped_are_seen_nowhere(tmp_path):
    assert not held(Mappable(groups=False), PAGES, tmp_path)


def test_tables_of_pages_count():
    """A page of tables for each page of zeros that is only read, which is no memory of the process's own."""
    program = (
        "import mmap\nheld = mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)\n"
        "held.madvise(15)\nfor at in range(0, 1 << 36, 1 << 21): held[at]\nprint('read', flush=True)\ninput()"
    )
    command = [sys.executable, "-I", "-S", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"read\n"
        seen = process_memory([process.pid], enough=0)
        process.communicate(b"\n")
    assert seen > 100_000_000
