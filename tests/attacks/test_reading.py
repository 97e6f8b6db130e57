"""Reading what is not one's own: tests, solutions, the gradebook, other students, the machine. One kernel tries all."""

from __future__ import annotations

import pytest

from tests.attacks.conftest import Attacked, tries

HUNT = """
import os, stat
found = []
for folder, below, files in os.walk('/'):
    # What is everywhere the same is left out: it would take a minute.
    below[:] = [name for name in below if os.path.join(folder, name) not in ('/proc', '/sys', '/usr') and name != 'site-packages']
    for name in files:
        path = os.path.join(folder, name)
        try:
            if stat.S_ISREG(os.lstat(path).st_mode) and os.path.getsize(path) < 200_000:
                with open(path, 'rb') as file:
                    if MARK in file.read(): found.append(path)
        except OSError: pass
return found
"""
OF_EVERY_PROCESS = """
import glob
found = []
for name in glob.glob('/proc/[0-9]*/{file}'):
    try:
        if {wanted} in open(name, 'rb').read(): found.append(name)
    except OSError: pass  # it has ended, or is somebody else's
return found
"""
READING = {
    "looks for the hidden tests beside the notebook": "import glob\nreturn glob.glob('**/test_*.py', recursive=True)",
    "looks for the hidden tests where the course has them": (
        "import os\nplaces = ('../../grader_tests', '../../../grader_tests', COURSE + '/grader_tests')\n"
        "return [place for place in places if os.path.exists(place)]"
    ),
    "looks for the solutions in source": (
        "import os\nreturn [p for p in ('../../source', '../../../source', COURSE + '/source', COURSE) if os.path.exists(p)]"
    ),
    "opens the gradebook": "import os\nreturn [p for p in (COURSE + '/gradebook.db', '../../gradebook.db') if os.path.exists(p)]",
    "opens another student's notebook": (
        "import os\nreturn os.path.exists(COURSE + '/submitted/bertha') or os.path.exists('../bertha')"
    ),
    "opens other submissions in the folder it came from": (
        "import os\nreturn os.path.exists(os.path.dirname(COURSE) + '/handed-in')"
    ),
    "reads the grader's environment": "import os\nreturn [v for v in os.environ.values() if MARK.decode() in v]",
    "reads every process's environment": OF_EVERY_PROCESS.format(file="environ", wanted="MARK"),
    "reads every process's command line for paths": OF_EVERY_PROCESS.format(file="cmdline", wanted="COURSE.encode()"),
    "counts the machine's processes": "import os\nn = sum(p.isdigit() for p in os.listdir('/proc'))\nreturn n > 6 and n",
    "reads the mounts for paths of the course": """
        return [line for line in open('/proc/self/mountinfo') if COURSE in line]
    """,
    "climbs through the root of the first process": "import os\nreturn os.path.exists('/proc/1/root' + COURSE)",
    "climbs through descriptors of other processes": """
        import glob, os
        found = []
        for name in glob.glob('/proc/[0-9]*/fd/*'):
            try:
                if COURSE in os.readlink(name): found.append(os.readlink(name))
            except OSError: pass
        return found
    """,
    "looks for the repository around the package": """
        import netgrader, pathlib
        above = pathlib.Path(netgrader.__file__).resolve().parents
        return [str(p) for a in above for p in (a / 'grader_tests', a / '.git', a / 'source', a / 'pyproject.toml') if p.exists()]
    """,
    "imports the grader's own modules": """
        import importlib.util
        return [m for m in ('netgrader.grading', 'notebook_cage', 'netgrader.commands', 'netgrader.nbgrader_plugin')
                if importlib.util.find_spec(m)]
    """,
    "reads the instructor's keys": """
        import os
        names = ('/root', '/root/.ssh', '/home', '/var/mail', '/etc/shadow', '/etc/ssh')
        return [n for n in names if os.path.exists(n) and n != '/home' and os.access(n, os.R_OK)]
    """,
    "reads shell histories and caches of the host": """
        import glob
        return glob.glob('/root/.*history') + glob.glob('/root/.cache/*') + glob.glob('/home/*/.*history')
    """,
    "lists the host's temporary files": """
        import os, sys  # the folder of the interpreter is seen, wherever it lies
        return [n for n in os.listdir('/tmp') if not sys.prefix.startswith(f'/tmp/{n}/')]
    """,
    "lists shared memory of others": "import os\nreturn os.listdir('/dev/shm')",
    "lists disks": "import glob\nreturn [p for kind in ('sd', 'vd', 'nvme', 'mem') for p in glob.glob(f'/dev/{kind}*')]",
    "reads the kernel's log": "return open('/dev/kmsg').readline()",
    "reads the memory of the first process": "return len(open('/proc/1/mem', 'rb').read(1))",
    "attaches to the first process": """
        import ctypes
        return ctypes.CDLL(None, use_errno=True).ptrace(16, 1, 0, 0) == 0
    """,
    "fetches the answers from the network": """
        import urllib.request
        return urllib.request.urlopen('http://192.0.2.1/', timeout=2).status
    """,
    "asks for a name on the network": "import socket\nreturn socket.gethostbyname('example.org')",
    "talks to services of the machine": """
        import socket
        found = []
        for port in (22, 80, 631, 5432, 8888):
            try: socket.create_connection(('127.0.0.1', port), 0.3).close(); found.append(port)
            except OSError: pass
        return found
    """,
    "talks to the machine's own sockets": """
        import os
        return [p for p in ('/run/dbus', '/run/systemd', '/var/run/docker.sock', '/tmp/.X11-unix') if os.path.exists(p)]
    """,
    "looks for the channels of other kernels": """
        import glob
        return [p for p in glob.glob('/run/kernel/*') + glob.glob('/tmp/**/s-[1-5]', recursive=True)
                if not p.startswith('/run/kernel/s-') and p != '/run/kernel/connection.json']
    """,
    "looks for tests in the probes' folder": "import glob\nreturn glob.glob('checks/*test*')",
    "looks into the frames around the probe for answers": """
        import gc
        return [o for o in gc.get_objects() if isinstance(o, str) and MARK.decode() in o and o is not MARK and len(o) < 4000
                and 'MARK' not in o][:1]
    """,
    "is told that it is being graded": """
        import os
        return [n for n in os.environ if 'NBGRADER' in n or 'GRADING' in n.upper() or 'JPY_' in n]
    """,
    "hunts all files that it can open": HUNT,
}


@pytest.fixture(scope="module")
def tried(attacked: Attacked) -> dict[str, str]:
    return tries(attacked, READING)


@pytest.mark.parametrize("name", READING)
def test_nothing_is_read_that_is_not_ones_own(tried: dict[str, str], name: str) -> None:
    assert tried[name].startswith("NOTHING"), tried[name]
