"""Writing what is not one's own, so that it outlives the run: packages, start-up files, the gradebook, the home."""

from __future__ import annotations

import pytest

from tests.attacks.conftest import Attacked, tries

WRITING = {
    "writes the gradebook": "open(COURSE + '/gradebook.db', 'w').write('5 of 5')\nreturn True",
    "writes into the packages": """
        import numpy
        open(numpy.__file__, 'a').write('# changed')
        return True
    """,
    "writes a .pth file": """
        import site, sys, os
        found = []
        for folder in [*site.getsitepackages(), *sys.path]:
            try:
                if os.path.isdir(folder) and 'home/student' not in folder:
                    open(os.path.join(folder, 'x.pth'), 'w').write('import os'); found.append(folder)
            except OSError: pass
        return found
    """,
    "writes sitecustomize": """
        import os, sys
        open(os.path.join(os.path.dirname(os.__file__), 'sitecustomize.py'), 'w').write('pass')
        return True
    """,
    "writes over the probes": "open('checks/probes_sums.py', 'w').write('')\nreturn True",
    "puts a probe beside the probes": "open('checks/probes_more.py', 'w').write('')\nreturn True",
    "writes over our package": "import netgrader.student.capture as c\nopen(c.__file__, 'w').write('')\nreturn True",
    "writes compiled files beside our package": """
        import netgrader.student.capture as c, os
        os.makedirs(os.path.join(os.path.dirname(c.__file__), '__pycache__'), exist_ok=True)
        open(os.path.join(os.path.dirname(c.__file__), '__pycache__', 'capture.cpython-313.pyc'), 'wb').write(b'x')
        return True
    """,
    "writes a kernel specification": """
        import os, sys
        folder = os.path.join(sys.prefix, 'share/jupyter/kernels/python3')
        open(os.path.join(folder, 'kernel.json'), 'w').write('{}')
        return True
    """,
    "writes the interpreter": "import sys\nopen(sys.executable, 'ab').write(b'x')\nreturn True",
    "writes into /etc": "open('/etc/passwd', 'a').write('x::0:0:::')\nreturn True",
    "writes at the root": "open('/written', 'w').write('x')\nreturn True",
    "makes a device": "import os\nos.mknod('/tmp/disk', 0o60666, os.makedev(8, 0))\nreturn True",
    "becomes root": "import os\nos.setuid(0)\nreturn True",
    "leaves a program that runs as root": """
        import os
        open('/tmp/sh', 'wb').write(open('/bin/sh', 'rb').read())
        os.chown('/tmp/sh', 0, 0)
        return True
    """,
    "mounts over a folder": """
        import ctypes
        return ctypes.CDLL(None).mount(b'none', b'/mnt', b'tmpfs', 0, None) == 0
    """,
    "makes a namespace of its own": """
        import ctypes
        return ctypes.CDLL(None).unshare(0x10000000) == 0
    """,
    "changes its root": "import os\nos.chroot('/tmp')\nreturn True",
    "sets the clock": "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)\nreturn True",
    "kills what it sees": """
        import os
        killed = []
        for name in os.listdir('/proc'):
            if name.isdigit() and int(name) not in (os.getpid(), os.getppid(), 1, 2):
                try: os.kill(int(name), 0); killed.append(name)
                except OSError: pass
        return killed
    """,
    "signals the grader's process group": "import os\nos.kill(-1, 0)\nreturn os.getpgid(0) == 0",
    "takes the kernel's key and leaves a link in a socket's place": """
        import os
        os.unlink('/run/kernel/s-1'); os.symlink('/etc/passwd', '/run/kernel/s-1')
        return True
    """,
    "raises its own limits": """
        import resource
        resource.setrlimit(resource.RLIMIT_NPROC, (100_000, 100_000))
        return True
    """,
    "moves itself to other processors": "import os\nos.sched_setaffinity(0, range(64))\nreturn True",
    "writes to its control group": """
        import glob
        return [open(p, 'w').write('max') for p in glob.glob('/sys/fs/cgroup/**/memory.max', recursive=True)]
    """,
}


@pytest.fixture(scope="module")
def tried(attacked: Attacked) -> dict[str, str]:
    return tries(attacked, WRITING)


@pytest.mark.parametrize("name", WRITING)
def test_nothing_is_changed_that_is_not_ones_own(tried: dict[str, str], name: str) -> None:
    assert tried[name].startswith("NOTHING"), tried[name]
