"""Reading and writing what is not one's own, tried from a container; where there is no podman, nothing is graded in one."""

from __future__ import annotations

import pytest

from netgrader.grading.stages import Options
from netgrader.sandbox import SandboxError, open_sandbox
from tests.attacks.attacked import Attack
from tests.attacks.conftest import Attacked, tries
from tests.attacks.test_reading import READING
from tests.attacks.test_writing import WRITING

CONTAINERS = {
    "looks for what tells that it is a container": """
        known = ('/.dockerenv', '/run/secrets', '/etc/containers', '/var/lib/containers')
        return [path for path in known if os.path.exists(path)]
    """,
    "talks to the runtime": """
        import glob, socket
        found = glob.glob('/run/**/*.sock', recursive=True) + ['/run/cage/s', '/run/podman/podman.sock', '/var/run/docker.sock']
        talked = []
        for path in found:
            try:
                socket.socket(socket.AF_UNIX).connect(path)
                talked.append(path)
            except OSError:
                pass
        return talked
    """,
    "ends the first process": """
        for number in (9, 15, 19): os.kill(1, number)
        return open('/proc/1/environ', 'rb').read()
    """,
    "changes what the kernel is told of": """
        for path in ('/sys/fs/cgroup', '/sys/kernel', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger'):
            if os.access(path, os.W_OK) or os.path.isdir(path) and os.listdir(path):
                return path
    """,
}


def test_nothing_is_read_or_changed_from_a_container(attacked: Attacked) -> None:
    attacked.options = Options(sandbox="container")
    try:
        open_sandbox("container")
    except SandboxError:
        with pytest.raises(SandboxError, match="Type: "):
            attacked.grade(Attack("cannot be tried"))
        attacked.options = Options()
        return
    attempts = {**READING, **WRITING, **{name: f"\n        import os{body}" for name, body in CONTAINERS.items()}}
    got = tries(attacked, attempts)
    attacked.options = Options()
    assert {name: text for name, text in got.items() if not text.startswith("NOTHING")} == {}
    assert not any("NameError" in text for text in got.values())  # each was really tried
