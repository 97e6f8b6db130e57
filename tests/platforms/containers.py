"""Containers like those of Gradescope and PrairieLearn, without Docker: folders, Docker's capabilities, no namespaces.

bubblewrap builds the file system from nothing, and a filter refuses what Docker's default profile refuses to whoever lacks
CAP_SYS_ADMIN: namespaces and mounts. What is not as there: packages are this environment's, in place of what ``setup.sh``, or
the image, installs (`HOME` leads to it); there are no control groups; and root's home is kept from one run to the next, so
that the cage's promises are tried once and not each time.
"""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyseccomp

import netgrader_platforms
from netgrader.own_files import CAGE, GRAPHREAD, PACKAGE
from netgrader_platforms.autograder_files import HOME
from notebook_cage.host import interpreter, system
from notebook_cage.types import SHM, TMP

OURS = (PACKAGE, GRAPHREAD, Path(netgrader_platforms.__file__).parent, CAGE)
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP"),
    *("NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"),
)
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)


@dataclass
class Container:
    """What a platform keeps for one submission: the folder that becomes ``/autograder`` or ``/grade``."""

    place: Path
    inside: str
    home: Path
    memory: int | None = None
    """Of a control group's limit, as far as it can be read."""

    @contextmanager
    def started(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command in it as root."""
        with tempfile.TemporaryFile() as rules, tempfile.TemporaryDirectory() as limits:
            _filter().export_bpf(rules)
            rules.seek(0)
            argv = self._bwrap(rules.fileno())
            if self.memory is not None:
                (Path(limits) / "memory.max").write_text(f"{self.memory}\n")
                argv += ["--ro-bind", limits, "/sys/fs/cgroup"]
            argv += ["--chdir", self.inside, "--", *command]
            with subprocess.Popen(
                argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[rules.fileno()]
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in it; its exit code, and what it printed."""
        with self.started(*command) as process:
            printed, _ = process.communicate()
            return process.returncode, printed

    @property
    def results(self) -> dict:
        """What was handed back."""
        return json.loads((self.place / "results" / "results.json").read_text())

    def _bwrap(self, rules: int) -> list[str]:
        """Return the command that builds it, to be followed by more of it."""
        argv = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--clearenv", "--seccomp", str(rules)]
        argv += ["--cap-drop", "ALL", *(part for one in CAPABILITIES for part in ("--cap-add", f"CAP_{one}"))]
        for entry in system():
            argv += ["--symlink", *entry] if isinstance(entry, tuple) else ["--ro-bind", str(entry.host), entry.inside]
        argv += ["--perms", "1777", "--tmpfs", TMP]  # before what may lie in it
        places = {one.inside: one.host for one in interpreter()} | {str(one): one for one in OURS}
        for parent in sorted({str(above) for inside in places for above in Path(inside).parents}):
            argv += ["--perms", "0755", "--dir", parent]  # bubblewrap's own are closed to others
        for inside, host in places.items():
            argv += ["--ro-bind", str(host), inside]
        argv += ["--perms", "0755", "--dir", "/opt", "--symlink", sys.prefix, HOME]
        for file in ("passwd", "group", "nsswitch.conf"):
            argv += ["--ro-bind", f"/etc/{file}", f"/etc/{file}"]
        argv += ["--proc", "/proc", "--dev", "/dev"]
        argv += ["--perms", "1777", "--size", str(64 * 2**20), "--tmpfs", SHM]  # of the size that Docker gives
        argv += ["--bind", str(self.place), self.inside, "--bind", str(self.home), "/root"]
        for name, value in {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}.items():
            argv += ["--setenv", name, value]
        return argv


def _filter() -> pyseccomp.SyscallFilter:
    """Return what Docker's default profile refuses without CAP_SYS_ADMIN, of what a cage needs."""
    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in (
        "unshare",
        "setns",
        "mount",
        "umount2",
        "pivot_root",
        "fsopen",
        "open_tree",
        "move_mount",
        "mount_setattr",
    ):
        made.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    for flag in NAMESPACES:
        made.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    made.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return made


def gradescope(
    target: Path,
    archive: Path,
    home: Path,
    submission: Sequence[Path] = (),
    metadata: Mapping[str, object] | None = None,
) -> Container:
    """Build the image, and the container of a submission, as Gradescope does; without the rights that a zip keeps of files."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target / "source")
    shutil.copy(target / "source" / "run_autograder", target / "run_autograder")
    (target / "run_autograder").chmod(0o755)
    container = Container(target, "/autograder", home)
    code, printed = container.run("bash", "/autograder/source/setup.sh")
    assert code == 0, printed
    for name in ("submission", "results"):
        (target / name).mkdir()
    for file in submission:
        shutil.copy(file, target / "submission" / file.name)
    (target / "submission_metadata.json").write_text(json.dumps(metadata or {}))
    return container


def prairielearn(
    target: Path, archive: Path, home: Path, question: str, submission: Sequence[Path] = ()
) -> tuple[Container, list[str]]:
    """Build the folder of one job as PrairieLearn does; and what it starts, by the question's ``info.json``."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        info = json.loads((Path(folder) / "questions" / question / "info.json").read_text())
        options = info["externalGradingOptions"]
        for name in options["serverFilesCourse"]:
            shutil.copytree(Path(folder) / "serverFilesCourse" / name, target / "serverFilesCourse" / name)
    (target / "student").mkdir()
    for file in submission:
        shutil.copy(file, target / "student" / file.name)
    (target / "data").mkdir()
    (target / "data" / "data.json").write_text("{}")
    entrypoint = options["entrypoint"]
    (target / Path(entrypoint[0]).relative_to("/grade")).chmod(0o755)
    return Container(target, "/grade", home), entrypoint
