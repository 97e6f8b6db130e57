"""Control groups are found and created in trees of both versions, in layouts of real machines."""

from __future__ import annotations

import os

import pytest

from notebook_cage import Limits, cgroups
from notebook_cage.cgroups import ControlGroup, make_group

LIMITS = Limits(memory_bytes=1_000_000, cpu_cores=1.5)


def tree(tmp_path, mounts, own):
    (tmp_path / "mounts").write_text("".join(f"{line}\n" for line in mounts))
    (tmp_path / "own").write_text("".join(f"{line}\n" for line in own))
    return tmp_path / "mounts", tmp_path / "own"


@pytest.fixture
def version_2(tmp_path):
    """A user's session as systemd lays it out: the slice hands memory on, the scope that we are in does not."""
    root = tmp_path / "cgroup"
    scope = root / "user.slice" / "app.slice" / "session.scope"
    scope.mkdir(parents=True)
    for folder, handed_on in (
        (root, "cpu memory"),
        (root / "user.slice", ""),
        (scope.parent, "memory pids"),
        (scope, ""),
    ):
        (folder / "cgroup.subtree_control").write_text(handed_on)
        (folder / "cgroup.procs").write_text("")
    return scope, tree(tmp_path, [f"cgroup2 {root} cgroup2 rw 0 0"], ["0::/user.slice/app.slice/session.scope"])


def test_a_group_of_version_2_stands_below_the_nearest_that_hands_memory_on(version_2):
    scope, files = version_2
    group = make_group(LIMITS, *files)
    folder = group.folders["memory"]
    assert folder.parent == scope.parent
    assert (folder / "memory.max").read_text().strip() == "1000000"
    assert group.version == 2
    assert group.limits_memory
    assert not group.limits_cpu
    assert group.cgroup_procs == (folder / "cgroup.procs",)


def test_what_a_group_of_version_2_counts_is_read(version_2):
    group = make_group(LIMITS, *version_2[1])
    folder = group.folders["memory"]
    (folder / "memory.stat").write_text("anon 5\nfile 100\nshmem 7\nkernel 1\nsock 20\n")
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    (folder / "cpu.stat").write_text("usage_usec 2500000\n")
    (folder / "cgroup.procs").write_text("12\n34\n")
    assert group.memory() == 33
    assert group.ran_out_of_memory()
    assert group.cpu_seconds() == 2.5
    assert group.processes() == [12, 34]


def test_groups_of_version_1_stand_in_a_tree_for_each_kind(tmp_path):
    mounts, own = [], []
    for kind in ("memory", "cpu,cpuacct"):
        root = tmp_path / kind.replace(",", "")
        (root / "mine").mkdir(parents=True)
        mounts.append(f"cgroup {root} cgroup rw,relatime,{kind} 0 0")
        own.append(f"1:{kind}:/mine")
    group = make_group(LIMITS, *tree(tmp_path, mounts, own))
    assert set(group.folders) == {"memory", "cpu", "cpuacct"}
    assert group.folders["memory"].parent == tmp_path / "memory" / "mine"
    assert (group.folders["memory"] / "memory.limit_in_bytes").read_text().strip() == "1000000"
    assert (group.folders["cpu"] / "cpu.cfs_quota_us").read_text().strip() == "150000"
    (group.folders["memory"] / "memory.stat").write_text("total_rss 3\ntotal_shmem 4\ntotal_cache 100\n")
    (group.folders["memory"] / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    assert group.memory() == 7
    assert not group.ran_out_of_memory()


@pytest.mark.parametrize("mounts", [[], ["proc /proc proc rw 0 0"], ["cgroup2 /nowhere/at/all cgroup2 rw 0 0"]])
def test_where_no_group_can_be_made_there_is_none(tmp_path, mounts):
    assert make_group(LIMITS, *tree(tmp_path, mounts, ["0::/somewhere"])).folders == {}


def test_where_the_files_cannot_be_read_there_is_no_group(tmp_path):
    assert make_group(LIMITS, tmp_path / "missing", tmp_path / "missing").folders == {}


def test_groups_of_processes_that_are_gone_are_swept(version_2):
    scope, files = version_2
    (scope.parent / "notebook-cage-999999999-dead").mkdir()
    (scope.parent / f"notebook-cage-{os.getpid()}-alive").mkdir()
    make_group(LIMITS, *files)
    assert not (scope.parent / "notebook-cage-999999999-dead").exists()
    assert (scope.parent / f"notebook-cage-{os.getpid()}-alive").exists()


def test_a_group_that_is_gone_counts_nothing(tmp_path):
    group = ControlGroup({"memory": tmp_path / "gone", "cpu": tmp_path / "gone"}, version=2)
    assert group.memory() == 0
    assert group.processes() == []
    assert group.cpu_seconds() is None
    assert group.remove()


def test_a_group_of_version_2_that_has_memory_and_does_not_hand_it_on_is_asked_to(tmp_path, monkeypatch):
    """As the machine's first group does where no systemd has asked before."""
    root, plain = tmp_path / "cgroup", cgroups._write

    def as_a_kernel_does(path, value):
        plain(path, path.read_text() + f" {value[1:]}" if path.name == "cgroup.subtree_control" else value)

    monkeypatch.setattr(cgroups, "_write", as_a_kernel_does)
    root.mkdir()
    for name, content in (("controllers", "cpuset cpu io memory"), ("subtree_control", "io"), ("procs", "")):
        (root / f"cgroup.{name}").write_text(content)
    group = make_group(LIMITS, *tree(tmp_path, [f"cgroup2 {root} cgroup2 rw 0 0"], ["0::/"]))
    assert group.limits_memory
    assert group.limits_cpu


def test_in_a_container_a_group_of_version_1_stands_below_what_is_mounted(tmp_path):
    """There the path of the group that we are in is the machine's, and what is mounted is that group."""
    (tmp_path / "memory").mkdir()
    mounts = [f"cgroup {tmp_path / 'memory'} cgroup rw,memory 0 0"]
    group = make_group(LIMITS, *tree(tmp_path, mounts, ["4:memory:/docker/0123"]))
    assert group.folders["memory"].parent == tmp_path / "memory"
