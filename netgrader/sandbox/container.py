"""A cage by podman, a container runtime: the same promises as bubblewrap's, kept by somebody else's program.

No image is needed: a container's file system is a folder of empty folders and what the plan names, mounted on it. The
runtime is asked for all that it can keep (namespaces, no capabilities, no new privileges, our filter of system calls, sizes,
limits); the rest is kept by `netgrader.sandbox.caged` from outside, as for bubblewrap.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from netgrader.sandbox.api import HOME, SHM, TMP, Mount, Plan, SandboxError
from netgrader.sandbox.caged import Caged, Launch
from netgrader.sandbox.cgroups import GAP, limit_on_sockets
from netgrader.sandbox.container_group import ContainerGroup, group_roots
from netgrader.sandbox.environment import basic_environment
from netgrader.sandbox.filter import filter_profile, filter_program
from netgrader.sandbox.packages import interpreter, python, system
from netgrader.sandbox.prepared import (
    USER,
    accounts,
    below_home,
    hand_over,
    new_user,
    processors,
    see_that_it_is_readable,
)
from netgrader.sandbox.scratch import remove_tree, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ContainerSandbox", "Runtime", "find_runtime"]

LINE = "/run/cage"
"""Where the first process finds the socket that it lives by."""
FIRST = Path(__file__).with_name("container_first.py")
RUNNER = Path(__file__).with_name("container_runner.py")
INSTALL = "sudo apt-get install -y podman runc uidmap"
ASKED_SECONDS = 60.0
_SEARCHED = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# What a runtime's own command needs to know of us; nothing of it is seen inside.
_HANDED_ON = (
    "HOME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "CONTAINERS_CONF",
)


@dataclass(frozen=True)
class Runtime:
    """A container runtime that works here.

    Attributes
    ----------
    command
        Its path, with the options that stand before a subcommand.
    limits
        Whether it can set limits by control groups, for the user that we are.
    """

    command: tuple[str, ...]
    limits: bool


class ContainerSandbox:
    """Cages by podman, for root and (rootless) for an ordinary user.

    Raises
    ------
    SandboxError
        If no runtime is installed or it does not work here; the sentence says what to install.
    """

    name = "container"
    caged = True

    def __init__(self) -> None:
        self._runtime = find_runtime()
        self._root = os.geteuid() == 0

    @property
    def memory_gap(self) -> str:
        """Empty where the runtime sets limits by control groups."""
        return "" if self._runtime.limits else GAP

    def seen(self, mount: Mount) -> str:
        """The path that the mount names."""
        return mount.inside

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` in a container; see `netgrader.sandbox.api.Sandbox.start`."""
        user = new_user() if self._root else USER
        for mount in (*plan.mounts, *interpreter()):
            see_that_it_is_readable(mount)
        folders = [mount.host for mount in plan.mounts if mount.writable]
        for writable in folders:
            hand_over(writable, user)
        name = f"netgrader-{os.getpid()}-{secrets.token_hex(8)}"
        folder = scratch_folder("c", Path(TMP))  # a socket's path is short by decree
        with contextlib.ExitStack() as failing:
            failing.callback(remove_tree, folder)
            mounts = self._lay_out(folder, plan, user)
            (folder / "filter.json").write_bytes(filter_profile())
            asked = {
                "command": [*self._runtime.command, *self._options(name, folder, plan, user, mounts)],
                "socket": str(folder / "line" / "s"),
                "roots": group_roots() if self._runtime.limits else {},
                "sockets": limit_on_sockets(plan.limits),
                "program": self._program(plan),
            }
            (folder / "run.json").write_text(json.dumps(asked))
            outside, inside = os.pipe()
            failing.pop_all()
        launch = Launch(
            argv=[
                *_pinned(plan, by_group=self._runtime.limits),
                *(sys.executable, "-I", "-S", str(RUNNER), str(folder), str(inside), str(os.getpid())),
            ],
            env=_own_environment(),
            limits=plan.limits,
            cwd=Path("/"),
            group=ContainerGroup.of(folder, limited=self._runtime.limits),
            folders=folders,
            memory_folders=(TMP, SHM, HOME),
            descriptors=[inside],
            status=outside,
            own_processes=True,
            cleanup=lambda: self._clean_up(name, folder),
        )
        return Caged(launch, stdin=stdin, stdout=stdout)

    def _clean_up(self, name: str, folder: Path) -> None:
        """Remove what was made for the run; where the runner was killed while the runtime was at work, wait for that.

        A runtime that is killed between making a container and starting it leaves both there. Left to itself it starts
        the container, whose first process finds nobody to live for.
        """
        if not (folder / "gone").exists():
            deadline = time.monotonic() + ASKED_SECONDS
            while _at_work(name) and time.monotonic() < deadline:
                time.sleep(0.02)
            remove = [*self._runtime.command, "rm", "--force", "--ignore", "--time=0", name]
            with contextlib.suppress(subprocess.TimeoutExpired):  # its processes are gone; a name is left
                subprocess.run(remove, env=_own_environment(), check=False, capture_output=True, timeout=ASKED_SECONDS)
        remove_tree(folder)

    def _program(self, plan: Plan) -> dict[str, object]:
        """What the first process starts, and with which environment and limits."""
        argv = list(plan.argv)
        argv[0] = argv[0] if "/" in argv[0] else shutil.which(argv[0], path="/usr/bin:/bin") or argv[0]
        # What a watchdog sees too late. Address space is more than memory: libraries, stacks, the allocator's.
        limits = {} if self._runtime.limits else {"as": plan.limits.memory_bytes + 2_000_000_000}
        return {
            "argv": argv,
            "env": {**basic_environment(), **plan.env},
            "cwd": str(PurePosixPath(HOME) / plan.cwd),
            "limits": limits,
            "filter": filter_program(watched=not self._runtime.limits).hex(),
        }

    def _lay_out(self, folder: Path, plan: Plan, user: int) -> list[Mount]:
        """Make the folder that becomes the container's root, with a place for each mount; the mounts."""
        root, line = folder / "root", folder / "line"
        for path in (root, line):
            _folders(path)
        for name in ("proc", "dev", "sys", "tmp", "run", "etc"):
            _folders(root / name)
        _folders(root / HOME[1:] / plan.cwd, mode=0o777)
        mounts = [Mount(line, LINE)]
        for entry in system():
            if isinstance(entry, tuple):
                target, name = entry
                (root / name[1:]).symlink_to(target)
            else:
                mounts.append(entry)
        mounts += [*interpreter(), *plan.mounts]
        for mount in mounts:
            _place(root, mount)
        for name, text in accounts(user).items():
            (root / name[1:]).write_text(text)
            (root / name[1:]).chmod(0o644)
        for name, content in plan.files.items():
            path = root / str(below_home(name))[1:]
            _folders(path.parent, mode=0o777)
            path.write_bytes(content)
            path.chmod(0o666)
        return mounts

    def _options(self, name: str, folder: Path, plan: Plan, user: int, mounts: Sequence[Mount]) -> Iterator[str]:
        limits = plan.limits
        yield from (
            "run",
            "--rm",
            f"--name={name}",
            "--quiet",
            "--pull=never",
            "--log-driver=none",
            "--sdnotify=ignore",
        )
        # namespaces of its own, with nothing in them
        yield from ("--network=none", "--ipc=private", "--pid=private", "--uts=private", "--cgroupns=private")
        yield from ("--hostname=notebook", "--no-hosts", "--passwd=false")
        # an unprivileged user; as an ordinary user it is we, under another number
        if self._root:
            yield f"--user={user}:{user}"
        else:
            yield from (f"--userns=keep-id:uid={USER},gid={USER}", f"--user={USER}:{USER}")
        yield from ("--cap-drop=all", "--security-opt=no-new-privileges")
        yield from (f"--security-opt=seccomp={folder / 'filter.json'}", "--security-opt=label=disable")
        yield from ("--security-opt=mask=/sys:/dev/mqueue", "--unsetenv-all", "--http-proxy=false")
        # a file system that is closed, but for folders in memory
        yield from ("--read-only", "--read-only-tmpfs=false", "--image-volume=ignore", "--workdir=/", "--entrypoint=")
        for path, size in ((TMP, limits.disk_bytes), (SHM, limits.disk_bytes // 4), (HOME, limits.disk_bytes)):
            yield f"--tmpfs={path}:rw,exec,nosuid,nodev,mode=1777,size={size}"
        for mount in mounts:
            yield f"--mount={_csv('type=bind', f'src={mount.host}', f'dst={mount.inside}', f'ro={_said(not mount.writable)}')}"
        yield from (
            f"--ulimit={kind}={limit}:{limit}"
            for kind, limit in (
                ("nproc", limits.processes),
                ("nofile", limits.open_files),
                ("fsize", limits.file_bytes),
                ("core", 0),
                ("memlock", 65536),
            )
        )
        if self._runtime.limits:
            yield from (f"--memory={limits.memory_bytes}", f"--memory-swap={limits.memory_bytes}")
            yield from (f"--cpus={limits.cpu_cores}", f"--pids-limit={limits.processes + 1}")
        yield from ("--rootfs", str(folder / "root"), python(), "-I", "-S", "-c", FIRST.read_text(), f"{LINE}/s")


@functools.cache
def find_runtime() -> Runtime:
    """The runtime to use.

    Raises
    ------
    SandboxError
        If there is none that works.
    """
    podman = shutil.which("podman", path=f"{os.environ.get('PATH', '')}:{_SEARCHED}")
    if podman is None:
        raise SandboxError(f"There is no container runtime podman. Type: {INSTALL}")
    command = [podman]
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    if not unified:
        # crun, which podman prefers, starts nothing beside control groups of both versions.
        runc = shutil.which("runc", path=f"{os.environ.get('PATH', '')}:{_SEARCHED}")
        if runc is None:
            raise SandboxError(
                "This machine has control groups of version 1, for which podman needs runc. "
                "Type: sudo apt-get install -y runc"
            )
        command.append(f"--runtime={runc}")
    try:
        asked = subprocess.run(
            [*command, "info", "--format=json"],
            env=_own_environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=ASKED_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"podman does not answer within {ASKED_SECONDS:.0f} seconds. Type: podman info") from error
    if asked.returncode != 0:
        last = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        raise SandboxError(f"podman does not work here: {last[:300]}. Type: {INSTALL}")
    host = json.loads(asked.stdout)["host"]
    if os.geteuid() != 0 and not host.get("idMappings", {}).get("uidmap", [{}])[1:]:
        raise SandboxError(
            "podman has no ids to give to a container of yours. Type: sudo apt-get install -y uidmap && "
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER && podman system migrate"
        )
    return Runtime(tuple(command), limits=os.geteuid() == 0 or (unified and _delegated(host)))


def _delegated(host: dict[str, list[str]]) -> bool:
    return {"memory", "pids", "cpu"} <= set(host.get("cgroupControllers") or ())


def _own_environment() -> dict[str, str]:
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    said = {"PATH": f"{_SEARCHED}", "LANG": "C.UTF-8", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}
    return {"HOME": str(Path.home()), **handed_on, **said}


def _pinned(plan: Plan, *, by_group: bool) -> list[str]:
    """A command that keeps what follows to some processors."""
    chosen = processors(plan.limits) if plan.limits.cpus is not None or not by_group else []
    taskset = shutil.which("taskset", path=_SEARCHED)
    if chosen and taskset is None:
        raise SandboxError("taskset is missing. Type: sudo apt-get install -y util-linux")
    return [str(taskset), "--cpu-list", ",".join(map(str, chosen))] if chosen else []


def _at_work(name: str) -> bool:
    """Whether a process of the runtime's still names the container."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if name.encode() in (process / "cmdline").read_bytes():
                return True
    return False


def _folders(path: Path, mode: int = 0o755) -> None:
    """Make `path` and what is missing above it, open to everybody as `mode` says."""
    missing = [parent for parent in (path, *path.parents) if not parent.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for made in missing:
        made.chmod(mode)


def _place(root: Path, mount: Mount) -> None:
    """An empty file or folder to mount on."""
    place = root / mount.inside[1:]
    in_home = PurePosixPath(HOME) in PurePosixPath(mount.inside).parents
    if any(above.is_symlink() for above in (place, *place.parents) if root in above.parents):
        return  # a folder of the system's, which is mounted by its own name
    if mount.host.is_dir():
        _folders(place.parent, mode=0o777 if in_home else 0o755)
        _folders(place)
    else:
        _folders(place.parent, mode=0o777 if in_home else 0o755)
        place.touch()


def _csv(*fields: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def _said(truth: bool) -> str:
    return "true" if truth else "false"
